/** A KV namespace through the user's own wrangler, which has the login, the account and the bindings. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { KvKey } from "../kv/layout.js";
import { list, object, optional, number, text } from "../shape.js";
import { Failure, reason } from "./io.js";
import { parsePlain, plain } from "./plain.js";

/** Bytes that wrangler may print: a value of KV has up to 25 MiB. */
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;
/** Keys that wrangler lists of its local storage, and no more. */
const LOCAL_KEYS_MAX = 1_000;

/** A key; what there is to know of it is its metadata. */
export interface KvEntry {
  readonly key: string;
  /** Default: none. */
  readonly value?: string | undefined;
  readonly metadata: object;
  /** Seconds. */
  readonly ttl: number | undefined;
}

/** See the head of this file. Each call is one run of wrangler. */
export class WranglerKv {
  readonly #where: readonly string[];
  readonly #timeoutMs: number;

  /** `where` are wrangler's options that name the namespace. */
  constructor(where: readonly string[], timeoutMs: number) {
    this.#where = where;
    this.#timeoutMs = timeoutMs;
  }

  /** All keys that begin so. */
  async list(prefix: string): Promise<KvKey[]> {
    const printed = (await this.#run(["key", "list", `--prefix=${prefix}`])).toString();
    const start = printed.search(/^\[/m);
    const keys = parsed(start < 0 ? "" : printed.slice(start));
    if (!list(object({ name: text, expiration: optional(number) }))(keys)) {
      throw new Failure("what wrangler printed is no list of keys");
    }
    const found = keys as KvKey[];
    if (found.length >= LOCAL_KEYS_MAX && this.#where.includes("--local")) {
      throw new Failure(`the local storage holds ${LOCAL_KEYS_MAX} keys or more of this mesh, and wrangler lists no more there`);
    }
    return found;
  }

  /** The value of a key that is there. Of one that is not, it is what wrangler says about that. */
  get(key: string): Promise<Buffer> {
    return this.#run(["key", "get", key]);
  }

  async put(key: string, value: Uint8Array | string, metadata: object): Promise<void> {
    await inFile(value, (path) => this.#run(["key", "put", key, `--path=${path}`, `--metadata=${JSON.stringify(metadata)}`]));
  }

  /** Several keys in one run. */
  async putAll(entries: readonly KvEntry[]): Promise<void> {
    const rows = entries.map(({ key, metadata, ttl, value = "" }) => ({ key, value, metadata, ...(ttl === undefined ? {} : { expiration_ttl: ttl }) }));
    await inFile(JSON.stringify(rows), (path) => this.#run(["bulk", "put", path]));
  }

  async delete(key: string): Promise<void> {
    await this.#run(["key", "delete", key]);
  }

  #run(args: readonly string[]): Promise<Buffer> {
    const [command, before] = wrangler();
    // Never a shell: keys and namespaces are arguments, whatever they hold.
    const child = spawn(command, [...before, "kv", ...args, ...this.#where], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined }, timeout: this.#timeoutMs, windowsHide: true });
    const out: Buffer[] = [];
    let errors = "";
    let bytes = 0;
    child.stdout.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > OUTPUT_BYTES_MAX) {
        child.kill();
      } else {
        out.push(part);
      }
    });
    child.stderr.on("data", (part: Buffer) => {
      errors = (errors + part.toString()).slice(-10_000);
    });
    return new Promise((resolve, reject) => {
      child.on("error", (error) => reject(new Failure(`wrangler cannot be run: ${error.message}`)));
      child.on("close", (code, signal) => {
        if (code === 0) {
          resolve(Buffer.concat(out));
        } else {
          const how = bytes > OUTPUT_BYTES_MAX ? "printed too much" : signal !== null ? `did not end within ${this.#timeoutMs / 1000} s` : `failed: ${saidBy(errors)}`;
          reject(new Failure(`wrangler kv ${args[0] as string} ${args[1] as string} ${how}`));
        }
      });
    });
  }
}

/** The wrangler of the project in this folder; where that is not found, the one that npx finds, which it must not download. */
function wrangler(): [command: string, args: string[]] {
  try {
    const manifest = createRequire(join(process.cwd(), "package.json")).resolve("wrangler/package.json");
    const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: { wrangler: string } };
    return [process.execPath, [join(dirname(manifest), bin.wrangler)]];
  } catch {
    return ["npx", ["--no", "--", "wrangler"]];
  }
}

/** What wrangler says of an error, without its decoration. */
function saidBy(errors: string): string {
  // eslint-disable-next-line no-control-regex
  const bare = errors.replace(/\u001b\[[0-9;]*m/g, "");
  const said = /\[ERROR\]\s*([^]*?)\n\s*\n/.exec(`${bare}\n\n`)?.[1] ?? bare;
  const line = plain(said).replace(/\s+/g, " ").trim();
  return line.includes("npx canceled") || line.includes("could not determine executable") ? "it is not installed here; npm install --save-dev wrangler" : line.slice(0, 500) || "it does not say why";
}

async function inFile<T>(content: Uint8Array | string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "diddy-mesh-kv-"));
  try {
    const path = join(folder, "value");
    writeFileSync(path, content, { mode: 0o600 });
    return await use(path);
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`a value cannot be handed to wrangler: ${reason(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function parsed(json: string): unknown {
  try {
    return parsePlain(json);
  } catch {
    return undefined;
  }
}

/** The service bindings that a wrangler file declares. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { readDocument } from "./document.js";
import { Failure, readText, reason } from "./io.js";

/** One binding: the name in `env`, and the Worker behind it. */
export interface ServiceBinding {
  readonly binding: string;
  readonly service: string;
}

/** What a wrangler file says of this Worker. */
export interface Wrangler {
  readonly file: string;
  readonly name: string | undefined;
  readonly services: readonly ServiceBinding[];
}

/** The wrangler file of a folder, in the order in which wrangler itself looks. */
export function readWrangler(folder: string): Wrangler | undefined {
  const name = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"].find((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) {
    return undefined;
  }
  const file = join(folder, name);
  const { name: worker, services } = (name.endsWith(".toml") ? toml(file) : json(file)) as { name?: unknown; services?: unknown };
  const list = Array.isArray(services) ? (services as Partial<ServiceBinding>[]) : [];
  return {
    file: name,
    name: typeof worker === "string" ? worker : undefined,
    services: list.flatMap(({ binding, service }) => (typeof binding === "string" && typeof service === "string" ? [{ binding, service }] : [])),
  };
}

function toml(file: string): unknown {
  try {
    return parseToml(readText(file));
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${reason(error)}`);
  }
}

function json(file: string): unknown {
  const { value, errors } = readDocument(file, true);
  const [first] = errors;
  if (first !== undefined) {
    throw new Failure(`${file}:${first.line}:${first.column} ${first.message}`);
  }
  return value ?? {};
}

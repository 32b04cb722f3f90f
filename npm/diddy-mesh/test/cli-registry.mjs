// The command line against registries: run beside a server of the same process, or with wrangler's local KV.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { folder } from "./cli.mjs";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
export const wrangler = fileURLToPath(import.meta.resolve("wrangler/package.json")).replace("package.json", "bin/wrangler.js");
export const TOKEN = "admin-token-0123456789";

/** Runs a program to its end. */
export async function run(command, args, options) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const [out, err] = [[], []];
  child.stdout.on("data", (part) => out.push(part));
  child.stderr.on("data", (part) => err.push(part));
  const [status] = await once(child, "close");
  return { status, bytes: Buffer.concat(out), out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

/** A folder of files, and the command line in it. `env` is all that it knows of the environment, besides where programs are. */
export function cliIn(files = {}, env = {}) {
  const { path } = folder(files);
  const { PATH, HOME, SystemRoot } = process.env;
  const mesh = (...args) => run(process.execPath, [cli, ...args], { cwd: path, env: { PATH, HOME, ...(SystemRoot && { SystemRoot }), WRANGLER_SEND_METRICS: "false", ...env } });
  return { path, mesh };
}

/** The same with the project's wrangler and a local namespace; `key` runs `wrangler kv key`. */
export function kvIn(files = {}) {
  const { path, mesh } = cliIn(files);
  mkdirSync(join(path, "node_modules"));
  symlinkSync(dirname(dirname(wrangler)), join(path, "node_modules", "wrangler"), "junction");
  const where = ["--local", "--persist-to", join(path, "state")];
  const key = async (...args) => {
    const { bytes, err, status } = await run(process.execPath, [wrangler, "kv", "key", ...args, "--namespace-id=mesh-kv", ...where], { cwd: path });
    if (status !== 0) {
      throw new Error(err);
    }
    return bytes;
  };
  const list = async () => JSON.parse((await key("list")).toString());
  return { path, where, key, list, bare: mesh, mesh: (name, ...args) => mesh(name, ...args, "--kv", "mesh-kv", ...where) };
}

/** A server that answers as it is told, while `use` runs with its URL. */
export async function answering(answer, use) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A document with one rule, and what varies. */
export const document = (retries, address = "https://users.example") => ({ services: { users: { endpoints: [address], retries } }, routing: { rules: [{ path: "/users/*", service: "users" }] } });

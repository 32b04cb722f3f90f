// The command line in a folder of its own.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A folder with these files, and the command line run in it. */
export function folder(files = {}) {
  const path = mkdtempSync(join(tmpdir(), "diddy-mesh-"));
  folders.push(path);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(path, name), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
  const run = (...args) => {
    const { input = "", env = {} } = typeof args.at(-1) === "object" ? args.pop() : {};
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: path, input: Buffer.from(input), env: { ...process.env, NO_COLOR: "", ...env } });
    return { status, out: stdout.toString(), err: stderr.toString(), bytes: stdout };
  };
  return { path, run, read: (name) => readFileSync(join(path, name)), has: (name) => existsSync(join(path, name)) };
}

/**
 * Compiles `mesh.json` into the Snapshot that the Workers carry: `diddy-mesh compile mesh.json -o shared/mesh.bin`.
 * The command is found through its package, because npm links no command of a workspace that was not yet built when it installed.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ROOT } from "./configs.mjs";

const run = promisify(execFile);

/**
 * Rejects with what the command printed when the document is wrong.
 * @returns {Promise<string>} what it printed
 */
export async function compile() {
  const manifest = createRequire(import.meta.url).resolve("diddy-mesh/package.json");
  const { bin } = JSON.parse(await readFile(manifest, "utf8"));
  const { stdout } = await run(process.execPath, [join(dirname(manifest), bin["diddy-mesh"]), "compile", "mesh.json", "-o", "shared/mesh.bin"], { cwd: ROOT });
  return stdout.trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await compile());
}

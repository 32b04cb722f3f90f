/** Compiles `mesh.json` into the Snapshot that the Workers carry. */
import { spawn } from "node:child_process";
import { ROOT } from "./configs.mjs";

/** Runs `npm run mesh`; rejects with what it printed when the document is wrong. */
export function compile() {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["run", "--silent", "mesh"], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const listen = (/** @type {Buffer} */ chunk) => void (said += chunk.toString());
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(said) : reject(new Error(`mesh.json does not compile:\n${said}`))));
  });
}

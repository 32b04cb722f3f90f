/** `npm run dev`: every Worker in one `wrangler dev`, the gateway first. Further arguments go to wrangler. */
import { spawn } from "node:child_process";
import { compile } from "./compile.mjs";
import { configs, ROOT } from "./configs.mjs";

await compile();
const files = (await configs()).flatMap(({ file }) => ["-c", file]);
const child = spawn("npx", ["--no-install", "wrangler", "dev", ...files, ...process.argv.slice(2)], { cwd: ROOT, stdio: "inherit" });
// Ctrl-C reaches wrangler by itself; what is left here is to wait for its end.
process.on("SIGINT", () => undefined);
child.once("close", (code) => {
  process.exitCode = code ?? 1;
});

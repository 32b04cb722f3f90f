// The runner as Node can import it, with the built package's engine and compiler.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile } from "diddy-mesh/config";
import { build } from "esbuild";

const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL("runner.mjs", import.meta.url))], bundle: true, format: "esm", target: "es2022", write: false, logLevel: "error" });
const runner = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
const engine = new WebAssembly.Module(readFileSync(new URL(import.meta.resolve("diddy-mesh/engine.wasm"))));

export const { fits } = runner;
export const runUnderNode = () => runner.run(engine, compile);

/** The names of all cases, which every host must have run. */
export const expected = readFileSync(new URL("../../../../crates/mesh-config/cases/names.txt", import.meta.url), "utf8").trim().split("\n");

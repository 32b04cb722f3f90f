// The two releases that meet: the one before, from test/compat/previous, and this one, from the built package.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { build } from "esbuild";
import { driverOf } from "./corpus.mjs";

const folder = new URL("previous/", import.meta.url);
const files = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith(".br"))
    .map((file) => [file.slice(0, -3), brotliDecompressSync(readFileSync(new URL(file, folder)))]),
);

/** What the release before is called. */
export const { release } = JSON.parse(readFileSync(new URL("release.json", folder), "utf8"));

/** For `worker` of harness.mjs: what its imports of the package lead to. */
export const previous = {
  files,
  modules: { "diddy-mesh": "library.js", "diddy-mesh/discovery": "library.js", "diddy-mesh/registry": "registry.js" },
};

/** A release for Node: what drives its engine, that engine, its compiler. */
async function loaded(text, wasm) {
  const driver = await driverOf(text);
  driver.control.initSync({ module: new WebAssembly.Module(wasm("control.wasm")) });
  return { driver, engine: new WebAssembly.Module(wasm("engine.wasm")), compile: driver.control.compile };
}

/** Both, for Node. */
export async function releases() {
  const stdin = {
    contents: `export * from "./cases/driver.mjs"; export * as control from "../wasm/control.js";`,
    resolveDir: fileURLToPath(new URL("..", import.meta.url)),
  };
  const { outputFiles } = await build({ stdin, bundle: true, format: "esm", target: "es2022", write: false, logLevel: "error" });
  const here = (name) => readFileSync(new URL(`../../wasm/${name}`, import.meta.url));
  return {
    before: await loaded(new TextDecoder().decode(files.get("cases.js")), (name) => files.get(name)),
    now: await loaded(outputFiles[0].text, here),
  };
}

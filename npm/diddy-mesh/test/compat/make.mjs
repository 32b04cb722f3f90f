// Makes test/compat/previous anew: the release before, as small as it runs.
//
//   node test/compat/make.mjs FOLDER NAME
//
// FOLDER is the npm/diddy-mesh of a checkout of that release, with wasm/ and dist/ built; NAME says which one it is.
// Its modules are bundled and minified. Its control.wasm loses what only the command line asks for, and with it a fourth
// of its bytes; that what stays compiles to the same Snapshots is looked at here.
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import binaryen from "binaryen";
import { build } from "esbuild";
import { corpus, driverOf } from "./corpus.mjs";

/** All files together, compressed. They are committed anew with each release, and a clone has them all. */
const BYTES_MAX = 320_000;
/** What of control.wasm no object and no Worker asks for. */
const DROPPED = ["diff", "explain", "importGatewayApi", "testCases", "validate"];

const [, , given, name] = argv;
if (given === undefined || name === undefined) {
  throw new Error("node test/compat/make.mjs FOLDER NAME: the built npm/diddy-mesh of the release before, and what that is called");
}
const folder = realpathSync(given);
const out = fileURLToPath(new URL("previous", import.meta.url));

/** The modules of a Worker, by their names; wasm is left to be imported beside them. */
async function bundled(entries) {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(Object.keys(entries).map((entry) => [entry, `entry:${entry}`])),
    outdir: out,
    bundle: true,
    minify: true,
    splitting: true,
    chunkNames: "chunk-[hash]",
    format: "esm",
    target: "es2022",
    write: false,
    external: ["cloudflare:*"],
    logLevel: "error",
    plugins: [
      {
        name: "entries",
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice(6), namespace: "entry" }));
          onLoad({ filter: /.*/, namespace: "entry" }, ({ path }) => ({ contents: entries[path], resolveDir: folder }));
          onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${basename(path)}`, external: true }));
        },
      },
    ],
  });
  return outputFiles.map(({ contents, path }) => [basename(path), contents]);
}

/** The control module without what is not asked for. */
function smaller(bytes) {
  const module = binaryen.readBinary(bytes);
  // What rustc enables, as in xtask/src/wasm_build.rs.
  const { BulkMemory, MutableGlobals, Multivalue, NontrappingFPToInt, ReferenceTypes, SignExt } = binaryen.Features;
  module.setFeatures(BulkMemory | MutableGlobals | Multivalue | NontrappingFPToInt | ReferenceTypes | SignExt);
  DROPPED.forEach((one) => module.removeExport(one));
  module.runPasses(["remove-unused-module-elements"]);
  return module.emitBinary();
}

/** A module without the places of the machine that built it, which panics would name. */
function withoutPlaces(bytes) {
  const text = Buffer.from(bytes).toString("latin1");
  const place = /\/[\w./-]*\.cargo\/registry\/src\/[\w.-]+/g;
  // As long as before: what stands behind it must not move.
  return Buffer.from(text.replace(place, (found) => "crates".padStart(found.length, "/")), "latin1");
}

/** Whether what was made of the control module compiles as it did. */
async function checkSame(files, control) {
  const text = new TextDecoder().decode(files.get("cases.js"));
  const [before, now] = await Promise.all(
    [control, files.get("control.wasm")].map(async (bytes, i) => {
      // Each in a module of its own: one takes its wasm once.
      const release = await driverOf(`${text}\n// ${i}`);
      release.control.initSync({ module: new WebAssembly.Module(bytes) });
      return corpus().map(({ document }) => Buffer.from(release.control.compile(document).snapshot ?? []).toString("base64"));
    }),
  );
  const differ = before.filter((snapshot, i) => snapshot !== now[i]).length;
  if (before.every((snapshot) => snapshot === "") || differ > 0) {
    throw new Error(`the smaller control.wasm is not the same: ${differ} of ${before.length} documents differ`);
  }
}

const control = readFileSync(join(folder, "wasm/control.wasm"));
const files = new Map([
  ...(await bundled({
    library: `export * from "./dist/entry/workerd.js"; export { deregister, discovery, register } from "./dist/discovery.js";`,
    registry: `export * from "./dist/entry/registry-workerd.js";`,
  })),
  ...(await bundled({
    cases: `
      export { install } from "./src/runtime.ts";
      export { Host } from "./test/cases/host.mjs";
      export { rawPath, requestOf } from "./test/cases/requests.mjs";
      export { play } from "./test/cases/script.mjs";
      export * as control from "./wasm/control.js";`,
  })),
  ["engine.wasm", readFileSync(join(folder, "wasm/engine.wasm"))],
  ["control.wasm", withoutPlaces(smaller(control))],
]);
await checkSame(files, control);

const packed = [...files].map(([file, bytes]) => [file, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } })]);
const sum = packed.reduce((bytes, [, { length }]) => bytes + length, 0);
for (const [file, { length }] of packed) {
  console.log(`${file}: ${files.get(file).length} bytes, ${length} compressed`);
}
console.log(`all: ${sum} bytes`);
if (sum > BYTES_MAX) {
  throw new Error(`that is more than ${BYTES_MAX} bytes`);
}
rmSync(out, { recursive: true, force: true });
mkdirSync(out);
packed.forEach(([file, bytes]) => writeFileSync(join(out, `${file}.br`), bytes));
writeFileSync(join(out, "release.json"), `${JSON.stringify({ release: name, version: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version }, null, 2)}\n`);

// Bundles a worker as wrangler does (ESM, the conditions of workerd, minified) and tells its size. Wasm stays a module
// of its own, as in a deployed Worker; it is listed beside the JavaScript and counted with it.
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** benches/workerd. */
export const HERE = dirname(dirname(fileURLToPath(import.meta.url)));
/** What the benches build, outside version control. */
export const BUILD = join(HERE, "build");

/** Keeps `.wasm` out of the bundle and notes which files were imported. */
const wasmModules = (found) => ({
  name: "wasm-modules",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /\.wasm(\?module)?$/ }, async (args) => {
      if (args.pluginData === "plain") return undefined;
      const plain = args.path.replace(/\?module$/, "");
      const { path, errors } = await resolve(plain, {
        importer: args.importer, resolveDir: args.resolveDir, kind: args.kind, pluginData: "plain",
      });
      if (errors.length > 0) return { errors };
      const name = basename(path);
      found.set(name, path);
      return { path: `./${name}`, external: true };
    });
  },
});

/**
 * Bundles `entry` (a path in benches/workerd) or `source` (a module's text) into build/`name`.mjs.
 * @returns {Promise<{ path: string, modules: object[], gzip: number, raw: number }>} `modules` is what workerd is given;
 * sizes are of JavaScript and wasm together, each file compressed alone at gzip level 9
 */
export async function bundle(name, { entry, source, define, minify = true, data = {} }) {
  const wasm = new Map();
  const result = await build({
    ...(source === undefined
      ? { entryPoints: [join(HERE, entry)] }
      : { stdin: { contents: source, resolveDir: HERE, loader: "js" } }),
    bundle: true, minify, format: "esm", target: "es2022", platform: "browser", write: false, legalComments: "none",
    conditions: ["workerd", "worker", "browser"], mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*", "*.bin", ...builtinModules],
    define, plugins: [wasmModules(wasm)], logLevel: "error", treeShaking: true,
  });
  const code = result.outputFiles[0].contents;
  const path = join(BUILD, `${name}.mjs`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
  const files = [code, ...[...wasm.values()].map((file) => readFileSync(file))];
  return {
    path,
    modules: [
      { name: "main.js", esModule: path },
      ...[...wasm].map(([module, file]) => ({ name: module, wasm: file })),
      ...Object.entries(data).map(([module, bytes]) => ({ name: module, data: { inline: bytes } })),
    ],
    raw: files.reduce((sum, bytes) => sum + bytes.length, 0),
    gzip: files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0),
  };
}

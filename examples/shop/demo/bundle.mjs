/** Bundles the Workers as wrangler would: one ES module each, with its wasm and data files beside it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { build } from "esbuild";

/** @typedef {{ type: "ESModule" | "CompiledWasm" | "Data", path: string, contents: string | Uint8Array }} Module */

const TYPES = /** @type {const} */ ({ ".wasm": "CompiledWasm", ".bin": "Data" });

/**
 * @param {string} entry
 * @returns {Promise<Module[]>} the first is the Worker itself
 */
export async function bundle(entry) {
  /** @type {Map<string, Module>} */
  const files = new Map();
  const built = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    keepNames: true,
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    logLevel: "error",
    loader: { ".css": "text" },
    plugins: [
      {
        name: "files",
        setup(setup) {
          setup.onResolve({ filter: /\.(wasm|bin)$/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
            if (pluginData === "seen") {
              return undefined;
            }
            const found = path.startsWith(".") ? { path: resolve(dirname(importer), path) } : await setup.resolve(path, { resolveDir, kind, pluginData: "seen" });
            const contents = await readFile(found.path);
            const name = `${createHash("sha256").update(contents).digest("hex").slice(0, 8)}-${basename(found.path)}`;
            const type = TYPES[/** @type {keyof typeof TYPES} */ (extname(found.path))];
            files.set(name, { type, path: name, contents: new Uint8Array(contents) });
            return { path: `./${name}`, external: true };
          });
        },
      },
    ],
  });
  const [script] = built.outputFiles;
  return [{ type: "ESModule", path: "index.mjs", contents: /** @type {NonNullable<typeof script>} */ (script).text }, ...files.values()];
}

// Workers in real workerd: each is bundled as wrangler would do it, with its Snapshot as a data module.
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compileOrThrow } from "diddy-mesh/config";
import { build } from "esbuild";
import { Log, LogLevel, Miniflare } from "miniflare";

const here = dirname(fileURLToPath(import.meta.url));

/** Lets imports of the package lead to another release: one of `compat/releases.mjs`. */
const another = ({ files, modules }, wasm) => ({
  name: "another release",
  setup({ onLoad, onResolve }) {
    const within = { namespace: "release" };
    onResolve({ filter: /^diddy-mesh/ }, ({ path }) => {
      if (modules[path] === undefined) {
        return { errors: [{ text: `the release has no ${path}` }] };
      }
      return { path: modules[path], ...within };
    });
    onResolve({ filter: /\.wasm$/, ...within }, ({ path }) => {
      wasm.set(basename(path), files.get(basename(path)));
      return { path, external: true };
    });
    onResolve({ filter: /^\.\/.*\.js$/, ...within }, ({ path }) => ({ path: basename(path), ...within }));
    onLoad({ filter: /.*/, ...within }, ({ path }) => ({ contents: files.get(path) }));
  },
});

/** Bundles a Worker's source into miniflare modules. `data` become importable files, such as "./mesh.snapshot". */
async function bundle(source, data = {}, release) {
  const wasm = new Map();
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: here, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    logLevel: "error",
    plugins: [
      ...(release === undefined ? [] : [another(release, wasm)]),
      {
        name: "modules",
        setup({ onResolve }) {
          onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
            const file = path.startsWith(".") ? resolve(resolveDir, path) : fileURLToPath(import.meta.resolve(path));
            wasm.set(basename(file), readFileSync(file));
            return { path: `./${basename(file)}`, external: true };
          });
          // As wrangler does it for Workers with `nodejs_compat`; without it workerd refuses them.
          onResolve({ filter: /^(node:|async_hooks$)/ }, ({ path }) => ({ path: `node:${path.replace("node:", "")}`, external: true }));
          onResolve({ filter: /\.snapshot$/ }, ({ path }) => ({ path, external: true }));
        },
      },
    ],
  });
  return [
    { type: "ESModule", path: "worker.mjs", contents: outputFiles[0].text },
    ...[...wasm].map(([path, contents]) => ({ type: "CompiledWasm", path, contents })),
    ...Object.entries(data).map(([path, contents]) => ({ type: "Data", path, contents })),
  ];
}

/** One Worker of a test: a name, its source, and miniflare's options. `config` is compiled to "./mesh.snapshot"; `release` is another one of the package. */
export async function worker(name, source, { config, data = {}, release, ...options } = {}) {
  const files = config === undefined ? data : { ...data, "mesh.snapshot": compileOrThrow(config) };
  return { name, modules: await bundle(source, files, release), compatibilityDate: "2026-04-01", ...options };
}

/** The callee of `fixtures/echo.mjs`. */
export const echo = (name) => worker(name, `export { default } from "./fixtures/echo.mjs";`);

/** A gateway with nothing but routing rules; its events and counters are at `/events` and `/stats`. */
export const GATEWAY = `
  import { DiddyMesh } from "diddy-mesh";
  import config from "./mesh.snapshot";
  const events = [];
  const mesh = new DiddyMesh({ serviceName: "gateway", config, onEvent: (event) => events.push(event) });
  export default {
    fetch: (request, env, ctx) =>
      mesh.handle(request, {
        "/events": () => Response.json(events.splice(0)),
        "/stats": () => Response.json(mesh.stats()),
      }, env, ctx),
  };`;

/**
 * Starts Workers; the first one is the entry. `use` gets a fetch to it, the instance, its URL,
 * a `send` over HTTP, which unlike miniflare's own fetch tells the length of a body, and `deploy`,
 * which puts other Workers in the place of these: what is stored stays.
 */
export async function running(workers, use) {
  const options = { cf: false, host: "127.0.0.1", port: 0, log: new Log(LogLevel.NONE), handleRuntimeStdio: (out, err) => (out.resume(), err.resume()) };
  const mf = new Miniflare({ ...options, workers });
  try {
    const url = await mf.ready;
    await use((path, init) => mf.dispatchFetch(new URL(path, "http://mesh.test"), { redirect: "manual", ...init }), {
      mf,
      url,
      send: (path, init) => fetch(new URL(path, url), { redirect: "manual", ...init }),
      deploy: (others) => mf.setOptions({ ...options, workers: others }),
    });
  } finally {
    await mf.dispose();
  }
}

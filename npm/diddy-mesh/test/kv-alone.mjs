// A mesh on KV alone for tests: the command line's own code on a namespace of workerd, without a run of wrangler for each step.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { worker } from "./harness.mjs";

export const SNAPSHOT = "mesh/v1/default/snapshot";

const { outputFiles } = await build({
  stdin: { contents: `export { KvRegistry } from "./cli/kv.ts";`, resolveDir: fileURLToPath(new URL("../src", import.meta.url)), loader: "ts" },
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  external: ["node:*"],
  write: false,
  // It finds its wasm module from where the built command line is.
  define: { "import.meta.url": JSON.stringify(new URL("../dist/cli.js", import.meta.url)) },
  logLevel: "error",
});
const { KvRegistry } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

/** All keys of a namespace that begin so. */
export async function listed(kv, prefix) {
  const keys = [];
  for (let cursor; ; ) {
    const page = await kv.list({ prefix, cursor });
    keys.push(...page.keys);
    if (page.list_complete) {
      return keys;
    }
    ({ cursor } = page);
  }
}

/** What the command line does with a namespace. */
export const commandsOn = (kv, mesh = "default") =>
  new KvRegistry(
    {
      list: (prefix) => listed(kv, prefix),
      get: async (key) => Buffer.from((await kv.get(key, "arrayBuffer")) ?? "Value not found"),
      put: (key, value, metadata) => kv.put(key, value, { metadata }),
      putAll: (entries) => Promise.all(entries.map(({ key, metadata, ttl, value = "" }) => kv.put(key, value, { metadata, ...(ttl && { expirationTtl: ttl }) }))),
      delete: (key) => kv.delete(key),
    },
    mesh,
  );

/**
 * A Worker whose cron publishes. It counts what it does with KV; `/skip?MS` moves its clock, `/see?old` lets it see KV as it
 * was when `/see?keep` was asked, `/answer` is what came of the last run, and `/options` says what to run with.
 */
export const cron = (name = "cron", options = {}) =>
  worker(
    name,
    `
    import { publishFromKv } from "diddy-mesh/registry";
    let skipped = 0;
    const now = Date.now;
    Date.now = () => now() + skipped;
    const fresh = () => ({ reads: 0, lists: 0, writes: 0 });
    let counts = fresh();
    let answer;
    let options = {};
    // What was read, by what was asked; a value that is a stream is only there or not.
    let kept;
    let isOld = false;
    const seen = async (asked, read) => {
      if (isOld) return kept.get(asked);
      const found = await read();
      const { value } = found ?? {};
      kept?.set(asked, value instanceof ReadableStream ? { ...found, value: { cancel() {} } } : found);
      return found;
    };
    const counted = (kv) => ({
      get: (...args) => (counts.reads++, seen(JSON.stringify(args), () => kv.get(...args))),
      getWithMetadata: (...args) => (counts.reads++, seen(JSON.stringify(args), () => kv.getWithMetadata(...args))),
      list: (...args) => (counts.lists++, seen(JSON.stringify(args), () => kv.list(...args))),
      put: (...args) => (counts.writes++, kv.put(...args)),
    });
    const PROVIDERS = {
      hanging: () => new Promise(() => undefined),
      failing: () => { throw new Error("away"); },
      keys: (env) => ({ sign: { id: "k1", key: (env) => env.SIGNING }, encrypt: { id: "e1", key: async (env) => env.ENCRYPTION } }),
    };
    export default {
      async scheduled(event, env) {
        answer = undefined;
        try {
          const { keys, ...rest } = options;
          answer = await publishFromKv(env, { kv: counted(env.KV), ...(keys && { keys: PROVIDERS[keys] }), ...rest });
        } catch (error) {
          answer = { thrown: String(error), code: error.code };
        }
      },
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        if (pathname === "/skip") skipped += Number(search.slice(1));
        if (pathname === "/options") options = await request.json();
        if (pathname === "/see") { isOld = search === "?old"; kept = search === "?keep" ? new Map() : kept; }
        const told = { answer: answer ?? null, counts };
        if (pathname === "/answer") counts = fresh();
        return Response.json(told);
      },
    };`,
    { kvNamespaces: { KV: "mesh" }, ...options },
  );

/** Runs a cron, and what came of it. */
export async function run(mf, name = "cron") {
  const one = await mf.getWorker(name);
  await one.scheduled({ cron: "* * * * *" });
  const { answer, counts } = await (await one.fetch("http://mesh.test/answer")).json();
  return { ...answer, counts };
}

/** Tells a cron something: `tell(mf, "skip?1000")`. */
export const tell = async (mf, what, body, name = "cron") =>
  (await mf.getWorker(name)).fetch(`http://mesh.test/${what}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }).then((answer) => answer.text());

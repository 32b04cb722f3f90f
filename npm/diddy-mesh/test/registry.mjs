// A registry for tests: the Worker that holds it, its API, and origins whose health the test decides.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { worker } from "./harness.mjs";

export const ADMIN = "admin-token-0123456789";
export const REGISTER = "register-token-0123456789";
export const KEY = "mesh/v1/default/snapshot";

const SOURCE = `
  import { adminApi, MeshLimits, MeshRegistry } from "diddy-mesh/registry";
  export { MeshLimits, MeshRegistry };
  export default { fetch: (request, env, ctx) => adminApi(request, env, ctx) ?? new Response("no such page", { status: 404 }) };`;

const object = (className, scriptName) => ({ className, scriptName, useSQLite: true });

/** The Worker with the objects. Its name is `registry`. */
export const registry = ({ source = SOURCE, ...options } = {}) =>
  worker("registry", source, {
    kvNamespaces: { KV: "mesh" },
    durableObjects: { MESH_REGISTRY_OBJECT: object("MeshRegistry") },
    bindings: { MESH_ADMIN_TOKEN: ADMIN, MESH_REGISTER_TOKEN: REGISTER },
    ...options,
  });

/** Options of a Worker that uses it. */
export const discovering = (options = {}) => ({
  ...options,
  kvNamespaces: { KV: "mesh" },
  durableObjects: { MESH_REGISTRY_OBJECT: object("MeshRegistry", "registry") },
});

/** Calls of the API: `api("status")`, `api("config", { document })`. `fetch` is one to the registry's Worker. */
export const caller = (fetch, token = ADMIN) => async (path, body) => {
  const init = body === undefined ? {} : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
  const answer = await fetch(`/_mesh/api/${path}`, { ...init, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  return { status: answer.status, ...(await answer.json()) };
};

/** The metadata of what is published. */
export const published = async (mf) => (await (await mf.getKVNamespace("KV", "registry")).getWithMetadata(KEY)).metadata ?? undefined;

/** Asks until it holds, at most so long: what the object does by itself takes as long as it takes. How long that was, and what held. */
export async function within(ms, holds, what = "it") {
  const start = performance.now();
  for (;;) {
    const found = await holds();
    const took = performance.now() - start;
    if (found) {
      return { found, took };
    }
    assert.ok(took < ms, `${what} did not come to hold within ${ms} ms`);
  }
}

/** Asks until it holds. */
export const until = async (holds) => (await within(30_000, holds)).found;

/** A server while `use` runs, whose status the test decides, and which can be killed and brought back at its port. */
export async function origin(use) {
  let server;
  const state = {
    status: 200,
    asked: [],
    async start(port = 0) {
      server = createServer((request, answer) => {
        state.asked.push(request.url);
        answer.writeHead(state.status, { "x-origin": String(server.address()?.port) }).end("origin");
      });
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    async kill() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  await state.start();
  const { port } = server.address();
  try {
    await use(`http://127.0.0.1:${port}`, { ...state, port, state });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

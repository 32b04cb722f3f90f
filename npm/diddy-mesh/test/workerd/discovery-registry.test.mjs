// Discovery with the package's own registry: a Worker registers itself, and what is published reaches it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { running, worker } from "../harness.mjs";
import { until } from "../registry.mjs";

const TOKEN = "admin-token-0123456789";
const REGISTRY = `
  import { adminApi, MeshRegistry } from "diddy-mesh/registry";
  export { MeshRegistry };
  export default { fetch: (request, env, ctx) => adminApi(request, env, ctx) ?? new Response("no such page", { status: 404 }) };`;
const GATEWAY = `
  import { DiddyMesh } from "diddy-mesh";
  import { deregister, discovery } from "diddy-mesh/discovery";
  let skipped = 0;
  const now = performance.now.bind(performance);
  performance.now = () => now() + skipped;
  const events = [];
  const mesh = new DiddyMesh({ serviceName: "order-service", version: "1.4.0", registry: discovery({ cache: false }), onEvent: ({ type, detail }) => events.push([type, detail]) });
  export default {
    async fetch(request, env, ctx) {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/skip") { skipped += Number(search.slice(1)); return new Response(); }
      if (pathname === "/events") return Response.json(events);
      if (pathname === "/deregister") return Response.json(await deregister(env, [search.slice(1)]));
      return mesh.handle(request, {}, env, ctx);
    },
  };`;

const named = (name) => worker(name, `export default { fetch: () => new Response("${name}") };`);
const registry = { kvNamespaces: ["KV"], durableObjects: { MESH_REGISTRY_OBJECT: { className: "MeshRegistry", useSQLite: true, scriptName: "registry" } } };
const to = (service) => ({ services: { first: { endpoints: ["binding:FIRST"] }, second: { endpoints: ["binding:SECOND"] }, "order-service": {} }, routing: { rules: [{ service }] } });

test("a Worker registers itself, and takes what is published", async () => {
  const workers = [
    await worker("gateway", GATEWAY, { ...registry, serviceBindings: { FIRST: "first", SECOND: "second" } }),
    await worker("registry", REGISTRY, { ...registry, durableObjects: { MESH_REGISTRY_OBJECT: { className: "MeshRegistry", useSQLite: true } }, bindings: { MESH_ADMIN_TOKEN: TOKEN } }),
    await named("first"),
    await named("second"),
  ];
  await running(workers, async (fetch, { mf }) => {
    const admin = await mf.getWorker("registry");
    const api = async (path, body) => {
      const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      return (await admin.fetch(`http://mesh.test/_mesh/api/${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}` } })).json();
    };
    const text = async () => (await fetch("/")).text();
    assert.equal((await api("config", { document: to("first") })).ok, true);
    assert.equal(await text(), "first", "from KV or, before it is there, from the object");
    const { id, ...endpoint } = await until(async () => (await api("services")).endpoints.find(({ service }) => service === "order-service"));
    assert.deepEqual([endpoint.address, endpoint.version], ["binding:ORDER_SERVICE", "1.4.0"]);
    assert.ok(endpoint.expiresAt > Date.now() + 80_000_000);
    const { version } = await api("config", { document: to("second") });
    await until(async () => (await api("status")).config === version && (await api("status")).publishError === null);
    await until(async () => {
      await fetch("/skip?31000");
      return (await text()) === "second";
    });
    const gone = await (await fetch(`/deregister?${id}`)).json();
    assert.deepEqual(gone, [{ id, service: "order-service", address: "binding:ORDER_SERVICE", version: "1.4.0" }]);
    const events = await (await fetch("/events")).json();
    assert.deepEqual(events.filter(([type]) => /regist/.test(type)), []);
  });
});

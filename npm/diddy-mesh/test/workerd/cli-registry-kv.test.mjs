// A Worker reads what the command line published to KV alone: wrangler's local namespace is bound in workerd.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Miniflare } from "miniflare";
import { document, kvIn } from "../cli-registry.mjs";
import { worker } from "../harness.mjs";

const GATEWAY = `
  import { DiddyMesh } from "diddy-mesh";
  export default { fetch: (request, env, ctx) => new DiddyMesh({ serviceName: "gateway", registry: "kv" }).handle(request, {}, env, ctx) };`;

test("what publish, rollout, rollback and register wrote is what a Worker does", async () => {
  const open = { services: { users: { endpoints: ["binding:ONE"], retries: 3 } }, routing: { rules: [{ path: "/users/*", backends: [{ service: "users", version: "2.x" }] }] } };
  const { mesh, path } = kvIn({ "one.json": document(1, "binding:ONE"), "two.json": document(1, "binding:TWO"), "open.json": open });
  const backends = await Promise.all(["one", "two"].map((name) => worker(name, `export default { fetch: () => new Response("${name}") };`)));
  const gateway = await worker("gateway", GATEWAY, { kvNamespaces: { MESH_REGISTRY: "mesh-kv" }, serviceBindings: { ONE: "one", TWO: "two" } });
  /** Who answers, in an isolate that begins now. */
  const who = async () => {
    const mf = new Miniflare({ workers: [gateway, ...backends], cf: false, kvPersist: join(path, "state", "v3", "kv") });
    try {
      const answer = await mf.dispatchFetch("http://mesh.test/users/1");
      return answer.status === 200 ? await answer.text() : answer.status;
    } finally {
      await mf.dispose();
    }
  };
  const done = async (...args) => {
    const { err, status } = await mesh(...args);
    assert.equal(status, 0, err);
  };
  await done("publish", "one.json");
  assert.equal(await who(), "one");
  await done("publish", "two.json", "--percent", "99.99999");
  assert.equal(await who(), "two");
  await done("rollout", "--percent", "0.00001");
  assert.equal(await who(), "one");
  await done("rollout", "--finish");
  assert.equal(await who(), "two");
  await done("rollback");
  assert.equal(await who(), "one");
  await done("publish", "open.json");
  assert.equal(await who(), 503, "nobody has that version");
  await done("register", "--service", "users", "--address", "binding:TWO", "--version", "2.1.0");
  assert.equal(await who(), "two");
  await done("deregister", "--service", "users", "--address", "binding:TWO");
  assert.equal(await who(), 503);
});

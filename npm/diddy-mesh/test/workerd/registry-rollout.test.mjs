// A rollout in real Workers: who takes the candidate, and what ends it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { running, worker } from "../harness.mjs";
import { ADMIN, caller, discovering, registry, until } from "../registry.mjs";

/** A gateway that stands at that place among all isolates, from 0 to 1. */
const gateway = (name, place) =>
  worker(
    name,
    `
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";
    Math.random = () => ${place};
    const mesh = new DiddyMesh({ serviceName: "gateway", registry: discovery({ freshMs: 200, register: false, cache: false }) });
    export default { fetch: (request, env, ctx) => mesh.handle(request, {}, env, ctx) };`,
    discovering({ serviceBindings: { GOOD: "good", BAD: "bad" } }),
  );

const document = (address) => ({ services: { users: { endpoints: [address], retries: 0, breaker: false } }, routing: { rules: [{ service: "users" }] } });

async function mesh(use) {
  const names = ["first", "last"];
  const workers = [
    await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, { serviceBindings: Object.fromEntries([...names, "registry"].map((name) => [name, name])) }),
    await registry(),
    await gateway("first", 0.01),
    await gateway("last", 0.99),
    await worker("good", `export default { fetch: () => new Response("good") };`),
    await worker("bad", `let asked = 0; export default { fetch: () => new Response("bad", { status: ++asked % 3 === 0 ? 500 : 200 }) };`),
  ];
  await running(workers, async (_fetch, { send }) => {
    const to = (name) => (path, init = {}) => send(path, { ...init, headers: { ...init.headers, "x-to": name } });
    const ask = async (name) => (await to(name)("/x")).text();
    await use(caller(to("registry"), ADMIN), ask);
  });
}

test("isolates take a candidate by their place, and all of them once it is finished", async () => {
  await mesh(async (api, ask) => {
    await api("config", { document: document("binding:GOOD") });
    await until(async () => (await ask("first")) === "good" && (await ask("last")) === "good");
    // One that answers well, but for a few.
    await api("config", { document: { ...document("binding:GOOD"), routing: { rules: [{ filters: [{ directResponse: { status: 200, body: "new" } }] }] } }, percent: 5 });
    await until(async () => (await ask("first")) === "new");
    assert.equal(await ask("last"), "good");
    await api("rollout", { percent: 100 });
    await until(async () => (await ask("last")) === "new");
    assert.equal(await ask("first"), "new");
  });
});

test("a candidate that does worse is stopped by what isolates tell", async () => {
  await mesh(async (api, ask) => {
    await api("config", { document: document("binding:GOOD") });
    await until(async () => (await ask("first")) === "good" && (await ask("last")) === "good");
    const { version } = await api("config", { document: document("binding:BAD"), percent: 50 });
    await until(async () => (await ask("first")) === "bad");
    const stopped = await until(async () => {
      await Promise.all(["first", "first", "first", "last"].map(ask));
      const { history } = await api("history");
      return history.find((entry) => entry.version === version && entry.state === "stopped");
    });
    assert.ok(stopped);
    assert.equal((await api("status")).rollout, null);
    await until(async () => (await ask("first")) === "good");
    assert.equal((await api("config")).version, 1);
  });
});

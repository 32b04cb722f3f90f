// Limits that are counted for more than one isolate, by the platform's binding and by the limits object.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOrThrow } from "diddy-mesh/config";
import { running, worker } from "../harness.mjs";

const limited = (limit) =>
  compileOrThrow({ services: { users: { endpoints: ["local:USERS"], retries: 0 } }, routing: { rules: [{ service: "users", rateLimits: [{ name: "all", ...limit }] }] } });

/** A gateway whose Snapshot comes from a source of its own; what it noticed is at `/events`. */
const gateway = (name, snapshot, lease, options = {}) =>
  worker(
    name,
    `
    import { DiddyMesh } from "diddy-mesh";
    import snapshot from "./mesh.snapshot";
    const isolate = ${JSON.stringify(name)}.charCodeAt(0);
    const events = [];
    let asked = 0;
    const registry = {
      read: async () => ({ value: new Uint8Array(snapshot), metadata: { version: 1 } }),
      lease: (scene, demands) => (asked++, ${lease}),
    };
    const mesh = new DiddyMesh({ serviceName: "gateway", registry, local: { USERS: { fetch: () => new Response("users") } }, onEvent: (event) => events.push(event) });
    export default {
      fetch: (request, env, ctx) => {
        const { pathname } = new URL(request.url);
        return pathname === "/told" ? Response.json({ asked, events }) : mesh.handle(request, {}, env, ctx);
      },
    };`,
    { data: { "mesh.snapshot": snapshot }, ...options },
  );

test("a location's binding closes a key for all that share it, one request late", async () => {
  const snapshot = limited({ requests: 1000, tier: "location", binding: "PER_LOCATION", by: { header: "x-user" } });
  const options = { ratelimits: { PER_LOCATION: { namespace_id: "1", simple: { limit: 5, period: 60 } } } };
  await running([await gateway("a", snapshot, "[]", options)], async (fetch) => {
    const ask = async (user) => {
      const answer = await fetch("/x", { headers: { "x-user": user } });
      await answer.text();
      return [answer.status, /guarantee=(\w+)/.exec(answer.headers.get("ratelimit"))[1]];
    };
    const answers = [];
    for (let i = 0; i < 8; i++) {
      answers.push(await ask("one"));
    }
    assert.deepEqual(answers[0], [200, "isolate"], "nobody was heard yet");
    assert.deepEqual(answers[1], [200, "location"]);
    const passed = answers.filter(([status]) => status === 200).length;
    assert.ok(passed >= 5 && passed <= 6, `${passed} passed`);
    assert.deepEqual(answers.at(-1), [429, "location"]);
    assert.deepEqual(await ask("two"), [200, "isolate"]);
  });
  await running([await gateway("a", snapshot, "[]")], async (fetch) => {
    assert.equal((await fetch("/x")).status, 200);
    const { events } = await (await fetch("/told")).json();
    assert.ok(events.some(({ type, detail }) => type === "limiter_missing" && detail === "PER_LOCATION"));
  });
});

test("isolates share a global limit by their needs, and say that they do", async () => {
  const rate = 200;
  const snapshot = limited({ requests: rate, tier: "global" });
  const names = ["a", "b", "c", "d"];
  const lease = `scene.env.MESH_LIMITS.getByName("limits").lease(isolate, demands)`;
  const limits = await worker("limits", `export { MeshLimits } from "diddy-mesh/registry"; export default { fetch: () => new Response() };`, {
    durableObjects: { MESH_LIMITS: { className: "MeshLimits", useSQLite: true } },
  });
  const entry = await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, { serviceBindings: Object.fromEntries(names.map((name) => [name, name])) });
  const gateways = await Promise.all(names.map((name) => gateway(name, snapshot, lease, { durableObjects: { MESH_LIMITS: { className: "MeshLimits", scriptName: "limits", useSQLite: true } } })));
  await running([entry, limits, ...gateways], async (_fetch, { send }) => {
    const counts = { passed: 0, refused: 0, global: 0 };
    const start = performance.now();
    // Before that isolates that know nothing yet let their own bursts through, and what passed too much is taken back.
    const [from, to] = [start + 10_000, start + 18_000];
    // The first asks twice as often as the others.
    await Promise.all(
      ["a", ...names].map(async (name) => {
        while (performance.now() < to) {
          const answer = await send("/x", { headers: { "x-to": name } });
          await answer.text();
          if (performance.now() >= from) {
            counts[answer.status === 200 ? "passed" : "refused"] += 1;
            counts.global += answer.headers.get("ratelimit").includes("guarantee=global") ? 1 : 0;
          }
        }
      }),
    );
    const all = counts.passed + counts.refused;
    const perSecond = counts.passed / ((to - from) / 1000);
    assert.ok(counts.refused > counts.passed, `the load is above the limit: ${JSON.stringify(counts)}`);
    assert.ok(Math.abs(perSecond / rate - 1) < 0.15, `${perSecond} requests/s passed of ${rate}`);
    assert.ok(counts.global / all > 0.95, JSON.stringify(counts));
    for (const name of names) {
      const { asked, events } = await (await send("/told", { headers: { "x-to": name } })).json();
      assert.ok(asked >= 3 && asked <= 12, `${name} asked ${asked} times`);
      assert.ok(events.every(({ type }) => type !== "limits_unavailable"));
    }
  });
});

test("where nobody counts for all, the limit holds in the isolate, and the answer says so", async () => {
  const snapshot = limited({ requests: 3, per: "1m", tier: "global" });
  for (const lease of [`Promise.reject(new Error("down"))`, "new Promise(() => undefined)", "Promise.resolve([])"]) {
    await running([await gateway("a", snapshot, lease)], async (fetch) => {
      const answers = [];
      for (let i = 0; i < 5; i++) {
        const answer = await fetch("/x");
        await answer.text();
        answers.push(`${answer.status} ${/guarantee=(\w+)/.exec(answer.headers.get("ratelimit"))[1]}`);
      }
      assert.deepEqual(answers, ["200 isolate", "200 isolate", "200 isolate", "429 isolate", "429 isolate"]);
    });
  }
});

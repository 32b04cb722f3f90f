// A whole mesh: three Workers, two origins, a registry object and KV. Its configuration and its endpoints change under load.
import assert from "node:assert/strict";
import { test } from "node:test";
import { running, worker } from "../harness.mjs";
import { caller, discovering, origin, published, registry, REGISTER, within } from "../registry.mjs";

/** How long Workers use what they read. The default is 30 s. */
const FRESH_MS = 1_000;
/** What the documentation promises: the registry publishes within a second, and a Worker reads what is older than `freshMs`. The rest is this machine's. */
const PROMISED_MS = 1_000 + FRESH_MS + 3_000;
/** A check each second, and then as above. */
const NOTICED_MS = 1_200 + PROMISED_MS;
const SLOW_START_MS = 8_000;

/** A Worker of the mesh: what it knows is at `/stats`, its events at `/events`; the rest goes by the rules. */
const member = (name, handlers = "{}", options = {}) =>
  worker(
    name,
    `
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";
    const events = [];
    const mesh = new DiddyMesh({ serviceName: "${name}", version: "1.0.0", registry: discovery({ freshMs: ${FRESH_MS} }), onEvent: (event) => events.push(event) });
    export default {
      fetch: (request, env, ctx) => mesh.handle(request, {
        "/stats": () => Response.json(mesh.stats()),
        "/events": () => Response.json(events.splice(0)),
        ...${handlers},
      }, env, ctx),
    };`,
    discovering(options),
  );

const document = (extra = {}) => ({
  services: {
    users: { healthCheck: { path: "/health", interval: "1s", jitter: 0, unhealthyThreshold: 1, healthyThreshold: 1 }, loadBalancer: "weighted", slowStart: `${SLOW_START_MS}ms`, timeout: { attempt: "1s" }, endpoints: [] },
    orders: { endpoints: ["binding:ORDERS"] },
    reports: { endpoints: ["binding:REPORTS"] },
  },
  routing: {
    rules: [
      { path: "/users/*", service: "users", ...extra },
      { path: "/orders/*", service: "orders", ...extra },
      { path: "/reports/*", service: "reports", ...extra },
    ],
  },
});

test("endpoints come, fail, return slowly; configurations come, are refused, go back; and no request fails", async () => {
  const calls = `{ "/orders/{id}": (request, { fetch }) => fetch("users", "/users/1"), "/reports/{id}": (request, { fetch }) => fetch("users", "/users/2") }`;
  const workers = [
    await member("gateway", "{}", { serviceBindings: { ORDERS: "orders", REPORTS: "reports", REGISTRY_API: "registry" } }),
    await member("orders", calls),
    await member("reports", calls),
    await registry(),
    await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, { serviceBindings: { gateway: "gateway", orders: "orders", reports: "reports", registry: "registry" } }),
  ];
  // The entry is the first.
  workers.unshift(workers.pop());
  await origin(async (first, one) => {
    await origin(async (second, two) => {
      await running(workers, async (_fetch, { mf, send }) => {
        const to = (name) => (path, init = {}) => send(path, { ...init, headers: { ...init.headers, "x-to": name } });
        const api = caller(to("registry"));
        const gateway = to("gateway");
        const members = ["gateway", "orders", "reports"];
        const knows = async (name) => Object.fromEntries((await (await to(name)("/stats")).json()).services.users?.endpoints.map((endpoint) => [endpoint.address, endpoint]) ?? []);
        /** Asks all members until each of them holds; the longest that one took. */
        const all = async (ms, holds, what) => Math.max(...(await Promise.all(members.map(async (name) => (await within(ms, () => holds(name), `${what} in ${name}`)).took))));
        const took = {};

        // Register and discover: two origins by the API, two Workers by themselves.
        assert.equal((await api("config", { document: document() })).version, 1);
        const registering = caller(to("registry"), REGISTER);
        const { registered } = await registering("register", { registrations: [first, second].map((address) => ({ service: "users", address, ttl: "60s" })) });
        assert.deepEqual(registered.map(({ ok }) => ok), [true, true]);
        took.discover = await all(PROMISED_MS, async (name) => Object.keys(await knows(name)).length === 2, "discovery");
        await within(PROMISED_MS, async () => (await api("services")).endpoints.some(({ source, address }) => source === "registration" && address === "binding:GATEWAY"), "its own registration");

        // From here on somebody calls all the time, through one hop and through two; nothing of it may fail.
        const load = { go: true, answers: 0, failures: [], of: [] };
        const calling = Promise.all(
          ["/users/1", "/orders/1", "/reports/1"].map(async (path) => {
            while (load.go) {
              const answer = await gateway(path);
              await answer.text();
              load.answers += 1;
              load.of.push(answer.headers.get("x-origin"));
              if (answer.status !== 200) {
                load.failures.push(`${path}: ${answer.status} ${answer.headers.get("mesh-reason")}`);
              }
            }
          }),
        );
        /** The share of the second origin in what is answered while `ms` pass. */
        const shareOfSecond = async (ms) => {
          load.of = [];
          const end = performance.now() + ms;
          await within(ms + 1_000, async () => (await gateway("/users/1")).ok && performance.now() >= end);
          return load.of.filter((port) => port === String(two.port)).length / load.of.length;
        };

        try {
          // One is killed: callers try the other one at once, and soon nobody asks it any more.
          await two.kill();
          took.leave = await all(NOTICED_MS, async (name) => (await knows(name))[second]?.health === "unhealthy", "the dead endpoint");
          const dead = (await api("services")).endpoints.find(({ address }) => address === second);
          assert.deepEqual([dead.health, dead.check], ["unhealthy", "unhealthy"]);
          assert.equal(await shareOfSecond(300), 0);

          // It comes back, and is taken in slowly.
          await two.start(two.port);
          took.back = await all(NOTICED_MS, async (name) => (await knows(name))[second]?.health === "healthy", "the endpoint that is back");
          took.early = await shareOfSecond(1_000);
          await within(SLOW_START_MS + 2_000, async () => (await shareOfSecond(500)) > 0.4, "the full share");
          assert.ok(took.early < 0.4, `${took.early} of the requests went to the endpoint that had just come back`);

          // A configuration acts in each Worker within the promised time.
          const header = { filters: [{ responseHeaders: { set: { "x-config": "2" } } }] };
          const before = (await published(mf)).version;
          assert.equal((await api("config", { document: document(header), expect: 1 })).version, 2);
          took.change = Math.max(
            (await within(PROMISED_MS, async () => (await gateway("/users/1")).headers.get("x-config") === "2", "the change in the gateway")).took,
            await all(PROMISED_MS, async (name) => (await (await to(name)("/events")).json()).some(({ type, micros }) => type === "snapshot_loaded" && micros > before), "the change"),
          );

          // A broken one is refused, and nothing changes.
          const snapshot = (await api("status")).snapshot;
          const broken = await api("config", { document: { ...document(), routing: { rules: [{ service: "nobody" }] } } });
          assert.deepEqual([broken.status, broken.reason, broken.diagnostics.find(({ severity }) => severity === "error").path], [422, "invalid", "routing.rules[0].service"]);
          await shareOfSecond(1_500);
          assert.deepEqual([(await api("status")).config, (await api("status")).snapshot], [2, snapshot]);
          assert.equal((await gateway("/users/1")).headers.get("x-config"), "2");

          // Back to the one before.
          assert.equal((await api("rollback", {})).version, 3);
          took.rollback = (await within(PROMISED_MS, async () => (await gateway("/users/1")).headers.get("x-config") === null, "the rollback")).took;
        } finally {
          load.go = false;
          await calling;
        }
        assert.deepEqual(load.failures, []);
        assert.ok(load.answers > 100, `${load.answers} answers`);
        console.log(`# ${load.answers} answers, none failed; ms until all Workers knew, and the share of the origin in the second after it was back (early): ${JSON.stringify(took, (_key, value) => (typeof value === "number" && value > 1 ? Math.round(value) : value))}`);
      });
    });
  });
});

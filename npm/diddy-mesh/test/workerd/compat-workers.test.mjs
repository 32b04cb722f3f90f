// Workers of one release against the registry's object, the limits object and Workers of the other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOrThrow } from "diddy-mesh/config";
import { previous, release } from "../compat/releases.mjs";
import { running, worker } from "../harness.mjs";
import { ADMIN, caller, discovering, registry, until } from "../registry.mjs";

const FRESH_MS = 200;
/** Who meets whom: the release of Workers, and that of objects. */
const MEETINGS = [
  [`Workers of ${release}, object of now`, previous, undefined],
  [`Workers of now, object of ${release}`, undefined, previous],
];
const limits = { className: "MeshLimits", useSQLite: true };

/** A Worker of the mesh. `place` is where it stands in a rollout; it tells what happened at "/told", and what a caller said at "/at-NAME". */
const member = (name, of, { bundled = false, discovery = "", place = 0.5, ...options } = {}) => {
  const registry = discovering({ serviceBindings: { A: "a", B: "b", USERS: "users" }, ...options });
  return worker(
    name,
    `
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";
    ${bundled ? `import config from "./mesh.snapshot";` : ""}
    Math.random = () => ${place};
    const events = [];
    const mesh = new DiddyMesh({ serviceName: "${name}", version: "1.0.0", callers: "mesh", ${bundled ? "config, " : ""}registry: discovery({ freshMs: ${FRESH_MS}, cache: false, ${discovery} }), onEvent: ({ type, detail }) => events.push([type, detail]) });
    export default {
      fetch: (request, env, ctx) => mesh.handle(request, {
        "/told": () => Response.json({ events: events.splice(0), services: mesh.stats().services }),
        "/at-${name}": () => Response.json({ depth: request.headers.get("mesh-depth"), timeout: request.headers.get("mesh-timeout-ms") }),
      }, env, ctx),
    };`,
    { release: of, ...registry, durableObjects: { ...registry.durableObjects, MESH_LIMITS: { ...limits, scriptName: "registry" } } },
  );
};

const objects = (of) => registry({ release: of, durableObjects: { MESH_REGISTRY_OBJECT: { className: "MeshRegistry", useSQLite: true }, MESH_LIMITS: limits } });

/** The Workers of a mesh, and who carries requests to each. */
async function mesh(members, of) {
  const names = ["registry", "a", "b", ...members.map(({ name }) => name)];
  return [
    await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, { serviceBindings: Object.fromEntries(names.map((name) => [name, name])) }),
    await objects(of),
    await worker("a", `export default { fetch: () => new Response("a") };`),
    await worker("b", `let asked = 0; export default { fetch: () => new Response("b", { status: ++asked % 3 === 0 ? 500 : 200 }) };`),
    ...members,
  ];
}

async function meeting(workers, use) {
  await running(workers, async (fetch, { deploy }) => {
    const to = (name) => (path, init = {}) => fetch(path, { ...init, headers: { ...init.headers, "x-to": name } });
    await use({
      deploy,
      to,
      api: caller(to("registry"), ADMIN),
      ask: async (name, path = "/x") => (await to(name)(path)).text(),
      told: async (name) => (await to(name)("/told")).json(),
    });
  });
}

const users = await worker("users", `export default { fetch: () => new Response("users") };`);
const document = (address, more = {}) => ({ services: { s: { endpoints: [address], retries: 0, breaker: false, ...more.service }, ...more.services }, routing: { rules: [{ path: "/x", service: "s", ...more.rule }] }, ...(more.flags && { flags: more.flags }) });
/** What of a Worker's events says that something of the registry did not go well. */
const trouble = ({ events }) => events.filter(([type]) => /^(registry_|registration_|snapshot_refused|engine_trap|limits_)/.test(type));

for (const [title, workers, object] of MEETINGS) {
  test(`${title}: registering, reading, and a rollout that is stopped by what Workers tell`, async () => {
    await meeting(await mesh([await member("first", workers, { place: 0.01 }), await member("last", workers, { place: 0.99 }), await member("direct", workers, { kvNamespaces: [] }), users], object), async ({ api, ask, told }) => {
      await api("config", { document: document("binding:A") });
      for (const name of ["first", "last", "direct"]) {
        await until(async () => (await ask(name)) === "a");
      }
      const registered = await until(async () => {
        const { endpoints } = await api("services");
        return endpoints.filter(({ version }) => version === "1.0.0").length === 3 && endpoints;
      });
      assert.deepEqual(registered.filter(({ version }) => version).map(({ service }) => service).sort(), ["direct", "first", "last"]);
      for (const name of ["first", "last"]) {
        await told(name);
      }

      const { version } = await api("config", { document: document("binding:B"), percent: 50 });
      await until(async () => (await ask("first")) === "b");
      await until(async () => {
        await Promise.all(["first", "first", "first", "last"].map((name) => ask(name)));
        return (await api("history")).history.some((entry) => entry.version === version && entry.state === "stopped");
      });
      assert.equal((await api("status")).rollout, null);
      for (const name of ["first", "last"]) {
        await until(async () => (await ask(name)) === "a");
        assert.deepEqual(trouble(await told(name)), [], name);
      }
    });
  });

  test(`${title}: a limit that isolates share, by the limits object`, async () => {
    await meeting(await mesh([await member("one", workers, { discovery: "register: false" }), users], object), async ({ api, to, told }) => {
      await api("config", { document: document("binding:A", { rule: { rateLimits: [{ name: "all", requests: 6000, tier: "global" }] } }) });
      await until(async () => {
        const answer = await to("one")("/x");
        await answer.text();
        return answer.status === 200 && /guarantee=global/.test(answer.headers.get("ratelimit"));
      });
      assert.deepEqual(trouble(await told("one")).filter(([type]) => type !== "registry_empty"), []);
    });
  });
}

test(`Workers of ${release} and of now call one another: deadline, depth, and the news of a Snapshot`, async () => {
  for (const [caller, callee] of [[previous, undefined], [undefined, previous]]) {
    const members = [await member("gateway", caller, { discovery: "freshMs: 600000, register: false" }), await member("users", callee, { discovery: "register: false" })];
    await meeting(await mesh(members, undefined), async ({ api, to, told }) => {
      const of = (mark) => ({
        services: { users: { endpoints: ["binding:USERS"], timeout: "5s" } },
        routing: { rules: [{ path: "/at-users", service: "users", filters: [{ responseHeaders: { set: { "x-config": mark } } }] }] },
      });
      const ask = async () => {
        const answer = await to("gateway")("/at-users", { headers: { "mesh-depth": "2", "mesh-timeout-ms": "3000" } });
        return { mark: answer.headers.get("x-config"), ...(await answer.json()) };
      };
      await api("config", { document: of("1") });
      await until(async () => (await api("status")).snapshot > 0);
      const { depth, mark, timeout } = await ask();
      assert.deepEqual([depth, mark], ["3", "1"]);
      assert.ok(timeout > 1_000 && timeout <= 3_000, timeout);
      // The gateway reads by itself no sooner than in ten minutes: it hears of it from whom it calls.
      await api("config", { document: of("2") });
      await until(async () => (await ask()).mark === "2");
      assert.deepEqual([trouble(await told("gateway")), trouble(await told("users"))], [[], []]);
    });
  }
});

test(`a Snapshot that Workers of ${release} cannot read leaves them with the last good one`, async () => {
  const bundled = { bundled: true, config: document("binding:A"), discovery: "register: false" };
  const members = [
    await member("before", previous, { discovery: "register: false" }),
    await member("now", undefined, { discovery: "register: false" }),
    await member("cold", previous, bundled),
    users,
  ];
  await meeting(await mesh(members, undefined), async ({ api, ask, to, told }) => {
    await api("config", { document: document("binding:A") });
    await until(async () => (await ask("before")) === "a" && (await ask("now")) === "a");
    await api("config", { document: document("local:NONE", { flags: { f: true }, rule: { filters: [{ directResponse: { status: 200, body: "newer" } }], service: undefined } }) });
    await until(async () => (await ask("now")) === "newer");
    const refused = await until(async () => {
      assert.equal(await ask("before"), "a");
      return (await told("before")).events.find(([type]) => type === "snapshot_refused");
    });
    assert.equal(refused[1], "unsupported");
    assert.equal(await ask("cold"), "a", "one that has nothing yet goes by what was bundled");
    for (let i = 0; i < 20; i++) {
      assert.equal(await ask("before"), "a");
    }
    assert.equal((await to("before")("/nowhere")).status, 404);

    // The next one that they can read is theirs. A balancer given in code is p2c there.
    await api("config", { document: document("binding:USERS", { service: { endpoints: ["binding:USERS", "binding:A"], loadBalancer: { type: "custom", name: "x" } } }) });
    for (const name of ["before", "cold"]) {
      const seen = new Set();
      await until(async () => seen.add(await ask(name)).size === 2);
    }
  });
});

test(`Workers of now that share state go on where the object is that of ${release} again`, async () => {
  const members = [await member("one", undefined, { discovery: "register: false" }), users];
  const shared = document("binding:A", { service: { shareState: true, outlierDetection: {}, retries: { attempts: 1, budget: { percent: 0, minPerSecond: 10 } } } });
  await meeting(await mesh(members, undefined), async ({ api, ask, deploy, told }) => {
    await api("config", { document: shared });
    await until(async () => (await ask("one")) === "a");
    await until(async () => (await api("status")).snapshot > 0);
    await deploy(await mesh(members, previous));
    const end = Date.now() + 8 * FRESH_MS + 2_000;
    while (Date.now() < end) {
      assert.equal(await ask("one"), "a");
    }
    assert.deepEqual(trouble(await told("one")), []);
    assert.ok((await told("one")).services.s.requests > 0);
  });
});

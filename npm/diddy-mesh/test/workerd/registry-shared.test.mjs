// What isolates share through the registry's object: an endpoint that some of them find bad is left out by all, and each gets its part of what they hold together.
import assert from "node:assert/strict";
import { test } from "node:test";
import { running, worker } from "../harness.mjs";
import { ADMIN, caller, discovering, registry, until } from "../registry.mjs";

const FRESH_MS = 250;
const GATEWAYS = ["one", "two", "late"];
const ENDPOINTS = ["E0", "E1", "E2", "E3", "E4", "E5"];

/** A gateway in an isolate of its own. */
const gateway = (name) =>
  worker(
    name,
    `
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";
    const mesh = new DiddyMesh({ serviceName: "gateway", registry: discovery({ freshMs: ${FRESH_MS}, register: false, cache: false }) });
    export default { fetch: (request, env, ctx) => mesh.handle(request, { "/stats": () => Response.json(mesh.stats().services.users ?? {}) }, env, ctx) };`,
    discovering({ serviceBindings: Object.fromEntries(ENDPOINTS.map((name) => [name, name.toLowerCase()])) }),
  );

/** An endpoint that answers with its name; "/fail" and "/heal" make it fail and not. It may take a while. */
const endpoint = (name) =>
  worker(
    name.toLowerCase(),
    `
    let status = 200;
    export default {
      async fetch(request) {
        const { pathname, searchParams } = new URL(request.url);
        if (pathname === "/fail" || pathname === "/heal") status = pathname === "/fail" ? 500 : 200;
        if (searchParams.has("slow")) await scheduler.wait(100);
        return new Response("${name}", { status });
      },
    };`,
  );

/** The registry's Worker; "/report" is a call of its object by an isolate, made of JSON with "NaN" as what it says, and "/restart" ends the object. */
const SOURCE = `
  import * as diddy from "diddy-mesh/registry";
  export class MeshRegistry extends diddy.MeshRegistry {
    async restart() { this.ctx.abort("restarted"); }
  }
  export default {
    async fetch(request, env, ctx) {
      const { pathname } = new URL(request.url);
      const stub = env.MESH_REGISTRY_OBJECT.getByName("default");
      if (pathname === "/restart") return new Response(await stub.restart().catch(String));
      if (pathname !== "/report") return diddy.adminApi(request, env, ctx);
      const report = JSON.parse(await request.text(), (_, value) => (value === "NaN" ? NaN : value));
      try {
        return Response.json(await stub.report(report));
      } catch ({ name, message }) {
        return Response.json({ name, message });
      }
    },
  };`;

const SERVICE = { endpoints: ENDPOINTS.map((name) => `binding:${name}`), loadBalancer: "roundRobin", retries: 0, breaker: false };
const document = (users) => ({ services: { users: { ...SERVICE, ...users } }, routing: { rules: [{ service: "users" }] } });

async function mesh(users, use) {
  const names = [...GATEWAYS, ...ENDPOINTS.map((name) => name.toLowerCase()), "registry"];
  const workers = [
    await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, { serviceBindings: Object.fromEntries(names.map((name) => [name, name])) }),
    await registry({ source: SOURCE }),
    ...(await Promise.all(GATEWAYS.map(gateway))),
    ...(await Promise.all(ENDPOINTS.map(endpoint))),
  ];
  await running(workers, async (fetch, { send }) => {
    const to = (name) => (path, init = {}) => send(path, { ...init, headers: { ...init.headers, "x-to": name } });
    const watch = await fetch("/_mesh/api/watch", { headers: { "x-to": "registry", upgrade: "websocket", authorization: `Bearer ${ADMIN}` } });
    const heard = [];
    watch.webSocket.accept();
    watch.webSocket.addEventListener("message", ({ data }) => heard.push(JSON.parse(data)));
    const api = caller(to("registry"), ADMIN);
    await api("config", { document: document(users) });
    await until(async () => (await api("status")).snapshot > 0);
    await use({
      api,
      to,
      heard,
      /** Which endpoints served so many requests through a gateway. */
      async served(name, count = 12, path = "/x") {
        const answers = [];
        for (let i = 0; i < count; i++) {
          answers.push(await (await to(name)(path)).text());
        }
        return answers;
      },
      ejected: async () => (await api("services")).endpoints.filter(({ ejected }) => ejected !== undefined),
      restart: () => to("registry")("/restart"),
      stats: async (name) => (await to(name)("/stats")).json(),
      report: async (report) => (await to("registry")("/report", { method: "POST", body: JSON.stringify(report) })).json(),
    });
    watch.webSocket.close();
  });
}

test("an endpoint that fails in some isolates is left out by all, also by one that never met it, and comes back", async () => {
  const outlierDetection = { interval: "1s", baseEjectionTime: "4s", successRateRequestVolume: 4, openIsolatesPercent: 0 };
  await mesh({ outlierDetection }, async ({ api, ejected, heard, served, to }) => {
    await to("e3")("/fail");
    const [bad] = await until(async () => {
      await Promise.all(["one", "two"].map((name) => served(name)));
      const out = await ejected();
      return out.length > 0 ? out : undefined;
    });
    assert.equal(bad.address, "binding:E3");
    assert.equal(bad.health, "unhealthy");
    assert.equal(bad.ejected.reason, "success_rate");
    assert.ok(Math.abs(bad.ejected.until - Date.now()) < 5_000);
    const { snapshot } = await api("status");
    // Published within a second, and a new isolate reads that.
    await until(async () => (await api("status")).snapshot > snapshot || !(await served("late", 12)).includes("E3"));
    const known = new Set(await served("late", 30));
    assert.deepEqual([...known].sort(), ["E0", "E1", "E2", "E4", "E5"]);
    await until(async () => !(await served("one")).includes("E3"));
    assert.deepEqual((await ejected()).map(({ address }) => address), ["binding:E3"], "nobody else is");

    await to("e3")("/heal");
    await until(async () => (await ejected()).length === 0);
    for (const name of GATEWAYS) {
      await until(async () => (await served(name)).includes("E3"));
    }
    const told = heard.filter(({ type }) => type === "ejected" || type === "returned");
    assert.deepEqual(told.map(({ type, endpoint: { address }, detail }) => [type, address, detail]), [["ejected", "binding:E3", "success_rate"], ["returned", "binding:E3", undefined]]);
  });
});

test("where all are bad no more are left out than may be", async () => {
  const outlierDetection = { interval: "1s", baseEjectionTime: "60s", maxEjectionPercent: 34, enforcingFailurePercentage: 100, failurePercentageRequestVolume: 3, failurePercentageMinimumHosts: 1, openIsolatesPercent: 0 };
  await mesh({ outlierDetection }, async ({ ejected, served, to }) => {
    await Promise.all(ENDPOINTS.map((name) => to(name.toLowerCase())("/fail")));
    await until(async () => {
      await Promise.all(["one", "two"].map((name) => served(name, 30)));
      return (await ejected()).length === 2;
    });
    const end = Date.now() + 3_000;
    while (Date.now() < end) {
      await Promise.all(["one", "two"].map((name) => served(name, 30)));
      assert.equal((await ejected()).length, 2);
    }
    assert.equal(new Set(await served("late", 30)).size, 4);
  });
});

test("a breaker that opens in one isolate stays its own, and in two it is everybody's", async () => {
  const outlierDetection = { interval: "1s", baseEjectionTime: "60s", enforcingSuccessRate: 0 };
  const breaker = { consecutiveFailures: 2, successRatio: 0, openTime: "1s" };
  await mesh({ outlierDetection, breaker, minReady: 0 }, async ({ ejected, heard, served, stats, to }) => {
    await served("one");
    await to("e1")("/fail");
    const isOpen = async (name) => (await stats(name)).endpoints?.some(({ breakerOpened }) => breakerOpened > 0);
    await until(async () => (await served("one", 12), isOpen("one")));
    const end = Date.now() + 4 * FRESH_MS;
    while (Date.now() < end) {
      await served("one", 6);
    }
    assert.deepEqual(await ejected(), []);
    await until(async () => {
      await Promise.all(["one", "two"].map((name) => served(name)));
      return (await ejected()).length > 0;
    });
    assert.deepEqual(heard.filter(({ type }) => type === "ejected").map(({ endpoint: { address }, detail }) => [address, detail]), [["binding:E1", "open_breakers"]]);
    await until(async () => !(await served("late")).includes("E1"));
  });
});

/** A report of an isolate of the test's own. */
const reportOf = (isolate, users) => ({ shared: { isolate, everyMs: 30_000, services: { users: { requests: 0, endpoints: [], ...users } } } });

test("isolates divide the floor of a retry budget, and begin at one another's concurrency limit", async () => {
  const retries = { attempts: 3, budget: { percent: 0, minPerSecond: 2 }, backoff: { base: 1, max: 1 } };
  await mesh({ shareState: true, retries, concurrency: { initial: 1, min: 1, max: 50 } }, async ({ report, served, stats, to }) => {
    // Nine others have all the traffic, and two of them a limit.
    for (let isolate = 1; isolate <= 9; isolate++) {
      const { hints } = await report(reportOf(isolate, { requests: 1_000, ...(isolate < 3 && { limit: 10 }) }));
      assert.ok(Math.abs(hints.users.retryShare - 1 / isolate) < 1e-9);
    }
    assert.deepEqual((await report(reportOf(3, { requests: 1_000 }))).hints.users.concurrency, 10);
    const together = async (name, count) => (await Promise.all(Array.from({ length: count }, () => to(name)("/x?slow")))).map(({ status }) => status);
    // Before it has heard, one at a time; then nine tenths of ten, which is what requests of normal priority may fill.
    await until(async () => (await together("one", 4)).every((status) => status === 200));
    const statuses = await together("one", 20);
    assert.ok(statuses.filter((status) => status === 200).length >= 9 && statuses.includes(503), String(statuses));

    // A floor of 20 in ten seconds, of which a tenth of half and of nothing is one.
    await Promise.all(ENDPOINTS.map((name) => to(name.toLowerCase())("/fail")));
    await served("one", 60);
    const { retries: made, retriesDenied } = await stats("one");
    assert.ok(made <= 4 && retriesDenied > 40, `${made} retries, ${retriesDenied} denied`);
  });
});

test("a report that cannot be meant is refused, and changes nothing for others", async () => {
  await mesh({ shareState: true, outlierDetection: { openIsolatesPercent: 100 } }, async ({ ejected, report }) => {
    const seen = { address: "binding:E0", version: "", attempts: 1, failures: 1, opened: 1, open: true };
    await report(reportOf(1, { requests: 300, endpoints: [seen] }));
    const wrong = [
      reportOf(-1, {}),
      reportOf("NaN", {}),
      reportOf("2", {}),
      reportOf(2 ** 60, {}),
      { shared: { isolate: 2, everyMs: -5, services: {} } },
      { shared: { isolate: 2, everyMs: "NaN", services: {} } },
      { shared: { isolate: 2, everyMs: 1_000, services: 5 } },
      { shared: { isolate: 2, everyMs: 1_000, services: null } },
      { shared: { isolate: 2, everyMs: 1_000, services: { users: null } } },
      ...[-1, "NaN", 1.5, 2 ** 32, "5", null, [], {}].map((requests) => reportOf(2, { requests })),
      ...[-1, "NaN", 1e300, "1"].flatMap((number) => ["attempts", "failures", "opened"].map((field) => reportOf(2, { endpoints: [{ ...seen, [field]: number }] }))),
      reportOf(2, { endpoints: [{ ...seen, address: 5 }] }),
      reportOf(2, { endpoints: [{ ...seen, open: "yes" }] }),
      reportOf(2, { endpoints: {} }),
      reportOf(2, { limit: -1 }),
    ];
    for (const one of wrong) {
      const { message, name } = await report(one);
      assert.match(name ?? "none", /^(Range|Type)Error$/, JSON.stringify(one));
      assert.ok(message.length > 5);
    }
    // Of what nobody knows nothing is made, and the same endpoint twice is one.
    const unknown = { requests: 1, endpoints: [{ ...seen, address: "binding:NONE" }] };
    const { hints } = await report({ shared: { isolate: 3, everyMs: 1_000, services: { nobody: unknown, constructor: unknown } } });
    assert.deepEqual(hints, {});
    assert.deepEqual(await report({}), { version: 1, hints: {} });
    assert.deepEqual(await ejected(), []);
    const huge = { ...seen, attempts: 2 ** 32 - 1, failures: 2 ** 32 - 1 };
    const answer = await report(reportOf(2, { requests: 100, endpoints: [huge, huge, { ...huge, address: "binding:NONE" }] }));
    assert.ok(Math.abs(answer.hints.users.retryShare - (0.25 + 0.5) / 2) < 1e-9, "the first isolate is known still, and no other");
    assert.deepEqual((await ejected()).map(({ address, ejected: { reason } }) => [address, reason]), [["binding:E0", "open_breakers"]]);
  });
});

test("an ejection goes on where the object is restarted, and ends in its time", async () => {
  const outlierDetection = { baseEjectionTime: "5s", successRateRequestVolume: 4 };
  await mesh({ outlierDetection }, async ({ ejected, report, restart }) => {
    const endpoints = ENDPOINTS.map((name, i) => ({ address: `binding:${name}`, version: "", attempts: 100, failures: i === 4 ? 50 : 0, opened: 0, open: false }));
    await report(reportOf(1, { requests: 600, endpoints }));
    const before = await ejected();
    assert.deepEqual(before.map(({ address }) => address), ["binding:E4"]);
    await restart();
    assert.deepEqual(await ejected(), before);
    await until(async () => (await ejected()).length === 0);
    assert.ok(Date.now() >= before[0].ejected.until);
    await restart();
    assert.deepEqual(await ejected(), []);
  });
});

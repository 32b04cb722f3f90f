import assert from "node:assert/strict";
import { test } from "node:test";
import { echo, GATEWAY, running, worker } from "../harness.mjs";

const names = ["users", "next", "shadow"];
const services = Object.fromEntries(names.map((name) => [name, { retries: 0, breaker: false }]));
const serviceBindings = Object.fromEntries(names.map((name) => [name.toUpperCase(), name]));
/** A callee that says who it is, and at `/seen` whom it served. */
const NAMED = (name) => `
  const seen = [];
  export default {
    async fetch(request) {
      const url = new URL(request.url);
      if (url.pathname === "/seen") return Response.json(seen.splice(0));
      if (url.searchParams.has("hang-" + "${name}")) return new Promise(() => {});
      seen.push({ path: url.pathname, method: request.method, body: await request.text(), headers: Object.fromEntries(request.headers) });
      if (url.searchParams.get("fail") === "${name}") return new Response("${name} failed", { status: 500 });
      return new Response("${name}");
    },
  };`;
const gateway = (rules, { source = GATEWAY, more = {} } = {}) => worker("gateway", source, { config: { services: { ...services, ...more }, routing: { rules } }, serviceBindings });
const all = async (first) => [await first, ...(await Promise.all(names.map((name) => worker(name, NAMED(name)))))];
const seen = async (mf, name) => (await (await mf.getWorker(name)).fetch("http://x/seen")).json();
const events = async (fetch, type) => (await (await fetch("/events")).json()).filter((event) => event.type === type);

/** Asks until `good`, at most so often: what happens in \`waitUntil\` is not awaited by the answer. */
async function until(ask, good, times = 200) {
  for (let i = 0; i < times; i++) {
    const found = await ask();
    if (good(found)) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail("it did not happen");
}

test("a rule answers itself, with its headers and those of its filters", async () => {
  const rules = [
    { path: "/closed", filters: [{ directResponse: { status: 503, body: "until nine", headers: { "x-a": "1" } } }, { responseHeaders: { set: { "x-b": "2" } } }] },
    { path: "/empty", filters: [{ directResponse: { status: 204 } }] },
    { path: "/json", filters: [{ directResponse: { status: 200, body: "{}", headers: { "content-type": "application/json" } } }] },
  ];
  await running(await all(gateway(rules)), async (fetch) => {
    const closed = await fetch("/closed");
    assert.deepEqual([closed.status, await closed.text(), closed.headers.get("x-a"), closed.headers.get("x-b")], [503, "until nine", "1", "2"]);
    assert.equal(closed.headers.get("content-type"), "text/plain;charset=utf-8");
    assert.equal(closed.headers.get("mesh-reason"), null, "it is what the rule says, not a failure");
    const empty = await fetch("/empty");
    assert.deepEqual([empty.status, await empty.text(), empty.headers.get("content-type")], [204, "", null]);
    assert.equal((await fetch("/json")).headers.get("content-type"), "application/json");
  });
});

test("preflights are answered and actual requests marked for allowed origins only", async () => {
  const cors = { allowOrigins: ["https://shop.example", "https://*.shop.example"], allowMethods: ["PUT"], allowHeaders: ["x-one"], exposeHeaders: ["x-two"], allowCredentials: true, maxAge: "10m" };
  const rules = [
    { path: "/api/*", methods: ["GET", "PUT"], service: "users", filters: [{ cors }] },
    { path: "/open/*", service: "users", filters: [{ cors: { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"] } }] },
  ];
  await running(await all(gateway(rules)), async (fetch, { mf }) => {
    const ask = (path, origin, more = {}) => fetch(path, { method: "OPTIONS", headers: { origin, "access-control-request-method": "PUT", ...more } });
    const allowed = await ask("/api/x", "https://eu.shop.example");
    assert.equal(allowed.status, 204);
    const of = ({ headers }) => Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"));
    assert.deepEqual(of(allowed), {
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "x-one",
      "access-control-allow-methods": "PUT",
      "access-control-allow-origin": "https://eu.shop.example",
      "access-control-max-age": "600",
      vary: "origin",
    });
    assert.deepEqual(of(await ask("/api/x", "https://evil.example")), {});
    assert.deepEqual(of(await ask("/api/x", "https://shop.example.evil")), {});
    assert.deepEqual(await seen(mf, "users"), [], "no preflight reaches the service");
    const actual = await fetch("/api/x", { headers: { origin: "https://shop.example" } });
    assert.deepEqual(of(actual), { "access-control-allow-credentials": "true", "access-control-allow-origin": "https://shop.example", "access-control-expose-headers": "x-two", vary: "origin" });
    assert.equal(await actual.text(), "users");
    assert.deepEqual(of(await fetch("/api/x", { headers: { origin: "https://evil.example" } })), { vary: "origin" }, "a cache must not give it to others");
    const open = await ask("/open/x", "https://any.example", { "access-control-request-headers": "x-any" });
    assert.equal(of(open)["access-control-allow-origin"], "*");
    assert.equal((await ask("/api/x", "https://shop.example")).status, 204);
    // A plain OPTIONS is the service's own.
    assert.equal(await (await fetch("/open/x", { method: "OPTIONS" })).text(), "users");
  });
});

test("mirrors get their share, bodies included, and neither delay nor fail a request", async () => {
  const rules = [
    { path: "/half/*", service: "users", filters: [{ mirror: { service: "shadow", fraction: { numerator: 1, denominator: 2 } } }] },
    { path: "/both/*", service: "users", filters: [{ mirror: { service: "shadow" } }, { mirror: { service: "next" } }, { requestHeaders: { set: { "x-a": "1" } } }, { rewrite: { path: { prefix: "/to" } } }] },
  ];
  await running(await all(gateway(rules)), async (fetch, { mf, send }) => {
    const asked = 500;
    for (let i = 0; i < asked; i++) {
      assert.equal(await (await fetch("/half/x")).text(), "users");
    }
    let copies = 0;
    await until(async () => (copies += (await seen(mf, "shadow")).length), () => copies > asked / 2 - 60);
    // Three sigma of a fair coin.
    assert.ok(Math.abs(copies - asked / 2) < 3 * Math.sqrt(asked / 4), `${copies} copies of ${asked}`);

    await seen(mf, "users");
    await send("/both/x?q=1", { method: "POST", body: "a body" });
    for (const name of ["users", "shadow", "next"]) {
      const [one] = await until(() => seen(mf, name), (served) => served.length > 0);
      assert.deepEqual([one.path, one.method, one.body, one.headers["x-a"]], ["/to/x", "POST", "a body", "1"], name);
    }
    // One mirror hangs, the other fails.
    const answer = await fetch("/both/x?hang-shadow=1&fail=next");
    assert.deepEqual([answer.status, await answer.text()], [200, "users"]);
    const [failed] = await until(() => events(fetch, "mirror_end").then((ended) => ended.filter(({ reason }) => reason !== "none")), (ended) => ended.length > 0);
    assert.deepEqual([failed.service, failed.reason], ["next", "upstream_status"]);
    // A stream is not held for a copy.
    const stream = new Blob(["s".repeat(200_000)]).stream();
    assert.equal(await (await send("/both/x", { method: "POST", body: stream, duplex: "half" })).text(), "users");
    assert.equal((await events(fetch, "mirror_skipped")).length, 1);
  });
});

test("faults delay and abort the requests that they are for", async () => {
  const rules = [
    { path: "/abort", service: "users", filters: [{ fault: { abort: { status: 418 }, headers: { "x-chaos": true } } }] },
    { path: "/some", service: "users", filters: [{ fault: { abort: { status: 500, percent: 30 } } }] },
    { path: "/late", service: "users", filters: [{ fault: { delay: { time: "60ms" }, abort: { status: 503, percent: 0 } } }] },
  ];
  await running(await all(gateway(rules)), async (fetch, { mf }) => {
    assert.equal((await fetch("/abort")).status, 200);
    const aborted = await fetch("/abort", { headers: { "x-chaos": "1" } });
    assert.deepEqual([aborted.status, aborted.headers.get("mesh-reason")], [418, "fault_injected"]);
    let count = 0;
    for (let i = 0; i < 500; i++) {
      count += (await fetch("/some")).status === 500 ? 1 : 0;
    }
    assert.ok(Math.abs(count / 500 - 0.3) < 0.07, `${count} of 500`);
    await seen(mf, "users");
    const began = performance.now();
    assert.equal(await (await fetch("/late")).text(), "users");
    assert.ok(performance.now() - began >= 55);
    assert.equal((await seen(mf, "users")).length, 1);
  });
});

test("a sticky cookie is set once and keeps its caller; a pin goes before it", async () => {
  const backends = [{ service: "users", weight: 50 }, { service: "next", weight: 50, headers: { "x-tester": "1" } }];
  const rules = [
    { path: "/cookie", backends, sticky: { cookie: { name: "split", maxAge: "1h" } } },
    { path: "/header", backends, sticky: { header: "x-user" } },
  ];
  await running(await all(gateway(rules)), async (fetch) => {
    const chosen = new Set();
    for (let i = 0; i < 40; i++) {
      const first = await fetch("/cookie");
      const cookie = first.headers.get("set-cookie");
      assert.match(cookie, /^split=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/);
      const mine = await first.text();
      chosen.add(mine);
      const again = await fetch("/cookie", { headers: { cookie: cookie.split(";")[0] } });
      assert.deepEqual([await again.text(), again.headers.get("set-cookie")], [mine, null]);
      assert.equal(await (await fetch("/cookie", { headers: { cookie: cookie.split(";")[0], "x-tester": "1" } })).text(), "next");
    }
    assert.equal(chosen.size, 2);
    const of = async (user) => (await fetch("/header", { headers: { "x-user": user } })).text();
    for (const user of ["a", "b", "c", "d"]) {
      assert.equal(await of(user), await of(user));
    }
  });
});

test("limits count by key, say how much is left, and refuse with a time", async () => {
  const rules = [
    { path: "/limited", service: "users", rateLimits: [{ name: "per-user", requests: 3, per: "1h", by: { header: "x-user" } }] },
    { path: "/tenant", service: "users", rateLimits: [{ name: "t", requests: 1, per: "1h", by: "tenant" }] },
  ];
  const source = GATEWAY.replace(`serviceName: "gateway",`, `serviceName: "gateway", tenant: (request) => request.headers.get("x-tenant") ?? undefined,`);
  await running(await all(gateway(rules, { source })), async (fetch) => {
    const ask = (user) => fetch("/limited", { headers: { "x-user": user } });
    for (const left of [2, 1, 0]) {
      const { status, headers } = await ask("a");
      assert.deepEqual([status, headers.get("ratelimit-policy")], [200, '"per-user";q=3;w=3600']);
      assert.match(headers.get("ratelimit"), new RegExp(`^"per-user";r=${left};t=\\d+$`));
    }
    const over = await ask("a");
    assert.deepEqual([over.status, over.headers.get("mesh-reason")], [429, "rate_limited"]);
    assert.ok(Math.abs(Number(over.headers.get("retry-after")) - 1200) < 5, over.headers.get("retry-after"));
    assert.equal((await ask("b")).status, 200);
    assert.equal((await fetch("/tenant", { headers: { "x-tenant": "1" } })).status, 200);
    assert.equal((await fetch("/tenant", { headers: { "x-tenant": "1" } })).status, 429);
    assert.equal((await fetch("/tenant", { headers: { "x-tenant": "2" } })).status, 200);
  });
});

test("a fallback answers for a service that fails; where it fails too, the request's own answer stands", async () => {
  const rules = [
    { path: "/service", service: "users", fallback: "next" },
    { path: "/static", service: "users", fallback: { directResponse: { status: 200, body: "so long" } } },
  ];
  await running(await all(gateway(rules)), async (fetch) => {
    assert.equal(await (await fetch("/service")).text(), "users");
    const next = await fetch("/service?fail=users");
    assert.deepEqual([next.status, await next.text(), next.headers.get("mesh-reason")], [200, "next", null]);
    const [fell] = await events(fetch, "fallback");
    assert.equal(fell.service, "users");
    assert.equal(await (await fetch("/static?fail=users")).text(), "so long");
  });
  const both = [{ path: "/x", service: "users", fallback: "users-too" }];
  const more = { "users-too": { endpoints: ["binding:USERS"], retries: 0, breaker: false } };
  await running(await all(gateway(both, { more })), async (fetch) => {
    const own = await fetch("/x?fail=users");
    assert.deepEqual([own.status, await own.text()], [500, "users failed"]);
    assert.equal((await events(fetch, "fallback_failed")).length, 1);
  });
});

test("a predicate or a header of the answer asks for another attempt; one that throws changes nothing", async () => {
  const service = (on) => ({ endpoints: ["binding:USERS"], retries: { attempts: 2, on, backoff: 1, budget: false }, breaker: false });
  const source = GATEWAY.replace(`serviceName: "gateway",`, `serviceName: "gateway", predicates: {
    stale: (response) => response.headers.get("x-stale") === "1",
    broken: () => { throw new Error("not today"); },
  },`);
  for (const [on, header, calls] of [
    [[{ predicate: "stale" }], "x-stale:1", 3],
    [[{ predicate: "stale" }], "x-stale:0", 1],
    [[{ predicate: "broken" }], "x-stale:1", 1],
    [[{ predicate: "nobody-gave-it" }], "x-stale:1", 1],
    [[{ header: "x-again" }], "x-again:1", 3],
    [[{ header: "x-again", value: "yes" }], "x-again:1", 1],
  ]) {
    const first = await worker("gateway", source, { config: { services: { users: service(on) }, routing: { rules: [{ service: "users" }] } }, serviceBindings: { USERS: "users" } });
    await running([first, await echo("users")], async (fetch) => {
      const answer = await fetch(`/x?id=a&set=${header}`);
      assert.deepEqual([answer.status, (await answer.json()).call], [200, calls], JSON.stringify(on));
      const failed = await events(fetch, "predicate_failed");
      assert.equal(failed.length > 0, ["broken", "nobody-gave-it"].includes(on[0].predicate), JSON.stringify(on));
    });
  }
});

test("a slow attempt is hedged, and the faster answer counts", async () => {
  const slow = { endpoints: ["binding:USERS"], hedge: "30ms", retries: 0, breaker: false, timeout: "5s" };
  const SLOW_ONCE = `
    let calls = 0;
    export default {
      async fetch(request) {
        const call = ++calls;
        if (new URL(request.url).searchParams.get("slow") === String(call)) await new Promise((resolve) => setTimeout(resolve, 3000));
        return new Response(String(call));
      },
    };`;
  const first = await worker("gateway", GATEWAY, { config: { services: { users: slow }, routing: { rules: [{ service: "users" }] } }, serviceBindings: { USERS: "users" } });
  await running([first, await worker("users", SLOW_ONCE)], async (fetch) => {
    assert.equal(await (await fetch("/x")).text(), "1");
    const began = performance.now();
    assert.equal(await (await fetch("/x?slow=2")).text(), "3");
    assert.ok(performance.now() - began < 2000);
    const [hedge] = await events(fetch, "hedge");
    assert.equal(hedge.attempt, 2);
    const { services } = await (await fetch("/stats")).json();
    assert.deepEqual([services.users.requests, services.users.successes, services.users.failures], [2, 2, 0]);
    assert.equal(services.users.endpoints[0].inFlight, 0);
  });
});

test("a service takes no more than its concurrency limit, and less of low priority", async () => {
  const users = { endpoints: ["binding:USERS"], retries: 0, breaker: false, concurrency: { initial: 2, min: 1, max: 2 } };
  const rules = [{ path: "/low/*", service: "users", priority: "low" }, { path: "/high/*", service: "users", priority: "high" }];
  const GATE = `
    let open;
    const gate = new Promise((resolve) => { open = resolve; });
    let waiting = 0;
    export default {
      async fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/open") return open(), new Response("open");
        if (pathname === "/waiting") return Response.json(waiting);
        waiting += 1;
        while (!globalThis.opened) await new Promise((resolve) => setTimeout(resolve, 5));
        return new Response("done");
      },
    };`.replace("return open(),", "return (globalThis.opened = true),");
  const first = await worker("gateway", GATEWAY, { config: { services: { users }, routing: { rules } }, serviceBindings: { USERS: "users" } });
  await running([first, await worker("users", GATE)], async (fetch, { mf }) => {
    const service = await mf.getWorker("users");
    const one = fetch("/high/1");
    await until(async () => (await service.fetch("http://x/waiting")).json(), (count) => count === 1);
    const low = await fetch("/low/1");
    assert.deepEqual([low.status, low.headers.get("mesh-reason")], [503, "concurrency_limit"]);
    const two = fetch("/high/2");
    await until(async () => (await service.fetch("http://x/waiting")).json(), (count) => count === 2);
    assert.equal((await fetch("/high/3")).status, 503);
    await service.fetch("http://x/open");
    assert.deepEqual([(await one).status, (await two).status], [200, 200]);
    assert.equal((await fetch("/high/4")).status, 200);
  });
});

test("whoever used up its attempts says so, and no caller above tries again", async () => {
  const config = { services: { users: { retries: { attempts: 2, backoff: 1, budget: false }, breaker: false } }, routing: { rules: [{ service: "users" }] } };
  const front = await worker("gateway", GATEWAY, { config, serviceBindings: { USERS: "middle" } });
  const middle = await worker("middle", GATEWAY, { config, serviceBindings: { USERS: "users" } });
  await running([front, middle, await echo("users")], async (fetch) => {
    const failed = await fetch("/x?fail=99&id=a");
    assert.deepEqual([failed.status, await failed.text(), failed.headers.get("mesh-retry")], [503, "failure 3", "never"]);
    assert.equal((await (await fetch("/x?id=a")).json()).call, 4, "three attempts in all, not nine");
    const denied = await events(fetch, "retry_denied");
    assert.deepEqual(denied.map(({ detail }) => detail), ["last_word"]);
  });
});

test("a gRPC caller's deadline holds for its request and travels on", async () => {
  const config = { services: { users: { retries: 0, breaker: false } }, routing: { rules: [{ service: "users" }] } };
  await running([await worker("gateway", GATEWAY, { config, serviceBindings: { USERS: "users" } }), await echo("users")], async (fetch) => {
    const ask = (timeout, query = "") => fetch(`/shop.Cart/Get${query}`, { method: "POST", headers: { "content-type": "application/grpc", "grpc-timeout": timeout } });
    const late = await ask("40m", "?wait=10000&id=a");
    assert.deepEqual([late.status, late.headers.get("mesh-reason")], [504, "deadline"]);
    for (const [timeout, most] of [["2S", 2000], ["1M", 15_000], ["5000000u", 5000], ["0n", 1]]) {
      const { headers } = await (await ask(timeout, "?id=b")).json().catch(() => ({ headers: { "mesh-timeout-ms": "1" } }));
      assert.ok(Number(headers["mesh-timeout-ms"]) <= most, `${timeout}: ${headers["mesh-timeout-ms"]}`);
      assert.ok(Number(headers["mesh-timeout-ms"]) > most - 1000, `${timeout}: ${headers["mesh-timeout-ms"]}`);
    }
    const bad = await (await ask("soon")).json();
    assert.equal(bad.headers["mesh-timeout-ms"], undefined, "what says nothing changes nothing");
  });
});

test("limits of the service that a Worker is hold for its own handlers", async () => {
  const config = { services: { gateway: { rateLimits: [{ requests: 2, per: "1h", by: { header: "x-user" } }] } } };
  const source = GATEWAY.replace(`"/events"`, `"/hello": () => new Response("hello"), "/events"`);
  await running([await worker("gateway", source, { config })], async (fetch) => {
    const ask = (user) => fetch("/hello", { headers: { "x-user": user } });
    assert.deepEqual([(await ask("a")).status, (await ask("a")).status, (await ask("a")).status, (await ask("b")).status], [200, 200, 429, 200]);
    const last = await ask("b");
    assert.match(last.headers.get("ratelimit"), /^"gateway";r=0;t=\d+$/);
    assert.equal(await last.text(), "hello");
  });
});

test("requests that wait, hold a body and are mirrored keep to themselves among others", async () => {
  const rule = (path, service) => ({ path, service, filters: [{ fault: { delay: { time: "20ms" } } }, { mirror: { service: "shadow" } }] });
  const rules = [rule("/a", "users"), rule("/b", "next"), { path: "/plain", service: "users" }];
  await running(await all(gateway(rules)), async (_, { send }) => {
    const asked = Array.from({ length: 60 }, (_, i) => [["/a", "users"], ["/b", "next"], ["/plain", "users"]][i % 3]);
    const answers = await Promise.all(asked.map(([path], i) => send(path, path === "/plain" ? {} : { method: "POST", body: `${i}`.repeat(100) }).then((answer) => answer.text())));
    assert.deepEqual(answers, asked.map(([, service]) => service));
  });
});

test("a fallback that cannot be asked, or is asked twice, leaves the request's own answer", async () => {
  const more = {
    nowhere: { endpoints: ["binding:NOT_HERE"] },
    retried: { endpoints: ["binding:NEXT"], retries: { attempts: 2, backoff: 0, budget: false }, breaker: false },
    small: { endpoints: ["binding:NEXT"], rateLimits: [{ requests: 1, per: "1h" }], breaker: false },
  };
  const rules = [
    { path: "/nowhere", service: "users", fallback: "nowhere" },
    { path: "/retried", service: "users", fallback: "retried" },
    { path: "/small", service: "users", fallback: "small" },
  ];
  const BROKEN = `export default { fetch: () => new Response("next failed", { status: 502 }) };`;
  await running([await gateway(rules, { more }), await worker("users", NAMED("users")), await worker("next", BROKEN), await worker("shadow", BROKEN)], async (fetch) => {
    for (const path of ["/nowhere", "/retried"]) {
      const own = await fetch(`${path}?fail=users`);
      assert.deepEqual([own.status, await own.text(), own.headers.get("mesh-reason")], [500, "users failed", null], path);
    }
  });
  await running(await all(gateway(rules, { more })), async (fetch) => {
    const answers = [];
    for (let i = 0; i < 3; i++) {
      answers.push(await (await fetch("/small?fail=users")).text());
    }
    assert.deepEqual(answers, ["next", "users failed", "users failed"], "the fallback's limit holds for what falls back to it");
  });
});

test("an own answer that stands is the last word where its attempts are used up", async () => {
  const more = { twice: { endpoints: ["binding:USERS"], retries: { attempts: 1, backoff: 1, budget: false }, breaker: false } };
  await running(await all(gateway([{ path: "/x", service: "twice", fallback: "next" }], { more })), async (fetch) => {
    const own = await fetch("/x?fail=users");
    assert.equal(await own.text(), "next");
  });
  const NO = `export default { fetch: () => new Response("no", { status: 500 }) };`;
  await running([await gateway([{ path: "/x", service: "twice", fallback: "next" }], { more }), await worker("users", NO), await worker("next", NO), await worker("shadow", NO)], async (fetch) => {
    const own = await fetch("/x");
    assert.deepEqual([own.status, await own.text(), own.headers.get("mesh-retry")], [500, "no", "never"]);
  });
});

test("what a service says of other origins does not add to what its rule allows", async () => {
  const rules = [{ service: "users", filters: [{ cors: { allowOrigins: ["https://shop.example"] } }] }];
  const first = await worker("gateway", GATEWAY, { config: { services: { users: {} }, routing: { rules } }, serviceBindings: { USERS: "users" } });
  const OPEN = `export default { fetch: () => new Response("", { headers: { "access-control-allow-origin": "*", "access-control-allow-credentials": "true" } }) };`;
  await running([first, await worker("users", OPEN)], async (fetch) => {
    const of = async (origin) => (await fetch("/x", { headers: { origin } })).headers;
    assert.equal((await of("https://evil.example")).get("access-control-allow-origin"), null);
    const allowed = await of("https://shop.example");
    assert.deepEqual([allowed.get("access-control-allow-origin"), allowed.get("access-control-allow-credentials")], ["https://shop.example", null]);
  });
});

test("an upgrade is neither hedged nor mirrored", async () => {
  const SOCKETS = `
    let upgrades = 0;
    export default {
      async fetch(request) {
        if (request.headers.get("upgrade") !== "websocket") return Response.json(upgrades);
        upgrades += 1;
        await new Promise((resolve) => setTimeout(resolve, 150));
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", ({ data }) => server.send(data));
        return new Response(null, { status: 101, webSocket: client });
      },
    };`;
  const users = { hedge: "20ms", retries: 0, breaker: false };
  const rules = [{ service: "users", filters: [{ mirror: { service: "shadow" } }] }];
  const first = await worker("gateway", GATEWAY, { config: { services: { users, shadow: {} }, routing: { rules } }, serviceBindings: { USERS: "users", SHADOW: "shadow" } });
  await running([first, await worker("users", SOCKETS), await worker("shadow", SOCKETS)], async (fetch, { mf }) => {
    const { webSocket } = await fetch("/x", { headers: { upgrade: "websocket" } });
    webSocket.accept();
    const echoed = new Promise((resolve) => webSocket.addEventListener("message", ({ data }) => resolve(data)));
    webSocket.send("hello");
    assert.equal(await echoed, "hello");
    webSocket.close();
    const count = async (name) => (await (await mf.getWorker(name)).fetch("http://x/")).json();
    assert.deepEqual([await count("users"), await count("shadow")], [1, 0]);
  });
});

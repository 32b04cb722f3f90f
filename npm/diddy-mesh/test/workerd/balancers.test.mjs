// Balancers given in code: what they are told, what they may choose, and what becomes of a bad choice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GATEWAY, running, worker } from "../harness.mjs";

const given = (balancers) =>
  GATEWAY.replace(`serviceName: "gateway",`, `serviceName: "gateway", balancers: { ${balancers} },`).replace("events.splice(0)", "events.splice(0).map((event) => ({ ...event, cause: String(event.cause) }))");
const NAMED = (name, status = 200) => `export default { fetch: () => new Response("${name}", { status: ${status} }) };`;
const endpoints = ["a", "b", "c"].map((name) => ({ address: `binding:${name.toUpperCase()}`, version: `1.0.${name.charCodeAt(0)}` }));
const users = { endpoints, loadBalancer: { type: "custom", name: "mine" }, retries: 0 };

const mesh = async (balancers, { service = users, bad } = {}) => [
  await worker("gateway", given(balancers), {
    config: { services: { aaa: {}, none: { endpoints: [] }, users: service, zzz: {} }, routing: { rules: [{ path: "/zzz", service: "zzz" }, { service: "users" }] } },
    serviceBindings: { A: "a", B: "b", C: "c", AAA: "a", ZZZ: "a" },
  }),
  ...(await Promise.all(["a", "b", "c"].map((name) => worker(name, NAMED(name, name === bad ? 503 : 200))))),
];
const texts = async (fetch, count, init) => {
  const found = [];
  for (let i = 0; i < count; i++) {
    found.push(await (await fetch("/x", init?.(i))).text());
  }
  return found.join("");
};
const failures = async (fetch) => (await (await fetch("/events")).json()).filter(({ type }) => type === "balancer_failed");

test("the code chooses by the request, among the endpoints of the service alone", async () => {
  const code = `mine: (candidates, { request, service }) => service === "users" && candidates.length === 3 ? candidates.findIndex(({ address }) => address === "binding:" + request.headers.get("x-to")) : 99`;
  await running(await mesh(code), async (fetch) => {
    assert.equal(await texts(fetch, 6, (i) => ({ headers: { "x-to": "CABBAC"[i] } })), "cabbac");
    assert.equal(await (await fetch("/zzz")).text(), "a", "another service has no such balancer");
    assert.deepEqual(await failures(fetch), []);
  });
});

test("it is told versions, what the engine proposes, and what the isolate knows", async () => {
  const code = `mine: (candidates, { proposed, stats }) => {
    const known = stats();
    const same = known.length === candidates.length && known.every(({ address, version }, i) => address === candidates[i].address && version === candidates[i].version);
    // Whichever had the fewest attempts: each its turn. The proposed one is counted already.
    const attempts = known.map(({ attempts }, i) => attempts - (i === proposed ? 1 : 0));
    return same && candidates.every(({ reachable }) => reachable) ? attempts.indexOf(Math.min(...attempts)) : 99;
  }`;
  await running(await mesh(code), async (fetch) => {
    assert.equal(await texts(fetch, 9), "abcabcabc");
    assert.deepEqual(await failures(fetch), []);
  });
});

test("a bad choice leaves the engine's, and an event says why", async () => {
  for (const [code, why] of [
    [`mine: () => { throw new Error("not today"); }`, /not today/],
    [`mine: () => 3`, /from 0 to 2/],
    [`mine: () => -1`, /from 0 to 2/],
    [`mine: () => 1.5`, /from 0 to 2/],
    [`mine: () => "1"`, /from 0 to 2/],
    [`mine: () => Promise.resolve(1)`, /from 0 to 2/],
    [`mine: () => null`, /from 0 to 2/],
    [`mine: 7`, /not a function/],
    [`other: () => 1`, /no balancer of that name/],
  ]) {
    await running(await mesh(code), async (fetch) => {
      assert.match(await texts(fetch, 3), /^[abc]{3}$/, code);
      const failed = await failures(fetch);
      assert.equal(failed.length, 3, code);
      assert.ok(failed.every(({ detail }) => detail === "mine"), code);
      assert.match(JSON.stringify(failed), why, code);
    });
  }
  await running(await mesh(`mine: () => undefined`), async (fetch) => {
    assert.match(await texts(fetch, 30), /^[abc]{30}$/);
    assert.deepEqual(await failures(fetch), []);
  });
});

test("an endpoint whose breaker is open is not taken, whatever the code says", async () => {
  const service = { ...users, breaker: { consecutiveFailures: 1, openTime: "1m" }, minReady: 1 };
  await running(await mesh(`mine: () => 1`, { service, bad: "b" }), async (fetch) => {
    assert.equal(await texts(fetch, 1), "b");
    assert.match(await texts(fetch, 10), /^[ac]{10}$/);
    assert.match(JSON.stringify(await failures(fetch)), /binding:B takes no traffic now/);
  });
});

test("each attempt is asked for, and a retry does not go back", async () => {
  const service = { ...users, retries: { attempts: 1, on: ["5xx"], backoff: 1, budget: false }, breaker: false };
  const code = `mine: (() => { const order = [1, 2]; let at = 0; return () => order[at++ % 2]; })()`;
  await running(await mesh(code, { service, bad: "b" }), async (fetch) => {
    assert.equal(await texts(fetch, 4), "cccc");
  });
});

test("code that asks flags, counters or services meanwhile changes nothing of the attempt at hand", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import { flags } from "diddy-mesh/flags";
    import config from "./mesh.snapshot";
    const events = [];
    const mine = (candidates, { request, stats }) => {
      flags(mesh).boolean("late", false, request);
      mesh.stats(); stats();
      mesh.fetch("zzz", "/inner").then((answer) => answer.text());
      flags(mesh).string("text", "", request);
      return request.headers.has("x-leave") ? undefined : 1;
    };
    const mesh = new DiddyMesh({ serviceName: "gateway", config, balancers: { mine }, onEvent: (event) => events.push(event) });
    export default { fetch: (request, env, ctx) => mesh.handle(request, { "/events": () => Response.json(events.splice(0)), "/stats": () => Response.json(mesh.stats()) }, env, ctx) };`;
  const secret = (name) => [{ requestHeaders: { set: { [name]: "1" } } }];
  const config = {
    services: { users, zzz: {} },
    flags: { text: "x", late: { rules: [{ variant: "on" }] } },
    routing: { rules: [{ path: "/zzz", backends: [{ service: "zzz", filters: secret("x-zzz") }, { service: "zzz", weight: 0, filters: secret("x-other") }] }, { path: "/*", service: "users", filters: [...secret("x-users"), { rewrite: { path: { prefix: "/new" } } }] }] },
  };
  const tells = `export default { fetch: (request) => Response.json([new URL(request.url).pathname, ...[...request.headers.keys()].filter((name) => /^x-(zzz|other|users)$/.test(name)), NAME]) };`;
  const gateway = await worker("gateway", source, { config, serviceBindings: { A: "a", B: "b", C: "c", ZZZ: "a" } });
  const others = await Promise.all(["a", "b", "c"].map((name) => worker(name, tells.replace("NAME", JSON.stringify(name)))));
  await running([gateway, ...others], async (fetch) => {
    for (let i = 0; i < 10; i++) {
      assert.deepEqual(await (await fetch("/x")).json(), ["/new/x", "x-users", "b"]);
      const left = await (await fetch("/x", { headers: { "x-leave": "1" } })).json();
      assert.deepEqual(left.slice(0, 2), ["/new/x", "x-users"]);
    }
    assert.deepEqual(await failures(fetch), []);
    const { services } = await (await fetch("/stats")).json();
    assert.ok(services.users.endpoints.every(({ inFlight }) => inFlight === 0), JSON.stringify(services.users));
  });
});

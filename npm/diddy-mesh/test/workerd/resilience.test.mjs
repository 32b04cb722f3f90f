import assert from "node:assert/strict";
import { test } from "node:test";
import { echo, GATEWAY, running, worker } from "../harness.mjs";

const gateway = (service, { bindings = { USERS: "users" }, source = GATEWAY, rules = [{ path: "/api/*", service: "users" }] } = {}) =>
  worker("gateway", source, { config: { services: { users: service }, routing: { rules } }, serviceBindings: bindings });
const eager = { endpoints: ["binding:USERS"], retries: { attempts: 3, backoff: 1, budget: false }, breaker: false };
const reasonOf = ({ status, headers }) => [status, headers.get("mesh-reason")];

test("a callee that fails n times is asked n + 1 times, and the answer names no reason", async () => {
  await running([await gateway(eager), await echo("users")], async (fetch) => {
    for (const [id, fail] of [["a", 1], ["b", 2], ["c", 3]]) {
      const answer = await fetch(`/api/x?fail=${fail}&id=${id}`);
      assert.deepEqual(reasonOf(answer), [200, null]);
      assert.equal((await answer.json()).call, fail + 1);
    }
    const spent = await fetch("/api/x?fail=9&id=d");
    assert.equal(spent.status, 503);
    assert.equal(await spent.text(), "failure 4");
  });
});

test("a small body is sent again whole; a stream is sent once, and the event says why", async () => {
  await running([await gateway({ ...eager, retries: { ...eager.retries, methods: ["any"] } }), await echo("users")], async (_, { send: fetch }) => {
    const body = "x".repeat(10_000);
    const answer = await (await fetch("/api/x?fail=2&id=a", { method: "POST", body })).json();
    assert.deepEqual([answer.call, answer.body], [3, body]);

    await (await fetch("/events")).text();
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("a stream"));
        controller.close();
      },
    });
    const once = await fetch("/api/x?fail=2&id=b", { method: "POST", body: stream, duplex: "half" });
    assert.equal(once.status, 503);
    assert.equal(await once.text(), "failure 1");
    const events = await (await fetch("/events")).json();
    assert.ok(events.some(({ type, detail }) => type === "retry_denied" && detail === "body_not_replayable"), JSON.stringify(events));

    const large = await fetch("/api/x?fail=1&id=c", { method: "POST", body: "y".repeat(100_000) });
    assert.equal(large.status, 503);
  });
});

test("a POST is not retried without an Idempotency-Key", async () => {
  await running([await gateway(eager), await echo("users")], async (_, { send: fetch }) => {
    assert.equal((await fetch("/api/x?fail=1&id=a", { method: "POST", body: "1" })).status, 503);
    assert.equal((await fetch("/api/x?fail=1&id=b", { method: "POST", body: "1", headers: { "idempotency-key": "k" } })).status, 200);
    assert.equal((await fetch("/api/x?fail=1&id=c", { method: "DELETE" })).status, 200);
  });
});

test("attempts and requests end in time", async () => {
  const slow = { endpoints: ["binding:USERS"], timeout: { request: 400, attempt: 40 }, retries: { attempts: 1, backoff: 1, budget: false }, breaker: false };
  await running([await gateway(slow), await echo("users")], async (fetch) => {
    const began = performance.now();
    const late = await fetch("/api/x?wait=10000&id=a");
    assert.equal(late.status, 504);
    assert.ok(["timeout", "deadline"].includes(late.headers.get("mesh-reason")));
    assert.ok(performance.now() - began < 5000);
    const seen = await (await fetch("/api/x?id=a")).json();
    assert.equal(seen.call >= 3, true, "the timed-out attempt was made twice");
  });
  await running([await gateway({ ...slow, timeout: 30, retries: 0 }), await echo("users")], async (fetch) => {
    assert.equal((await fetch("/api/x?wait=10000")).status, 504);
    const late = await fetch("/api/x", { headers: { "mesh-timeout-ms": "20", "mesh-depth": "1" } });
    const { headers } = await late.json();
    assert.equal(headers["mesh-timeout-ms"], "30", "a stranger's deadline is dropped, ours goes out");
    assert.equal(headers["mesh-depth"], "2");
  });
});

test("a callee that throws is a 502 with its reason", async () => {
  await running([await gateway({ endpoints: ["binding:USERS"], retries: 0, breaker: false }), await echo("users")], async (fetch) => {
    assert.deepEqual(reasonOf(await fetch("/api/x?throw=9&id=a")), [502, "upstream_exception"]);
  });
});

test("without an endpoint there is a 503 that says which kind of none", async () => {
  const cases = [
    [{ endpoints: [] }, { USERS: "users" }, "no_endpoint"],
    [{ endpoints: ["binding:OTHER"] }, { USERS: "users" }, "no_endpoint"],
    [{ endpoints: [{ address: "binding:USERS", health: "unhealthy" }], minReady: 0 }, { USERS: "users" }, "no_healthy_endpoint"],
  ];
  for (const [service, bindings, reason] of cases) {
    await running([await gateway(service, { bindings }), await echo("users")], async (fetch) => {
      assert.deepEqual(reasonOf(await fetch("/api/x")), [503, reason]);
    });
  }
});

test("a breaker opens, refuses, and its state is in the counters and events", async () => {
  const service = { endpoints: ["binding:USERS"], retries: 0, breaker: { consecutiveFailures: 3, openTime: "60s" }, minReady: 0 };
  await running([await gateway(service), await echo("users")], async (fetch) => {
    for (let i = 0; i < 3; i++) {
      assert.equal((await fetch("/api/x?fail=9&id=a&with=500")).status, 500);
    }
    assert.deepEqual(reasonOf(await fetch("/api/x")), [503, "breaker_open"]);
    const { services, traps } = await (await fetch("/stats")).json();
    assert.equal(traps, 0);
    assert.equal(services.users.requests, 4);
    assert.equal(services.users.endpoints[0].breaker, "open");
    assert.equal(services.users.endpoints[0].attempts, 3);
    const events = await (await fetch("/events")).json();
    assert.ok(events.some(({ type, service: name, endpoint }) => type === "breaker_opened" && name === "users" && endpoint === "binding:USERS"));
  });
});

test("traffic moves to the endpoint that works", async () => {
  const service = { endpoints: ["binding:USERS", "binding:BROKEN"], retries: { attempts: 2, backoff: 1, budget: false } };
  const broken = await worker("broken", `export default { fetch: () => new Response("broken", { status: 500 }) };`);
  await running([await gateway({ ...service, retries: { ...service.retries, on: ["5xx"] } }, { bindings: { USERS: "users", BROKEN: "broken" } }), await echo("users"), broken], async (fetch) => {
    for (let i = 0; i < 60; i++) {
      assert.equal((await fetch("/api/x")).status, 200);
    }
  });
});

test("a body that falls silent for longer than timeout.idle ends with an error; one that goes on passes, however long", async () => {
  const dribble = `
    export default {
      fetch(request) {
        const { searchParams } = new URL(request.url);
        const [chunks, pause, silent] = ["chunks", "pause", "silent"].map((name) => Number(searchParams.get(name)));
        let sent = 0;
        return new Response(new ReadableStream({
          async pull(to) {
            if (sent === chunks) {
              return to.close();
            }
            await new Promise((resolve) => setTimeout(resolve, silent && sent === 1 ? 30_000 : pause));
            to.enqueue(new TextEncoder().encode("chunk " + sent++ + "\\n"));
          },
        }), { headers: { "x-kept": "yes" } });
      },
    };`;
  const reader = `
    export default {
      async fetch(request, env) {
        const answer = await env.GATEWAY.fetch(request);
        const text = await answer.text().catch((error) => "ended: " + error.message);
        return new Response(text, answer);
      },
    };`;
  const service = { ...eager, timeout: { idle: 250 } };
  const workers = [await worker("reader", reader, { serviceBindings: { GATEWAY: "gateway" } }), await gateway(service), await worker("users", dribble)];
  await running(workers, async (fetch) => {
    const whole = await fetch("/api/x?chunks=12&pause=40");
    assert.equal(whole.headers.get("x-kept"), "yes");
    assert.equal((await whole.text()).split("\n").length, 13);
    const cut = await fetch("/api/x?chunks=2&pause=1&silent=1");
    assert.deepEqual([cut.status, await cut.text()], [200, "ended: binding:USERS sent nothing for 250 ms"]);
    // The first call hands out what was noticed after the answer.
    await (await fetch("/events")).text();
    const events = await (await fetch("/events")).json();
    assert.ok(events.some(({ type, endpoint, detail }) => type === "body_ended" && endpoint === "binding:USERS" && detail.includes("sent nothing for 250 ms")), JSON.stringify(events));
  });
});

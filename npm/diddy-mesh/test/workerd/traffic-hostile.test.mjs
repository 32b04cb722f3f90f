// What rules and options may ask of the host that is odd but allowed, and what options do that they should not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { echo, GATEWAY, running, worker } from "../harness.mjs";

const service = { retries: 0, breaker: false };
const gateway = (rules, { source = GATEWAY, users = service } = {}) =>
  worker("gateway", source, { config: { services: { users }, routing: { rules } }, serviceBindings: { USERS: "users" } });
const given = (options) => GATEWAY.replace(`serviceName: "gateway",`, `serviceName: "gateway", ${options}`);
const PATHS = `export default { fetch: (request) => new Response(new URL(request.url).pathname) };`;

test("a rule's own answer and a fault have any status, with headers and body where it takes one", async () => {
  const direct = (status, more) => ({ path: `/direct/${status}`, filters: [{ directResponse: { status, headers: { location: "/x", "x-a": "1" }, ...more } }] });
  const abort = (status) => ({ path: `/abort/${status}`, service: "users", filters: [{ fault: { abort: { status } } }] });
  const rules = [...[200, 302, 404, 405].map((status) => direct(status, { body: "said" })), ...[204, 304].map((status) => direct(status)), ...[200, 204, 205, 301, 304, 405, 599].map(abort)];
  await running([await gateway(rules), await worker("users", PATHS)], async (fetch) => {
    for (const status of [200, 302, 404, 405, 204, 304]) {
      const answer = await fetch(`/direct/${status}`);
      const body = [204, 304].includes(status) ? "" : "said";
      assert.deepEqual([answer.status, await answer.text(), answer.headers.get("location"), answer.headers.get("x-a"), answer.headers.get("mesh-reason")], [status, body, "/x", "1", null]);
    }
    for (const status of [200, 204, 205, 301, 304, 405, 599]) {
      const answer = await fetch(`/abort/${status}`);
      assert.deepEqual([answer.status, answer.headers.get("mesh-reason"), answer.headers.get("location"), answer.headers.get("allow")], [status, "fault_injected", null, null]);
    }
  });
});

test("requests that wait at the same time keep their paths", async () => {
  const rules = [{ path: "/from/*", service: "users", filters: [{ fault: { delay: { time: "40ms" } } }, { rewrite: { path: { prefix: "/to" } } }] }, { path: "/at-once/*", service: "users" }];
  await running([await gateway(rules), await worker("users", PATHS)], async (fetch) => {
    const text = async (path) => (await fetch(path)).text();
    const all = ["/from/a", "/from/b", "/at-once/c", "/from//d", "/at-once/./e", "/from/f"];
    assert.deepEqual(await Promise.all(all.map(text)), ["/to/a", "/to/b", "/at-once/c", "/to/d", "/at-once/e", "/to/f"]);
  });
});

test("a service that refuses says itself when to come back", async () => {
  const REFUSES = `export default { fetch: () => new Response("no", { status: 429, headers: { "retry-after": "77", "mesh-reason": "rate_limited" } }) };`;
  const rules = [{ service: "users", rateLimits: [{ requests: 1, per: "1h", by: { header: "x-user" } }] }];
  await running([await gateway(rules), await worker("users", REFUSES)], async (fetch) => {
    for (const user of ["a", "b"]) {
      const theirs = await fetch("/x", { headers: { "x-user": user } });
      assert.deepEqual([theirs.status, theirs.headers.get("retry-after"), await theirs.text()], [429, "77", "no"]);
      const ours = await fetch("/x", { headers: { "x-user": user } });
      assert.equal(ours.status, 429);
      assert.ok(Number(ours.headers.get("retry-after")) > 3_000, ours.headers.get("retry-after"));
    }
  });
});

test("a principal or tenant that throws or is no text counts as none, and harms nobody", async () => {
  const rules = [{ service: "users", rateLimits: [{ name: "p", requests: 2, per: "1h", by: "principal" }, { name: "t", requests: 100, per: "1h", by: "tenant" }, { name: "h", requests: 3, per: "1h", by: { header: "x-user" } }] }];
  for (const [name, said] of Object.entries({
    "throws an error": "{ throw new Error('not today'); }",
    "throws nothing": "{ throw undefined; }",
    "a number": "7",
    "a list": "['a', 'b']",
    "an object": "({ length: 5 })",
    "a promise": "Promise.resolve('a')",
    "true": "true",
    "a symbol": "Symbol('a')",
    "a text object": "new String('a')",
    "null": "null",
  })) {
    const source = given(`principal: () => ${said}, tenant: () => ${said},`);
    await running([await gateway(rules, { source }), await worker("users", PATHS)], async (fetch) => {
      const statuses = [];
      for (const user of ["a", "b", "c"]) {
        statuses.push((await fetch("/x", { headers: { "x-user": user } })).status);
      }
      assert.deepEqual(statuses, [200, 200, 429], name);
      const events = await (await fetch("/events")).json();
      const failed = events.filter(({ type }) => type === "identity_failed");
      assert.equal(failed.length, name === "null" ? 0 : 6, name);
      assert.ok(!events.some(({ type }) => type === "trap"), name);
    });
  }
});

test("texts of any kind are keys of their own", async () => {
  const rules = [{ service: "users", rateLimits: [{ name: "p", requests: 1, per: "1h", by: "principal" }] }];
  const source = given(`principal: (request) => JSON.parse(request.headers.get("x-said")),`);
  await running([await gateway(rules, { source }), await worker("users", PATHS)], async (fetch) => {
    const ask = async (said) => (await fetch("/x", { headers: { "x-said": JSON.stringify(said).replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`) } })).status;
    for (const said of ["a", "A", "\0", "ü", "\ud800", "👋", "x".repeat(5_000), "a\r\nb"]) {
      assert.deepEqual([await ask(said), await ask(said)], [200, 429], JSON.stringify(said).slice(0, 20));
    }
  });
});

test("a predicate that answers with no boolean asks for nothing", async () => {
  const users = { retries: { attempts: 2, on: [{ predicate: "odd" }], backoff: 1, budget: false }, breaker: false };
  for (const [said, calls] of [["true", 3], ["false", 1], ["Promise.resolve(true)", 1], ["'true'", 1], ["1", 1], ["undefined", 1], ["({})", 1], ["{ throw null; }", 1]]) {
    const first = await gateway([{ service: "users" }], { users, source: given(`predicates: { odd: () => ${said} },`) });
    await running([first, await echo("users")], async (fetch) => {
      const answer = await fetch("/x?id=a");
      assert.deepEqual([answer.status, (await answer.json()).call], [200, calls], said);
      const events = await (await fetch("/events")).json();
      assert.equal(events.some(({ type }) => type === "predicate_failed"), said !== "true" && said !== "false", said);
    });
  }
});

test("names that every object has are no predicates", async () => {
  const users = { retries: { attempts: 2, on: [{ predicate: "constructor" }, { predicate: "tostring" }], backoff: 1, budget: false }, breaker: false };
  await running([await gateway([{ service: "users" }], { users, source: given("predicates: {},") }), await echo("users")], async (fetch) => {
    assert.equal((await (await fetch("/x?id=a")).json()).call, 1);
  });
});

test("a slow attempt that asks for another leaves the answer to its hedge", async () => {
  const users = { hedge: "30ms", retries: { attempts: 1, on: ["rateLimited"], backoff: 1, budget: false }, breaker: false, timeout: "5s" };
  const TURNS = `
    let calls = 0;
    export default {
      async fetch() {
        const call = ++calls;
        await new Promise((resolve) => setTimeout(resolve, call === 1 ? 120 : 300));
        return new Response(String(call), { status: call === 1 ? 429 : 200 });
      },
    };`;
  await running([await gateway([{ service: "users" }], { users }), await worker("users", TURNS)], async (fetch) => {
    const answer = await fetch("/x");
    assert.deepEqual([answer.status, await answer.text()], [200, "2"]);
    const events = await (await fetch("/events")).json();
    assert.equal(events.filter(({ type }) => type === "request_end").length, 1);
  });
});

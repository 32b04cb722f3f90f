import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { GATEWAY, running, worker } from "../harness.mjs";

const to = (address, service = {}) => ({ services: { it: { endpoints: [address], retries: 0, breaker: false, ...service } }, routing: { rules: [{ service: "it" }] } });

/** A server on the loopback address while `use` runs. */
async function serving(answer, use) {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a Durable Object, one key each, with a fresh stub after it broke", async () => {
  const source = `
    ${GATEWAY}
    export class Room {
      constructor(ctx) { this.ctx = ctx; this.calls = 0; }
      async fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/abort") { this.ctx.abort("broken"); }
        return Response.json({ id: this.ctx.id.name ?? null, pathname, calls: ++this.calls });
      }
    }`;
  await running([await worker("gateway", source, { config: to("do:ROOM/lobby"), durableObjects: { ROOM: "Room" } })], async (fetch) => {
    assert.equal((await (await fetch("/a?b=1")).json()).calls, 1);
    assert.equal((await (await fetch("/a")).json()).calls, 2);
    assert.ok((await fetch("/abort")).status >= 500);
    assert.equal((await (await fetch("/a")).json()).calls, 1);
  });
});

test("bindings that are no service bindings, as objects of env", async () => {
  const source = (config) => `
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const mesh = new DiddyMesh({ serviceName: "gateway", config });
    const tell = (kind) => ({ fetch: (request, init) => Promise.resolve(new Response([kind, request.url, request.redirect, init?.signal instanceof AbortSignal].join(" "))) });
    const env = {
      VPC: tell("vpc"), CERT: tell("mtls"),
      TENANTS: { get: (name) => (name === "gone" ? { fetch: () => Promise.reject(new Error("Worker not found.")) } : tell("dispatch:" + name)) },
      TEXT: "text",
    };
    export default { fetch: (request) => mesh.handle(request, undefined, env) };`;
  const cases = [
    ["vpc:VPC/db.internal:8080", "vpc http://db.internal:8080/a/b?c=1 manual true"],
    ["mtls:CERT/https://bank.test/api", "mtls https://bank.test/api/a/b?c=1 manual true"],
    ["dispatch:TENANTS/acme", "dispatch:acme http://mesh.test/a/b?c=1 manual false"],
    ["dispatch:TENANTS/gone", "connect_failure\n"],
    ["binding:TEXT", "no_endpoint\n"],
    ["binding:ABSENT", "no_endpoint\n"],
  ];
  for (const [address, expected] of cases) {
    await running([await worker("gateway", source(), { config: to(address) })], async (fetch) => {
      assert.equal(await (await fetch("/a/b?c=1")).text(), expected, address);
    });
  }
});

test("a URL that nobody answers is a 502", async () => {
  let closed;
  await serving(() => undefined, (origin) => (closed = origin));
  await running([await worker("gateway", GATEWAY, { config: to(closed) })], async (fetch) => {
    const answer = await fetch("/x");
    assert.equal(answer.status, 502);
    assert.ok(["connect_failure", "reset"].includes(answer.headers.get("mesh-reason")));
  });
});

test("a URL that takes too long is aborted", async () => {
  let aborted;
  const gone = new Promise((resolve) => (aborted = resolve));
  await serving((request) => request.on("close", aborted), async (origin) => {
    await running([await worker("gateway", GATEWAY, { config: to(origin, { timeout: 50 }) })], async (fetch) => {
      assert.equal((await fetch("/x")).status, 504);
      await gone;
    });
  });
});

test("Cloudflare's error 1042 becomes an error that names the fix", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const events = [];
    const mesh = new DiddyMesh({ serviceName: "gateway", config, onEvent: (event) => events.push(event) });
    export default {
      fetch: (request, env, ctx) =>
        mesh.handle(request, {
          "/called": (_, { fetch }) => fetch("it", "/x").catch((error) => new Response(error.code + ": " + error.message)),
          "/events": () => Response.json(events.filter(({ type }) => type === "misconfigured").map(({ error }) => error.code)),
        }, env, ctx),
    };`;
  const refused = (_, response) => response.writeHead(404, { "content-type": "text/plain; charset=UTF-8", "content-length": "16" }).end("error code: 1042");
  await serving(refused, async (origin) => {
    await running([await worker("gateway", source, { config: to(origin) })], async (fetch) => {
      const answer = await fetch("/ruled");
      assert.deepEqual([answer.status, answer.headers.get("mesh-reason")], [502, "connect_failure"]);
      assert.match(await (await fetch("/called")).text(), /^same_zone_fetch: .*binding:NAME/);
      assert.deepEqual(await (await fetch("/events")).json(), ["same_zone_fetch", "same_zone_fetch"]);
    });
  });
  const other = (_, response) => response.writeHead(404, { "content-type": "text/plain", "content-length": "16" }).end("nothing is here.");
  await serving(other, async (origin) => {
    await running([await worker("gateway", source, { config: to(origin) })], async (fetch) => {
      const answer = await fetch("/ruled");
      assert.deepEqual([answer.status, await answer.text()], [404, "nothing is here."]);
    });
  });
});

test("two Workers that send to each other are stopped after sixteen hops", async () => {
  const ring = (other) => worker(other === "b" ? "a" : "b", GATEWAY.replace("config,", "config, propagate: true, callers: \"mesh\","), { config: to("binding:OTHER"), serviceBindings: { OTHER: other } });
  await running([await ring("b"), await ring("a")], async (fetch) => {
    const answer = await fetch("/x");
    assert.deepEqual([answer.status, answer.headers.get("mesh-reason")], [508, "depth_exceeded"]);
  });
});

test("whatever a service in the same Worker throws or answers, the request gets an answer at once", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const made = [() => { throw { message: 42 }; }, () => { throw null; }, () => { throw Symbol("x"); }, () => undefined, () => "text", () => Promise.reject({ cause: { code: {} } })];
    let turn = 0;
    const mesh = new DiddyMesh({ serviceName: "gateway", config, local: { ODD: { fetch: () => made[turn++]() } } });
    export default { fetch: (request, env, ctx) => new URL(request.url).pathname === "/left" ? Response.json([turn, made.length, mesh.stats().services.it.endpoints[0].inFlight, mesh.traps]) : mesh.handle(request, {}, env, ctx) };`;
  await running([await worker("gateway", source, { config: to("local:ODD", { timeout: "60s" }) })], async (fetch) => {
    for (let turn = 0; turn < 6; turn++) {
      const answer = await fetch("/");
      assert.deepEqual([answer.status, answer.headers.get("mesh-reason")], [502, "upstream_exception"], String(turn));
    }
    assert.deepEqual(await (await fetch("/left")).json(), [6, 6, 0, 0]);
  });
});

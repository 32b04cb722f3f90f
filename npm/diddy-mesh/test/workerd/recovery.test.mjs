import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOrThrow } from "diddy-mesh/config";
import { echo, running, worker } from "../harness.mjs";

const config = { services: { users: { endpoints: ["binding:USERS"] } }, routing: { rules: [{ path: "/api/*", service: "users" }] } };

test("a trap costs its request retries, not the answer; it is counted, and the next requests are served", async () => {
  const source = `
    import { corrupt } from "./fixtures/memory.mjs";
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const events = [];
    const mesh = new DiddyMesh({ serviceName: "gateway", config, onEvent: ({ type }) => events.push(type) });
    export default {
      fetch(request, env, ctx) {
        if (request.headers.has("x-corrupt")) corrupt();
        return mesh.handle(request, {
          "/hello": () => new Response("hello"),
          "/call": (_, { fetch }) => fetch("users", "/called"),
          "/traps": () => Response.json([mesh.traps, mesh.stats().traps, events.filter((type) => type === "engine_trap").length]),
        }, env, ctx);
      },
    };`;
  await running([await worker("gateway", source, { config, serviceBindings: { USERS: "users" } }), await echo("users")], async (fetch) => {
    assert.equal((await fetch("/api/1")).status, 200);
    let traps = 0;
    for (const path of ["/api/2", "/hello", "/call"]) {
      const met = await fetch(path, { headers: { "x-corrupt": "1" } });
      traps += 1;
      assert.deepEqual([met.status, met.headers.get("mesh-reason")], [200, null], path);
      for (const next of ["/api/3", "/hello", "/call"]) {
        assert.equal((await fetch(next)).status, 200, `${next} after ${path}`);
      }
      assert.deepEqual(await (await fetch("/traps")).json(), [traps, traps, traps]);
    }
  });
});

test("a trap while an attempt is under way delivers its answer", async () => {
  const source = `
    import { corrupt } from "./fixtures/memory.mjs";
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const inner = { async fetch(request) { if (new URL(request.url).pathname === "/api/corrupt") corrupt(); return new Response("inner"); } };
    const mesh = new DiddyMesh({ serviceName: "gateway", config, local: { INNER: inner } });
    export default { fetch: (request, env, ctx) => mesh.handle(request, { "/traps": () => Response.json(mesh.traps) }, env, ctx) };`;
  const document = { services: { inner: { endpoints: ["local:INNER"] } }, routing: { rules: [{ service: "inner" }] } };
  await running([await worker("gateway", source, { config: document })], async (fetch) => {
    for (const path of ["/api/x", "/api/corrupt", "/api/x"]) {
      assert.equal(await (await fetch(path)).text(), "inner");
    }
    assert.equal(await (await fetch("/traps")).json(), 1);
  });
});

test("a broken Snapshot that was bundled is an error that says so", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const mesh = new DiddyMesh({ serviceName: "gateway", config });
    export default {
      fetch: (request, env, ctx) => mesh.handle(request, {}, env, ctx).catch((error) => new Response(error.code + " " + error.message)),
    };`;
  const good = compileOrThrow(config);
  const cases = { empty: new Uint8Array(0), cut: good.slice(0, good.length - 3), flipped: good.map((byte, i) => (i === good.length - 1 ? byte ^ 1 : byte)), text: new TextEncoder().encode("{}") };
  for (const [name, bytes] of Object.entries(cases)) {
    await running([await worker("gateway", source, { data: { "mesh.snapshot": bytes } })], async (fetch) => {
      assert.match(await (await fetch("/x")).text(), /^invalid_snapshot /, name);
    });
  }
});

test("importing and constructing at module scope has no effect but the wasm instance", async () => {
  const source = `
    const forbidden = (name) => () => { throw new Error(name + " at module scope"); };
    const real = { random: Math.random, now: Date.now, perf: performance.now };
    Math.random = forbidden("Math.random");
    Date.now = forbidden("Date.now");
    performance.now = forbidden("performance.now");
    const { DiddyMesh } = await import("diddy-mesh");
    const mesh = new DiddyMesh({ serviceName: "s", registry: "kv", observability: true });
    const plain = new DiddyMesh({ serviceName: "s" });
    Object.assign(Math, { random: real.random });
    Date.now = real.now;
    performance.now = real.perf;
    export default { fetch: (request, env, ctx) => plain.handle(request, { "/": () => new Response("served") }) };`;
  const bare = `
    import { DiddyMesh } from "diddy-mesh";
    import { DiddyMesh as Core } from "diddy-mesh/core";
    import { compile } from "diddy-mesh/config";
    const mesh = new DiddyMesh({ serviceName: "s", registry: "kv", observability: true });
    export default { fetch: () => new Response([typeof mesh.handle, typeof Core, typeof compile].join()) };`;
  await running([await worker("bare", bare)], async (fetch) => {
    assert.equal(await (await fetch("/")).text(), "function,function,function");
  });
  await running([await worker("guarded", source)], async (fetch) => {
    assert.equal(await (await fetch("/")).text(), "served");
  });
});

test("a document is compiled at run time where the compiler is imported, and asked for where it is not", async () => {
  const source = (imports) => `
    ${imports}
    import { DiddyMesh } from "diddy-mesh";
    export default {
      async fetch(request, env, ctx) {
        try {
          const config = JSON.parse(request.headers.get("x-config"));
          return await new DiddyMesh({ serviceName: "gateway", config }).handle(request, {}, env, ctx);
        } catch (error) {
          return Response.json({ code: error.code, diagnostics: error.diagnostics, message: error.message });
        }
      },
    };`;
  const withConfig = await worker("gateway", source(`import "diddy-mesh/config";`), { serviceBindings: { USERS: "users" } });
  await running([withConfig, await echo("users")], async (fetch) => {
    const headers = { "x-config": JSON.stringify(config) };
    for (let i = 0; i < 3; i++) {
      assert.equal((await (await fetch("/api/x", { headers })).json()).call, i + 1);
    }
    const broken = await (await fetch("/api/x", { headers: { "x-config": `{"services":{"users":{"retires":3}}}` } })).json();
    assert.equal(broken.code, "invalid_config");
    assert.equal(broken.diagnostics[0].path, "services.users.retires");
  });
  await running([await worker("gateway", source(""))], async (fetch) => {
    const refused = await (await fetch("/", { headers: { "x-config": "{}" } })).json();
    assert.equal(refused.code, "config_needs_compiler");
  });
});

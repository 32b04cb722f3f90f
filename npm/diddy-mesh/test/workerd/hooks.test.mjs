import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOrThrow } from "diddy-mesh/config";
import { running, worker } from "../harness.mjs";

const snapshot = (endpoints) => compileOrThrow({ services: { users: { endpoints, retries: 0, breaker: { consecutiveFailures: 1 }, minReady: 0 } }, routing: { rules: [{ service: "users" }] } });

test("each hook hears of its own kind, and one that throws keeps no other from hearing", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import { hooks } from "diddy-mesh/hooks";
    import first from "./first.snapshot";
    import second from "./second.snapshot";
    let now = { value: new Uint8Array(first), metadata: { version: 1 } };
    const registry = { read: async () => now, freshMs: 1 };
    const heard = [];
    const hear = (name) => (what) => { heard.push([name, what]); throw new Error("nobody minds"); };
    const onEvent = hooks({ onStart: () => hear("start")(), onSnapshot: ({ version }) => hear("snapshot")(version), onEndpointChange: hear("endpoint"), onBreaker: hear("breaker"), onEvent: () => { throw new Error("first"); } });
    const mesh = new DiddyMesh({ serviceName: "gateway", registry, onEvent });
    export default {
      fetch: (request, env, ctx) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/swap") { now = { value: new Uint8Array(second), metadata: { version: 2 } }; return new Response(); }
        return pathname === "/heard" ? Response.json(heard) : mesh.handle(request, {}, env, ctx);
      },
    };`;
  const data = { "first.snapshot": snapshot([{ address: "binding:BAD" }, { address: "binding:OLD" }]), "second.snapshot": snapshot([{ address: "binding:BAD", health: "draining" }, { address: "binding:NEW" }]) };
  const bad = await worker("bad", `export default { fetch: () => new Response("", { status: 500 }) };`);
  await running([await worker("gateway", source, { data, serviceBindings: { BAD: "bad", OLD: "bad", NEW: "bad" } }), bad], async (fetch) => {
    const heard = async () => (await fetch("/heard")).json();
    for (let i = 0; i < 4; i++) {
      await (await fetch("/x")).text();
    }
    const before = await heard();
    assert.deepEqual(before.slice(0, 2), [["start", null], ["snapshot", 0]]);
    const opened = before.filter(([name]) => name === "breaker").map(([, { address, reason, service, state }]) => [service, address, state, reason]);
    assert.ok(opened.some(([service, address, state, reason]) => service === "users" && address === "binding:BAD" && state === "open" && reason === "consecutive_failures"), JSON.stringify(opened));
    assert.ok(before.every(([name]) => name !== "endpoint"), "what was there from the start is no change");
    await fetch("/swap");
    let changes = [];
    for (let i = 0; i < 200 && changes.length < 3; i++) {
      await (await fetch("/x")).text();
      changes = (await heard()).filter(([name]) => name === "endpoint").map(([, { address, change }]) => `${address} ${change}`);
    }
    assert.deepEqual(changes.sort(), ["binding:BAD draining", "binding:NEW added", "binding:OLD removed"]);
  });
});

test("exporters get all events in batches, may send them on, and do not harm each other", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import { hooks } from "diddy-mesh/hooks";
    import config from "./mesh.snapshot";
    let env;
    const batches = [];
    const exporters = [
      { export: () => { throw new Error("full"); } },
      { export: async () => { throw new Error("full, later"); } },
      // Sent after a wait, by the request that the events belong to.
      { export: async (events) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          await env.SINK.fetch("https://sink/", { method: "POST", body: JSON.stringify(events.map(({ type }) => type)) });
          batches.push(events.length);
        } },
    ];
    const mesh = new DiddyMesh({ serviceName: "gateway", config, onEvent: hooks({ exporters }) });
    export default {
      fetch: (request, bindings, ctx) => {
        env = bindings;
        return new URL(request.url).pathname === "/batches" ? Response.json(batches) : mesh.handle(request, {}, bindings, ctx);
      },
    };`;
  const sink = `const seen = []; export default { fetch: async (request) => { if (request.method === "POST") seen.push(...await request.json()); return Response.json(seen); } };`;
  const config = { services: { users: {} }, routing: { rules: [{ path: "/sink", service: "sink" }, { service: "users" }] } };
  config.services.sink = {};
  const gateway = await worker("gateway", source, { config, serviceBindings: { USERS: "users", SINK: "sink" } });
  await running([gateway, await worker("users", `export default { fetch: () => new Response("ok") };`), await worker("sink", sink)], async (fetch) => {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => (await fetch("/x")).text()));
    assert.deepEqual(new Set(answers), new Set(["ok"]));
    let seen = [];
    for (let i = 0; i < 100 && seen.filter((type) => type === "request_end").length < 20; i++) {
      seen = await (await fetch("/sink")).json();
    }
    assert.ok(seen.filter((type) => type === "request_end").length >= 20, JSON.stringify(seen));
    const batches = await (await fetch("/batches")).json();
    assert.ok(batches.length > 0 && batches.every((size) => size > 0));
  });
});

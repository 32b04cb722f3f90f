import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOrThrow } from "diddy-mesh/config";
import { sealed } from "../fixtures/seal.mjs";
import { running, worker } from "../harness.mjs";

const to = (service) => compileOrThrow({ services: { [service]: { endpoints: [`binding:${service.toUpperCase()}`] } }, routing: { rules: [{ service }] } });
const name = (text) => worker(text, `export default { fetch: () => new Response("${text}") };`);
const KEY = "mesh/v1/default/snapshot";

/** A KV namespace that counts, and a clock that the test moves: the isolate's own. */
const source = (options) => `
  import { DiddyMesh } from "diddy-mesh";
  import config from "./mesh.snapshot";
  let skipped = 0;
  const now = performance.now.bind(performance);
  performance.now = () => now() + skipped;
  const events = [];
  let reads = 0;
  const counted = (kv) => kv && { getWithMetadata: (...args) => (reads++, kv.getWithMetadata(...args)) };
  let registry;
  export default {
    async fetch(request, env, ctx) {
      const url = new URL(request.url);
      if (url.pathname === "/skip") { skipped += Number(url.search.slice(1)); return new Response(); }
      if (url.pathname === "/told") return Response.json({ reads, events });
      registry ??= counted(env.KV);
      const mesh = new DiddyMesh({ serviceName: "gateway", config, onEvent: ({ type, detail }) => events.push([type, detail]), ${options} });
      return mesh.handle(request, {}, env, ctx);
    },
  };`;

const setup = async (options = "registry") => [
  await worker("gateway", source(options), { data: { "mesh.snapshot": to("bundled") }, kvNamespaces: ["KV"], serviceBindings: { BUNDLED: "bundled", FIRST: "first", SECOND: "second" } }),
  await name("bundled"),
  await name("first"),
  await name("second"),
];

test("a cold isolate waits once, then refreshes in the background", async () => {
  await running(await setup(), async (fetch, { mf }) => {
    const kv = await mf.getKVNamespace("KV");
    await kv.put(KEY, to("first"));
    assert.equal(await (await fetch("/")).text(), "first");
    await kv.put(KEY, to("second"));
    for (let i = 0; i < 5; i++) {
      assert.equal(await (await fetch("/")).text(), "first");
    }
    assert.equal((await (await fetch("/told")).json()).reads, 1);
    await fetch("/skip?31000");
    assert.equal(await (await fetch("/")).text(), "first", "the stale one serves while the new one is read");
    await until(async () => (await (await fetch("/")).text()) === "second");
    assert.equal((await (await fetch("/told")).json()).reads, 2);
  });
});

test("an empty registry leaves the bundled Snapshot, a broken one the last good", async () => {
  await running(await setup(), async (fetch, { mf }) => {
    assert.equal(await (await fetch("/")).text(), "bundled");
    const kv = await mf.getKVNamespace("KV");
    await kv.put(KEY, to("first"));
    await fetch("/skip?31000");
    await until(async () => (await (await fetch("/")).text()) === "first");
    await kv.put(KEY, to("second").slice(0, 40));
    await fetch("/skip?31000");
    const refused = ([type]) => type === "snapshot_refused" || type === "snapshot_rejected";
    await until(async () => {
      assert.equal(await (await fetch("/")).text(), "first");
      return (await (await fetch("/told")).json()).events.some(refused);
    });
    assert.equal(await (await fetch("/")).text(), "first");
    assert.ok((await (await fetch("/told")).json()).events.some(([type]) => type === "registry_empty"));
  });
});

test("a Snapshot that the engine takes and the host cannot read changes nothing, and a good one after it is taken", async () => {
  await running(await setup(), async (fetch, { mf }) => {
    const kv = await mf.getKVNamespace("KV");
    await kv.put(KEY, to("first"));
    assert.equal(await (await fetch("/")).text(), "first");
    for (const [from, made] of [['"services":', '"sirvices":'], ['["binding:SECOND"]', '[1234567890123456]'], ['"backends":{}', '"backends":[x'], ['"headers":[]', '"headers":{}']]) {
      await kv.put(KEY, sealed(to("second"), from, made));
      await fetch("/skip?31000");
      const before = (await (await fetch("/told")).json()).events.length;
      await until(async () => {
        assert.equal(await (await fetch("/")).text(), "first", made);
        return (await (await fetch("/told")).json()).events.slice(before).some(([type, detail]) => type === "snapshot_refused" && detail === "malformed");
      });
    }
    assert.ok((await (await fetch("/told")).json()).events.every(([type]) => type !== "engine_trap"));
    await kv.put(KEY, to("second"));
    await fetch("/skip?31000");
    await until(async () => (await (await fetch("/")).text()) === "second");
  });
});

test('registry: "kv" finds the namespace in env, and says so where it cannot', async () => {
  await running(await setup(`registry: "kv"`), async (fetch, { mf }) => {
    await (await mf.getKVNamespace("KV")).put(KEY, to("first"));
    assert.equal(await (await fetch("/")).text(), "first");
  });
  const tell = `
    import { DiddyMesh } from "diddy-mesh";
    const mesh = new DiddyMesh({ serviceName: "gateway", registry: "kv" });
    export default { fetch: (request) => mesh.handle(request).catch((error) => new Response(error.code + " " + error.message)) };`;
  for (const kvNamespaces of [[], ["A", "B"]]) {
    await running([await worker("gateway", tell, { kvNamespaces })], async (fetch) => {
      assert.match(await (await fetch("/")).text(), kvNamespaces.length === 0 ? /^registry_not_found .*no KV namespace/ : /^registry_not_found .*several KV namespaces \(A, B\)/);
    });
  }
});

test("a registry that fails or hangs does not keep requests", async () => {
  for (const kv of ["getWithMetadata: () => Promise.reject(new Error('down'))", "getWithMetadata: () => new Promise((resolve) => setTimeout(resolve, 60000, null))"]) {
    await running(await setup(`registry: (globalThis.kv ??= { ${kv} })`), async (fetch) => {
      assert.equal(await (await fetch("/")).text(), "bundled");
      assert.equal(await (await fetch("/")).text(), "bundled");
    });
  }
});

/** Asks again until it holds; each try is a request, so the isolate's own work goes on between. */
async function until(holds) {
  for (let i = 0; i < 200; i++) {
    if (await holds()) {
      return;
    }
  }
  assert.fail("it never came to hold");
}

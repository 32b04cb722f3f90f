// Discovery in real workerd: an object whose faults the test chooses, a KV namespace that counts, and a clock that the test moves.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as control from "../../wasm/control.js";
import { running, worker } from "../harness.mjs";
import { until } from "../registry.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const KEY = "mesh/v1/default/snapshot";
/** What the mesh lets a request wait for at most, and some more: this machine is busy. */
const BOUND_MS = 1_500;

control.initSync({ module: new WebAssembly.Module(readFileSync(here("../../wasm/control.wasm"))) });
const { outputFiles } = await build({ entryPoints: [here("../../src/discovery/seal.ts")], bundle: true, format: "esm", write: false, logLevel: "error" });
const { seal } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

/** A Snapshot of a version that sends everything to one service. */
function snapshot(service, version = 1) {
  const brain = new control.RegistryBrain(1, []);
  brain.resume(version - 1, 0);
  brain.configure({ services: { [service]: { endpoints: [`binding:${service.toUpperCase()}`] } }, routing: { rules: [{ service }] } }, 0);
  const { publication } = brain.publication();
  assert.equal(publication.version, version);
  return publication.snapshot;
}

const source = (options, serviceVersion = "1.4.0") => `
  import { DurableObject } from "cloudflare:workers";
  import { DiddyMesh } from "diddy-mesh";
  import { deregister, discovery, register } from "diddy-mesh/discovery";
  import config from "./mesh.snapshot";

  let skipped = 0;
  const now = performance.now.bind(performance);
  performance.now = () => now() + skipped;

  export class Faulty extends DurableObject {
    calls = [];
    mode = "good";
    set(mode) { this.mode = mode; }
    told() { return this.calls.splice(0); }
    publish(value, version) { this.published = { value, metadata: { version } }; }
    async act(call) {
      this.calls.push(call);
      if (this.mode === "throws") throw new Error("down");
      if (this.mode === "hangs") await new Promise((resolve) => setTimeout(resolve, 60000));
      if (this.mode === "overloaded") throw Object.assign(new Error("too busy"), { overloaded: true, retryable: true });
      if (this.mode === "retryable") { this.mode = "good"; throw Object.assign(new Error("try again"), { retryable: true }); }
      if (this.mode === "stays retryable") throw Object.assign(new Error("try again"), { retryable: true });
    }
    async snapshot(since = 0) {
      await this.act("snapshot " + since);
      return this.published?.metadata.version > since ? this.published : undefined;
    }
    async register(list) {
      await this.act("register " + list.map(({ address, service, ttl, version }) => [service, address, version, ttl].join(" ")).join(", "));
      return list.map(({ address }) => address.startsWith("bad:") ? { ok: false, diagnostics: [{ message: "address: not an address" }] } : { ok: true, id: "0123456789abcdef", diagnostics: [] });
    }
    async deregister(ids) { await this.act("deregister " + ids); return []; }
  }

  const events = [];
  const urls = new Set();
  let puts = 0;
  let cacheMode = "good";
  for (const name of ["match", "put"]) {
    const original = Cache.prototype[name];
    Cache.prototype[name] = function (url, ...rest) {
      urls.add(url);
      puts += name === "put" && url.endsWith("/snapshot") ? 1 : 0;
      return cacheMode === "hangs" ? new Promise((resolve) => setTimeout(resolve, 60000)) : original.call(this, url, ...rest);
    };
  }
  let kv;
  let kvMode = "good";
  let reads = 0;
  const writes = [];
  const wrapped = (real) => ({
    getWithMetadata: (...args) => {
      reads++;
      if (kvMode === "throws") throw new Error("KV is down");
      if (kvMode === "hangs") return new Promise((resolve) => setTimeout(resolve, 60000, { value: null, metadata: null }));
      return real.getWithMetadata(...args);
    },
    put: (key, value, options) => { writes.push([key, options]); return real.put(key, value, options); },
    delete: (key) => real.delete(key),
    list: (options) => real.list({ ...options, limit: 1 }),
  });

  const controls = {
    "/skip": (_, ms) => { skipped += Number(ms); },
    "/kv": (_, mode) => { kvMode = mode; },
    "/cache": (_, mode) => { cacheMode = mode; },
    "/forget": () => Promise.all([...urls].map((url) => caches.default.delete(url))),
    "/object": (stub, mode) => stub.set(decodeURIComponent(mode)),
    "/publish": async (stub, version, request) => stub.publish(new Uint8Array(await request.arrayBuffer()), Number(version)),
    "/told": async (stub) => ({ events: events.splice(0), reads, writes, puts, calls: stub && (await stub.told()), urls: [...urls] }),
  };
  export default {
    async fetch(request, env, ctx) {
      const { pathname, search } = new URL(request.url);
      const stub = env.MESH_REGISTRY_OBJECT?.getByName("default");
      if (pathname in controls) return Response.json((await controls[pathname](stub, search.slice(1), request)) ?? null);
      kv ??= env.KV && wrapped(env.KV);
      const serviceName = "order-service";
      const version = ${JSON.stringify(serviceVersion)};
      if (pathname === "/read") {
        const [inUse, wanted] = search.slice(1).split(",").map(Number);
        const scene = { mesh: "default", serviceName, serviceVersion: version, env, version: inUse, wanted, stats: () => ({}), shared: () => [], hint: () => undefined, news: () => undefined, waitUntil: (work) => ctx.waitUntil(work), emit: ({ type, detail }) => events.push([type, detail]) };
        const began = now();
        const found = await discovery(${options}).read(scene).then((one) => ({ version: one && one.metadata.version }), (error) => ({ error: error.message }));
        return Response.json({ ...found, ms: now() - began });
      }
      if (pathname === "/register") return Response.json(await register(env, await request.json(), ${options}));
      if (pathname === "/deregister") return Response.json(await deregister(env, await request.json(), ${options}));
      const mesh = new DiddyMesh({ serviceName, version, config, registry: discovery(${options}), onEvent: ({ type, detail }) => events.push([type, detail]) });
      return mesh.handle(request, {}, env, ctx);
    },
  };`;

const NAMES = ["bundled", "first", "second"];
/** A service that says its name; /hint?VERSION makes it say that version to its callers from then on. */
const named = (name) =>
  worker(name, `
    let version;
    export default {
      fetch(request) {
        const { pathname, search } = new URL(request.url);
        version = pathname === "/hint" ? search.slice(1) : version;
        return new Response("${name}", version && { headers: { "mesh-snapshot": version } });
      },
    };`);

const OBJECT = { durableObjects: { MESH_REGISTRY_OBJECT: "Faulty" } };
const gateway = async (name, options, more = OBJECT, version = "1.4.0") =>
  worker(name, source(options, version), {
    data: { "mesh.snapshot": snapshot("bundled") },
    kvNamespaces: ["KV"],
    // Own members of errors cross to callers from this date on, as the platform's marks do everywhere.
    compatibilityDate: "2026-04-26",
    serviceBindings: Object.fromEntries(NAMES.map((one) => [one.toUpperCase(), one])),
    ...more,
  });

/** Runs with a gateway, and what a test does with it. */
async function meshed(options, use, more = OBJECT, others = []) {
  const workers = [await gateway("gateway", options, more), ...(await Promise.all([...others, ...NAMES.map(named)]))];
  await running(workers, async (fetch, { mf }) => {
    const kv = await mf.getKVNamespace("KV");
    await use({
      mf,
      kv,
      fetch,
      text: async () => (await fetch("/")).text(),
      read: async (version = 0, wanted = 0) => (await fetch(`/read?${version},${wanted}`)).json(),
      told: async () => (await fetch("/told")).json(),
      set: async (...paths) => {
        for (const path of paths) {
          await fetch(`/${path}`);
        }
      },
      put: (service, version) => kv.put(KEY, snapshot(service, version), { metadata: { version } }),
      publish: (service, version) => fetch(`/publish?${version}`, { method: "POST", body: snapshot(service, version) }),
    });
  });
}

const SILENT = "{ kv, register: false }";

test("a cold isolate waits once, then refreshes in the background", async () => {
  await meshed(SILENT, async ({ put, set, text, told }) => {
    await put("first", 1);
    assert.equal(await text(), "first");
    await put("second", 2);
    for (let i = 0; i < 5; i++) {
      assert.equal(await text(), "first");
    }
    assert.equal((await told()).reads, 1);
    await set("skip?31000", "forget");
    assert.equal(await text(), "first", "the stale one serves while the new one is read");
    await until(async () => (await text()) === "second");
    const { calls, events, reads } = await told();
    assert.deepEqual([reads, calls, events.filter(([type]) => type.startsWith("reg"))], [2, [], []]);
  });
});

test("isolates of a location share what one of them read", async () => {
  const other = gateway("other", SILENT, { durableObjects: { MESH_REGISTRY_OBJECT: { className: "Faulty", scriptName: "gateway" } } });
  await meshed(
    SILENT,
    async ({ kv, mf, put, read, set, told }) => {
      await put("first", 3);
      assert.equal((await read()).version, 3);
      await until(async () => (await told()).puts === 1);
      await kv.delete(KEY);
      assert.equal((await read()).version, 3);
      const fetch = (path) => other2.fetch(`http://mesh.test${path}`);
      const other2 = await mf.getWorker("other");
      await until(async () => (await (await fetch("/read?0,0")).json()).version === 3);
      assert.equal(await (await fetch("/")).text(), "first", "the bytes are those of KV");
      const before = (await (await fetch("/told")).json()).reads;
      assert.equal((await (await fetch("/read?3,0")).json()).version, 3);
      assert.equal((await (await fetch("/told")).json()).reads, before, "KV was not read");
      await set("forget");
      assert.equal((await read()).version, null);
      const { puts, urls } = await told();
      assert.equal(puts, 1, "what came from the cache is not put there again: it would never end");
      assert.ok(urls.every((url) => /^https:\/\/discovery\.diddy-mesh\.invalid\/v1\/[0-9a-f]{64}\/default\/snapshot$/.test(url)), urls.join());
    },
    OBJECT,
    [other],
  );
});

test("registries that could take each other's Snapshots are kept apart by a text, and nothing is shared with cache: false", async () => {
  for (const [cache, place] of [["'staging'", "/v1/staging/"], ["true", "/v1/kv/"], ["false", undefined]]) {
    await meshed(`{ kv, register: false, cache: ${cache} }`, async ({ put, read, told }) => {
      await put("first", 1);
      await read();
      const { urls } = await told();
      assert.equal(urls.length, place === undefined ? 0 : 1);
      assert.ok(urls.every((url) => url.includes(place)));
    }, {});
  }
});

test("a hint heals from the object while KV is stale, and nothing goes back", async () => {
  await meshed(SILENT, async ({ fetch, publish, put, set, text, told }) => {
    await put("first", 1);
    assert.equal(await text(), "first");
    await publish("second", 2);
    await set("skip?1500");
    await fetch("/hint?2");
    await until(async () => (await text()) === "second");
    assert.deepEqual((await told()).calls, ["snapshot 1"]);
    for (const forget of ["cache?good", "forget"]) {
      await set("skip?130000", forget);
      for (let i = 0; i < 5; i++) {
        assert.equal(await text(), "second");
      }
    }
    await until(async () => (await told()).calls.includes("snapshot 0"));
    assert.equal(await text(), "second", "KV still has the first");
  });
});

test("a hint that was wrong is not followed again and again", async () => {
  await meshed(SILENT, async ({ put, read, told }) => {
    await put("first", 4);
    assert.equal((await read(4, 9)).version, 4);
    assert.equal((await read(4, 9)).version, 4);
    assert.deepEqual((await told()).calls, ["snapshot 4"]);
    assert.equal((await read(4, 10)).version, 4);
    assert.deepEqual((await told()).calls, ["snapshot 4"]);
  });
});

test("an older version than that in use is taken from the last level only", async () => {
  await meshed(SILENT, async ({ publish, put, read, set, told }) => {
    await put("first", 4);
    assert.equal((await read()).version, 4);
    await publish("second", 6);
    assert.equal((await read(5)).version, 6, "the cache and KV are behind");
    assert.equal((await read(6)).version, 6, "the cache has it now");
    await publish("second", 2);
    await set("forget");
    assert.equal((await read(6)).version, 2, "a registry that began anew says so");
    await set("object?throws", "forget");
    const { error } = await read(6);
    assert.equal(error, "kv: version 4 is older than 6, which is in use; object: down");
    assert.deepEqual((await told()).calls, ["snapshot 0", "snapshot 0", "snapshot 0"]);
  });
  await meshed(SILENT, async ({ put, read }) => {
    await put("first", 4);
    assert.equal((await read(5)).version, 4, "without an object KV is the last");
  }, {});
});

test("an object that throws, hangs or is overloaded is left alone for a while", async () => {
  await meshed("{ kv, register: false, objectTimeoutMs: 50 }", async ({ put, read, set, told }) => {
    await put("first", 1);
    let wanted = 1;
    const asked = async () => {
      const { ms, version } = await read(1, (wanted += 1));
      assert.equal(version, 1, "KV or the cache answers");
      assert.ok(ms < BOUND_MS, `${ms} ms`);
      return (await told()).calls.length;
    };
    await set("object?throws");
    assert.equal(await asked(), 1);
    assert.equal(await asked(), 0);
    await set("skip?1300");
    assert.equal(await asked(), 1, "after a second");
    await set("skip?1300");
    assert.equal(await asked(), 0, "then it is two");
    await set("skip?1300", "object?hangs");
    assert.equal(await asked(), 1);
    await set("skip?80000", "object?good");
    assert.equal(await asked(), 1);
    await set("object?overloaded");
    assert.equal(await asked(), 1, "it is not tried again at once, though it says retryable as well");
    await set("skip?9000");
    assert.equal(await asked(), 0);
    await set("skip?4000", "object?retryable");
    assert.equal(await asked(), 2, "with another stub");
    await set("object?stays retryable");
    assert.equal(await asked(), 2, "once");
    await set("skip?80000", "object?throws");
    for (let pause = 1; pause < 8; pause++) {
      await set("skip?80000");
      assert.equal(await asked(), 1);
    }
    await set("skip?59000");
    assert.equal(await asked(), 0, "never longer than a minute");
    await set("skip?17000");
    assert.equal(await asked(), 1);
  });
});

test("where KV fails, hangs or is empty the object is asked", async () => {
  for (const mode of ["throws", "hangs", "good"]) {
    await meshed(SILENT, async ({ publish, read, set, told }) => {
      await publish("second", 2);
      await set(`kv?${mode}`);
      const { ms, version } = await read();
      assert.equal(version, 2);
      assert.ok(ms < BOUND_MS);
      const { events } = await told();
      assert.deepEqual(events, { throws: [["registry_degraded", "kv: KV is down"]], hangs: [["registry_degraded", "kv: no answer within 500 ms"]], good: [] }[mode]);
      assert.equal((await read()).version, 2, "and it is shared");
      assert.deepEqual((await told()).calls, []);
    });
  }
});

test("where every level fails the error names each, and where nothing is published there is none", async () => {
  await meshed(SILENT, async ({ read, set }) => {
    assert.equal((await read()).version, null);
    await set("object?throws");
    assert.equal((await read()).error, "kv: nothing is published; object: down");
    await set("skip?2000", "kv?throws");
    assert.equal((await read()).error, "kv: KV is down; object: down");
    assert.equal((await read()).error, "kv: it failed before and is left alone for a while; object: it failed before and is left alone for a while");
  });
});

test("no request fails or waits for a registry longer than it may", async () => {
  for (const paths of [["kv?hangs", "object?hangs", "cache?hangs"], ["kv?throws", "object?throws"], ["kv?hangs", "object?throws"]]) {
    await meshed("{ kv }", async ({ fetch, set, told }) => {
      await set(...paths);
      const began = performance.now();
      const answers = await Promise.all(Array.from({ length: 20 }, () => fetch("/")));
      const waited = performance.now() - began;
      assert.ok(waited < BOUND_MS, `${paths}: ${waited} ms`);
      for (const answer of answers) {
        assert.deepEqual([answer.status, await answer.text()], [200, "bundled"]);
      }
      const { events } = await told();
      assert.ok(events.some(([type]) => type === "registry_unavailable"));
      assert.ok(events.every(([type]) => type !== "registry_slow"), "the levels gave up before the mesh did");
      await set("skip?31000");
      const again = performance.now();
      assert.equal(await (await fetch("/")).text(), "bundled");
      assert.ok(performance.now() - again < 900, "no request waits in the background's stead");
    });
  }
});

test("a corrupt value leaves the last good one", async () => {
  await meshed(SILENT, async ({ fetch, kv, put, set, text, told }) => {
    await put("first", 1);
    assert.equal(await text(), "first");
    await kv.put(KEY, snapshot("second", 2).slice(0, 60), { metadata: { version: 2 } });
    await set("skip?31000", "forget");
    await until(async () => {
      assert.equal(await text(), "first");
      return (await told()).events.some(([type]) => /^snapshot_re/.test(type));
    });
    await put("second", 3);
    await set("skip?31000", "forget");
    await until(async () => (await (await fetch("/")).text()) === "second");
  });
});

test("a Snapshot without metadata is taken, as one that was put by hand has none", async () => {
  await meshed(SILENT, async ({ kv, text }) => {
    await kv.put(KEY, snapshot("first"));
    assert.equal(await text(), "first");
  }, {});
});

test("signed and encrypted Snapshots are read, others refused", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const sign = { id: "schlüssel", key: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64url") };
  const encrypt = { id: "e1", key: randomBytes(32).toString("base64url") };
  const options = `{ kv, register: false, verify: { [${JSON.stringify(sign.id)}]: "${publicKey.export({ format: "jwk" }).x}" }, decrypt: { e1: "${encrypt.key}" } }`;
  await meshed(options, async ({ kv, publish, put, read, set, text, told }) => {
    const store = async (service, version, change = {}) => {
      const { value, metadata } = await seal({ value: snapshot(service, version), metadata: { version } }, "default", { sign, encrypt });
      await kv.put(KEY, value, { metadata: { ...metadata, ...change } });
    };
    await store("first", 1);
    assert.equal(await text(), "first");
    await kv.delete(KEY);
    assert.equal((await read()).version, 1, "the cache has it sealed");
    await set("forget");
    await put("second", 2);
    await publish("second", 2);
    assert.equal((await read(1)).error, "kv: the Snapshot is not signed; object: the Snapshot is not signed");
    await set("skip?2000");
    await store("second", 2, { version: 3 });
    assert.match((await read(1, 2)).error, /^object: the Snapshot is not signed; kv: the Snapshot cannot be decrypted.*; object: it failed before/);
    await set("skip?31000");
    await until(async () => {
      assert.equal(await text(), "first");
      return (await told()).events.some(([type, detail]) => type === "registry_unavailable" && detail.includes("kv: the Snapshot cannot be decrypted"));
    });
    await store("second", 5);
    await set("skip?80000");
    await until(async () => (await text()) === "second");
  });
});

test("a Worker is registered once per location and time", async () => {
  const other = gateway("other", "{ kv }", { durableObjects: { MESH_REGISTRY_OBJECT: { className: "Faulty", scriptName: "gateway" } } });
  await meshed(
    "{ kv }",
    async ({ mf, read, set, told }) => {
      const elsewhere = await mf.getWorker("other");
      const registered = async () => (await told()).calls.filter((call) => call.startsWith("register"));
      await read();
      assert.deepEqual(await until(async () => (await registered())[0]), "register order-service binding:ORDER_SERVICE 1.4.0 24h");
      for (let i = 0; i < 5; i++) {
        await read();
        await elsewhere.fetch("http://mesh.test/read?0,0");
      }
      assert.deepEqual(await registered(), []);
      await set("skip?3500000");
      await read();
      await set("skip?200000");
      await read();
      assert.deepEqual(await registered(), [], "the mark of the location stands as its clock was not moved");
      await set("skip?3600000", "forget");
      await read();
      assert.equal((await until(async () => (await registered())[0])).split(" ")[0], "register");
    },
    OBJECT,
    [other],
  );
});

test("what is registered can be said, and is refused only once", async () => {
  const options = `{ kv, register: [{ weight: 2 }, { service: "7-up", address: "bad:x" }, { service: "7-up", version: "2.0.0", ttl: "1h" }] }`;
  await meshed(options, async ({ read, set, told }) => {
    await read();
    const { calls, events } = await until(async () => {
      const all = await told();
      return all.events.length > 0 && all;
    });
    assert.ok(calls.includes("register order-service binding:ORDER_SERVICE 1.4.0 24h, 7-up bad:x  24h, 7-up binding:_7_UP 2.0.0 1h"), calls.join());
    assert.deepEqual(events, [["registration_refused", "address: not an address"]]);
    await set("skip?3700000", "forget");
    await read();
    const again = await until(async () => (await told()).calls.find((call) => call.startsWith("register")));
    assert.equal(again, "register order-service binding:ORDER_SERVICE 1.4.0 24h, 7-up binding:_7_UP 2.0.0 1h");
    assert.deepEqual((await told()).events, []);
  });
});

test("a registration that fails is an event, and tried again at a breaker's pace", async () => {
  await meshed("{ kv }", async ({ put, read, set, told }) => {
    await put("first", 1);
    await set("object?throws");
    assert.equal((await read()).version, 1);
    const { events } = await until(async () => {
      const all = await told();
      return all.events.length > 0 && all;
    });
    assert.deepEqual(events, [["registration_failed", "Error: down"]]);
    await read();
    await set("object?good");
    await read();
    assert.deepEqual((await told()).calls, []);
    await set("skip?1300");
    await read();
    await until(async () => (await told()).calls.some((call) => call.startsWith("register")));
  });
});

test("nothing is registered where that is not wanted", async () => {
  for (const [options, more] of [["{ kv, register: false }", OBJECT], ["{ kv }", {}], ["{ kv, object: false }", OBJECT]]) {
    await meshed(options, async ({ put, read, told }) => {
      await put("first", 1);
      assert.equal((await read()).version, 1);
      assert.equal((await read()).version, 1);
      const { calls = [], writes } = await told();
      assert.deepEqual([calls, writes], [[], []], options);
    }, more);
  }
});

test("without an object, registrations are keys of KV", async () => {
  const options = `{ kv, register: [{}, { service: "big", metadata: { text: "${"x".repeat(1_100)}" } }, { service: "short", ttl: "5s" }] }`;
  await meshed(options, async ({ fetch, kv, read, set, told }) => {
    await read();
    const { events, writes } = await until(async () => {
      const all = await told();
      return all.events.length > 0 && all;
    });
    assert.deepEqual(events.map(([type]) => type), ["registration_refused"]);
    assert.match(events[0][1], /^found 1176 bytes as JSON, expected at most 1024/);
    assert.deepEqual(Object.fromEntries(writes.map(([, { expirationTtl, metadata }]) => [metadata.service, expirationTtl])), { "order-service": 86_400, short: 180 });
    const { keys } = await kv.list({ prefix: "mesh/v1/default/registration/order-service/" });
    assert.match(keys[0].name, /\/[0-9a-f]{16}$/);
    assert.deepEqual(keys[0].metadata, { service: "order-service", address: "binding:ORDER_SERVICE", version: "1.4.0", ttl: "24h" });
    assert.equal(keys[0].name.slice(-16), Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from("order-service\nbinding:ORDER_SERVICE\n1.4.0"))).toString("hex").slice(0, 16));
    // As after the end of its marks, in a new isolate, and where the Cache API keeps nothing.
    await set("skip?3700000", "forget");
    await read();
    await until(async () => (await told()).reads > 5);
    const id = keys[0].name.slice(-16);
    const gone = await (await fetch("/deregister", { method: "POST", body: JSON.stringify([id, "unknown"]) })).json();
    assert.deepEqual(gone, [{ id, service: "order-service", address: "binding:ORDER_SERVICE", version: "1.4.0" }]);
    assert.equal((await kv.list({ prefix: "mesh/v1/default/registration/" })).keys.length, 1);
    assert.equal((await told()).writes.length, 2, "the keys themselves say that they were written lately");
    const said = await (await fetch("/register", { method: "POST", body: JSON.stringify([{ service: "a/b", address: "binding:A" }, { service: "a", address: "binding:A", ttl: "soon" }, { service: "a", address: "binding:A" }]) })).json();
    assert.deepEqual(said.map(({ ok, diagnostics: [one] }) => [ok, one?.code, one?.path]), [[false, "invalid-name", "service"], [false, "invalid-duration", "ttl"], [true, undefined, undefined]]);
  }, {});
});

test("cron handlers register and take back", async () => {
  await meshed("{}", async ({ fetch, set, told }) => {
    const post = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });
    assert.deepEqual((await (await post("/register", [{ service: "a", address: "https://a.test" }])).json())[0].id, "0123456789abcdef");
    assert.deepEqual(await (await post("/deregister", ["0123456789abcdef"])).json(), []);
    assert.deepEqual((await told()).calls, ["register a https://a.test  24h", "deregister 0123456789abcdef"]);
    await set("object?throws");
    await assert.rejects(post("/register", []).then((answer) => (answer.ok ? answer : Promise.reject(new Error("failed")))), /failed|down/);
  });
});

test("the bindings are found, and what is missing is said", async () => {
  await meshed("{ register: false }", async ({ put, text }) => {
    await put("first", 1);
    assert.equal(await text(), "first");
  });
  await meshed(`{ register: false, kv: "KV", object: "OBJECTS" }`, async ({ put, text }) => {
    await put("first", 1);
    assert.equal(await text(), "first");
  }, { durableObjects: { OBJECTS: "Faulty", OTHERS: "Faulty" } });
  await meshed(`{ kv: "NONE" }`, async ({ read }) => assert.match((await read()).error, /names the binding "NONE", which env does not have/));
  await meshed("{}", async ({ read }) => assert.match((await read()).error, /several KV namespaces/), { kvNamespaces: ["KV", "B"], durableObjects: { A: "Faulty", B2: "Faulty" } });
  await meshed("{ register: false }", async ({ publish, read }) => {
    await publish("second", 2);
    assert.equal((await read()).version, 2, "the object alone");
  }, { kvNamespaces: ["KV", "B"], ...OBJECT });
});

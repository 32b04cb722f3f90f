// What discovery() makes of its options, without a platform.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { discovery } from "diddy-mesh/discovery";
import { build } from "esbuild";

const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL("../../src/discovery/breaker.ts", import.meta.url))], bundle: true, format: "esm", write: false, logLevel: "error" });
const { Breaker } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

const kv = () => ({ getWithMetadata: async () => ({ value: null, metadata: null }) });

test("equal options are the same source, and others are not", async () => {
  const [one, other] = [kv(), kv()];
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["decrypt", "encrypt"]);
  for (const options of [undefined, {}, { kv: "KV" }, { kv: one }, { kv: one, register: { weight: 2 }, freshMs: 5 }, { decrypt: { a: key } }, { decrypt: { a: "text" } }, { object: false }]) {
    assert.equal(discovery(options), discovery(options && { ...options }));
  }
  assert.equal(discovery(), discovery({ kv: undefined, decrypt: {} }));
  const [first, second] = [() => "a", () => "a"];
  assert.equal(discovery({ verify: first, decrypt: { a: second } }), discovery({ verify: first, decrypt: { a: second } }));
  const different = [{ verify: first }, { verify: second }, { verify: { a: first } }, { verify: { a: second } }, { verify: {} }, { decrypt: first }, { decrypt: { a: first } }, {}, { kv: one }, { kv: other }, { kv: "1" }, { object: one }, { object: "1" }, { object: false }, { cache: false }, { cache: "a" }, { register: false }, { register: {} }, { decrypt: { a: key } }, { decrypt: { b: key } }, { decrypt: { a: "k" } }];
  assert.equal(new Set(different.map((options) => discovery(options))).size, different.length);
});

test("options that differ each time do not fill the memory", () => {
  const first = discovery({ freshMs: 0.5 });
  for (let i = 1; i <= 40; i++) {
    discovery({ freshMs: i });
  }
  assert.notEqual(discovery({ freshMs: 0.5 }), first);
  assert.equal(discovery({ freshMs: 40 }), discovery({ freshMs: 40 }));
});

test("options that cannot be meant are refused at once", () => {
  for (const options of [{ freshMs: 0 }, { freshMs: NaN }, { registerEveryMs: -1 }, { objectTimeoutMs: Infinity }, { verify: { a: "short" } }, { verify: { a: "§" } }]) {
    assert.throws(() => discovery(options), { code: "invalid_options" });
  }
});

test("it works without workerd: no Cache API, and bindings that are plain objects", async () => {
  const value = new Uint8Array([1, 2, 3]);
  const object = { idFromName: (name) => name, get: () => ({ snapshot: async () => ({ value, metadata: { version: 3 } }) }) };
  const scene = { mesh: "m", serviceName: "s", serviceVersion: undefined, env: {}, version: 0, wanted: 0, stats: () => ({}), shared: () => [], hint: () => undefined, news: () => undefined, waitUntil: () => undefined, emit: () => undefined };
  const found = await discovery({ kv: kv(), object, register: false }).read(scene);
  assert.deepEqual(found.value, value);
  assert.equal(found.metadata.version, 3);
  await assert.rejects(discovery().read(scene), { code: "registry_not_found" });
});

test("what fails at the same time is one failure, while the clock stands still too", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const breaker = new Breaker();
  const fail = () => Promise.reject(new Error("down"));
  const ended = await Promise.allSettled(Array.from({ length: 20 }, () => breaker.run(1_000, fail)));
  assert.ok(ended.every(({ reason }) => reason.message === "down"));
  assert.ok(breaker.isOpen(999));
  assert.ok(!breaker.isOpen(1_250));
  await assert.rejects(breaker.run(1_000, fail), /left alone/);
  now = 1_250;
  await assert.rejects(breaker.run(1_000, fail), /down/);
  assert.ok(breaker.isOpen(1_250 + 1_999));
  now = 5_000;
  assert.equal(await breaker.run(1_000, async () => 7), 7);
  await assert.rejects(breaker.run(1_000, fail), /down/);
  assert.ok(!breaker.isOpen(5_000 + 1_250), "a success begins anew");
});

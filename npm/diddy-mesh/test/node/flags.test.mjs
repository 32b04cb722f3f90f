// Flags asked without a Worker: the engine decides, the host shows it who asks and gives back what was decided.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DiddyMesh } from "diddy-mesh";
import { compileOrThrow } from "diddy-mesh/config";
import { DiddyMesh as Core } from "diddy-mesh/core";
import { flags } from "diddy-mesh/flags";
import { build } from "esbuild";

const document = (flags) => ({ services: {}, flags });
const asked = (configured, options = {}) => {
  const mesh = new DiddyMesh({ serviceName: "a", config: compileOrThrow(document(configured)), ...options });
  return { mesh, ask: flags(mesh) };
};
const onFor = (...rules) => ({ rules: rules.map((rule) => ({ variant: "on", ...rule })) });
/** A request as the platform gives it. */
const request = (url = "https://a.test/", { cf, ...init } = {}) => Object.assign(new Request(url, init), { cf });

test("each reason, variant and place is what OpenFeature calls it", () => {
  const { ask } = asked({
    constant: "hello",
    plain: {},
    rules: onFor({ principal: "alice" }, { tenant: ["acme", "b"] }),
    split: { variants: { a: 1, b: 2 }, defaultVariant: "a", rules: [{ split: { a: 1, b: 1 } }] },
    off: { enabled: false, variants: { a: "x" }, defaultVariant: "a" },
  });
  const version = 0;
  assert.deepEqual(ask.details("constant", ""), { value: "hello", variant: "default", reason: "STATIC", flagMetadata: { version } });
  assert.deepEqual(ask.details("plain", true), { value: false, variant: "off", reason: "STATIC", flagMetadata: { version } });
  assert.deepEqual(ask.details("rules", true, { principal: "bob" }), { value: false, variant: "off", reason: "DEFAULT", flagMetadata: { version } });
  assert.deepEqual(ask.details("rules", false, { tenant: "acme" }), { value: true, variant: "on", reason: "TARGETING_MATCH", flagMetadata: { version, rule: 1 } });
  const { value, variant, ...split } = ask.details("split", 0, { principal: "carol" });
  assert.deepEqual([{ a: 1, b: 2 }[variant], split], [value, { reason: "SPLIT", flagMetadata: { version, rule: 0 } }]);
  assert.deepEqual(ask.details("off", "mine"), { value: "mine", reason: "DISABLED", flagMetadata: { version } });
});

test("what is asked for as another type is the fallback", () => {
  const { ask } = asked({ b: true, s: "text", n: 1.5, o: { variants: { a: { x: 1 } }, defaultVariant: "a" }, l: { variants: { a: [1] }, defaultVariant: "a" } });
  assert.deepEqual([ask.boolean("b", false), ask.string("s", ""), ask.number("n", 0), ask.json("o", {}), ask.json("l", []), ask.json("o", null), ask.json("l", null)], [true, "text", 1.5, { x: 1 }, [1], { x: 1 }, [1]]);
  const fallbacks = { b: false, s: "fallback", n: 7, o: { fallback: true }, l: ["fallback"] };
  for (const key of Object.keys(fallbacks)) {
    for (const [own, fallback] of Object.entries(fallbacks)) {
      const { errorCode, reason, value } = ask.details(key, fallback);
      assert.deepEqual([errorCode, reason, value === fallback], own === key ? [undefined, "STATIC", false] : ["TYPE_MISMATCH", "ERROR", true], `${key} as ${own}`);
    }
  }
  for (const nothing of [undefined, () => 1, Symbol("s"), 1n]) {
    assert.equal(ask.details("b", nothing).errorCode, "TYPE_MISMATCH", typeof nothing);
  }
});

test("a request is asked as rules ask it: who, from where, its headers, cookies and query", () => {
  const header = ({ headers }) => headers.get("x-who") ?? undefined;
  const { ask } = asked(
    {
      principal: onFor({ principal: "alice" }),
      tenant: onFor({ tenant: "acme" }),
      country: onFor({ country: ["DE", "AT"] }),
      continent: onFor({ continent: "EU" }),
      regionCode: onFor({ regionCode: "BY" }),
      colo: onFor({ colo: "FRA" }),
      headers: onFor({ headers: { "x-beta": "1" } }),
      query: onFor({ query: { beta: "1" } }),
      address: onFor({ percent: 99.9999, by: "clientAddress" }),
      cookie: onFor({ percent: 99.9999, by: { cookie: "id" } }),
    },
    { principal: header, tenant: () => "acme" },
  );
  const cf = { country: "AT", continent: "EU", regionCode: "BY", colo: "FRA" };
  const whole = request("https://a.test/x?a=2&beta=1", { headers: { "x-who": "alice", "x-beta": "1", "cf-connecting-ip": "192.0.2.1", cookie: "a=b; id=7" }, cf });
  const plain = { principal: "alice", tenant: "acme", ...cf, clientAddress: "192.0.2.1", url: "https://a.test/x?a=2&beta=1", headers: { "X-Beta": "1", Cookie: "a=b; id=7" } };
  for (const { key } of ask.list()) {
    assert.equal(ask.boolean(key, false, whole), true, `${key} of a request`);
    assert.equal(ask.boolean(key, false, plain), true, `${key} of a context`);
    assert.equal(ask.boolean(key, false, { request: whole }), true, `${key} of a request in a context`);
    assert.equal(ask.boolean(key, true, {}), false, `${key} of nobody`);
  }
  assert.equal(ask.boolean("tenant", false, request()), true, "the option is asked");
  assert.equal(ask.boolean("tenant", true, {}), false, "the option is for requests");
  for (const [key, known] of [["principal", "bob"], ["tenant", "b"], ["country", "FR"], ["continent", "AS"], ["regionCode", "TX"], ["colo", "MUC"]]) {
    assert.equal(ask.boolean(key, true, { request: whole, [key]: known }), false, `${key} known better`);
  }
  assert.equal(ask.boolean("headers", true, { request: whole, headers: new Headers({ "x-beta": "0" }) }), false);
  assert.equal(ask.boolean("query", true, { request: whole, url: "https://a.test/?beta=2" }), false);
  assert.equal(ask.boolean("country", false, request("https://a.test/", { cf: { country: 7, continent: null } })), false);
});

test("a share keeps its callers as it grows, and is as large as it says", () => {
  const callers = Array.from({ length: 4000 }, (_, i) => `user-${i}`);
  let before = new Set();
  for (const percent of [0, 1, 10, 50, 99, 100]) {
    const { ask } = asked({ f: onFor({ percent }) });
    const now = new Set(callers.filter((principal) => ask.boolean("f", false, { principal })));
    assert.ok([...before].every((one) => now.has(one)), `${percent} % lost somebody`);
    assert.ok(Math.abs(now.size / callers.length - percent / 100) < 0.03, `${percent} % came to ${now.size}`);
    assert.equal(ask.boolean("f", false, {}), percent === 100, "who has no key is in no share");
    before = now;
  }
});

test("a value of JSON is the same for all, and nobody can change it", () => {
  // As deep as documents go.
  const levels = 26;
  let deep = { end: true };
  for (let i = 0; i < levels; i++) {
    deep = i % 2 ? { deep } : [deep];
  }
  const { ask } = asked({ deep: { variants: { a: { deep, list: [{ x: 1 }] } }, defaultVariant: "a" } });
  const value = ask.json("deep", {});
  assert.throws(() => value.list.push(1), TypeError);
  assert.throws(() => (value.list[0].x = 2), TypeError);
  let at = value.deep;
  for (let i = 0; i < levels; i++) {
    assert.ok(Object.isFrozen(at));
    at = Array.isArray(at) ? at[0] : at.deep;
  }
  assert.ok(Object.isFrozen(at));
  assert.deepEqual(at, { end: true });
  assert.throws(() => (at.end = false), TypeError);
  assert.equal(ask.json("deep", {}), value);
  assert.throws(() => (ask.list()[0].variants.a = 1), TypeError);
});

test("strange keys are no flags, and those of an object's own are", () => {
  const { ask } = asked({ constructor: true, toString: "x" });
  assert.deepEqual([ask.boolean("constructor", false), ask.string("toString", "")], [true, "x"]);
  assert.deepEqual(ask.list().map(({ key, type }) => [key, type]), [["constructor", "boolean"], ["toString", "string"]]);
  const throwing = { toString: () => assert.fail("nobody asks") };
  for (const key of ["__proto__", "hasOwnProperty", "valueOf", "", "a".repeat(1e6), "\ud800", null, undefined, 7, Symbol("s"), {}, [], throwing]) {
    const { errorCode, errorMessage, reason, value } = ask.details(key, false);
    assert.deepEqual([errorCode, reason, value], ["FLAG_NOT_FOUND", "ERROR", false]);
    assert.ok(errorMessage.length < 200);
  }
});

test("strange contexts are nobody, throw nothing and trap nothing", () => {
  const { ask, mesh } = asked({ f: onFor({ principal: "alice" }, { country: "DE", headers: { "x-a": "1" }, query: { q: "1" } }), by: onFor({ percent: 99.9999 }) });
  const { traps } = mesh;
  const strange = [null, undefined, 7, "alice", true, [], Symbol("s"), () => "alice", new Date(), Object.create(null), { principal: 7 }, { principal: null, tenant: {}, country: ["DE"] }, { headers: null }, { headers: 7 }, { headers: { "x-a": 1, "\ud800": "\ud800", "": "", "a b": "\r\n" } }, { headers: [["x-a", "1"]] }, { url: "no url" }, { url: "https://" }, { url: 7 }, { url: "mailto:a@b.test" }, { url: "HTTPS:a.test" }, { url: "/path" }, { method: 7 }, { method: "" }, { method: "\u0000" }, { request: 7 }, { request: {} }, { clientAddress: 7 }, JSON.parse('{ "__proto__": { "principal": "alice" }, "headers": { "__proto__": "x" } }')];
  for (const of of strange) {
    const { errorCode, value } = ask.details("f", true, of);
    assert.deepEqual([errorCode, value], [undefined, false], String(Object.prototype.toString.call(of)));
  }
  const trap = new Proxy({}, { get: () => { throw new Error("not yours"); } });
  const throwing = [trap, { get principal() { throw new Error("not yours"); } }, { headers: trap }, new Proxy({}, { getPrototypeOf: () => { throw new Error("not yours"); } })];
  assert.deepEqual(throwing.map((of) => ask.details("f", true, of)).map(({ errorCode, value }) => [errorCode, value]), [["GENERAL", true], ["GENERAL", true], [undefined, false], ["GENERAL", true]]);
  assert.equal(ask.details("f", true, trap).errorMessage, "not yours");
  assert.equal(ask.details("f", true, { get principal() { throw null; } }).errorCode, "GENERAL");
  const long = "x".repeat(100_000);
  assert.equal(ask.details("by", false, { principal: long, headers: { "x-a": long } }).reason, "SPLIT");
  const refused = (of) => (({ errorCode, errorMessage, reason, value }) => [value, reason, errorCode, errorMessage.split(": ")[1]])(ask.details("f", true, of));
  assert.deepEqual(refused({ principal: "x".repeat(6_000_000) }), [true, "ERROR", "GENERAL", "it is too large"]);
  assert.deepEqual(refused({ url: `https://a.test/${"p".repeat(100_000)}` }), [true, "ERROR", "GENERAL", "path_too_long"]);
  assert.equal(ask.boolean("f", false, { principal: "alice" }), true);
  assert.equal(mesh.traps, traps);
});

test("who asks for the principal may ask a flag himself", () => {
  let ask;
  const mesh = new DiddyMesh({ serviceName: "a", config: compileOrThrow(document({ f: onFor({ principal: "alice" }), g: onFor({ tenant: "t" }) })), principal: () => (ask.boolean("g", false, { tenant: "t" }) ? "alice" : "bob") });
  ask = flags(mesh);
  // Of the isolate.
  const { traps } = mesh;
  assert.equal(ask.boolean("f", false, request()), true);
  assert.equal(mesh.traps, traps);
  const endless = new DiddyMesh({ serviceName: "a", config: compileOrThrow(document({ f: onFor({ principal: "alice" }) })), principal: (one) => String(flags(endless).boolean("f", false, one)) });
  // Where the stack ends is chance: in the engine it is a trap, and the engine is made anew.
  assert.equal(typeof flags(endless).boolean("f", true, request()), "boolean", "one that asks for itself ends");
  flags(endless).boolean("f", false, {});
  assert.equal(flags(endless).boolean("f", false, { principal: "alice" }), true);
  assert.equal(ask.boolean("f", false, request()), true);
});

test("a thousand flags are told apart", () => {
  const { ask } = asked(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`flag-${i}`, { variants: { a: i, b: -1 }, defaultVariant: "b", rules: [{ principal: "alice", variant: "a" }] }])));
  for (let i = 0; i < 1000; i++) {
    assert.deepEqual([ask.number(`flag-${i}`, -2, { principal: "alice" }), ask.number(`flag-${i}`, -2)], [i, -1]);
  }
  assert.equal(ask.list().length, 1000);
});

test("without a Snapshot, with a broken one, with the core's engine or with options that are wrong, the fallback holds", () => {
  const none = new DiddyMesh({ serviceName: "a" });
  assert.deepEqual([flags(none).details("f", 1).errorCode, flags(none).list()], ["PROVIDER_NOT_READY", []]);
  const broken = new DiddyMesh({ serviceName: "a", config: new Uint8Array(64) });
  assert.deepEqual([flags(broken).details("f", 1).errorCode, flags(broken).list()], ["PROVIDER_NOT_READY", []]);
  assert.match(flags(broken).details("f", 1).errorMessage, /the Snapshot was refused/);
  const nowhere = new DiddyMesh({ serviceName: "a", registry: "kv" });
  assert.deepEqual([flags(nowhere).details("f", 1).errorCode, flags(nowhere).list()], ["GENERAL", []]);
  assert.match(flags(nowhere).details("f", 1).errorMessage, /found no KV namespace/);
  const withFlags = new Core({ serviceName: "a", config: compileOrThrow(document({ f: true })) });
  assert.equal(typeof flags(withFlags).boolean("f", false), "boolean");
  const { ask } = asked({});
  assert.deepEqual([ask.details("f", 1).errorCode, ask.list()], ["FLAG_NOT_FOUND", []]);
});

/** A source whose Snapshot the test changes. */
function source(first, version = 1) {
  const state = { now: { value: compileOrThrow(document(first)), metadata: { version } }, reads: 0, freshMs: 0 };
  return Object.assign(state, { read: () => new Promise((done) => setTimeout(() => done(state.now), (state.reads++, 2))), publish: (next) => (state.now = { value: compileOrThrow(document(next)), metadata: { version: ++version } }) });
}

test("ready reads what is published, once before the first answer and in the background afterwards", async () => {
  const registry = source({ f: "first" });
  const mesh = new DiddyMesh({ serviceName: "a", registry });
  assert.equal(flags(mesh).details("f", "").errorCode, "PROVIDER_NOT_READY");
  await mesh.ready();
  assert.equal(flags(mesh).string("f", ""), "first");
  registry.publish({ f: "second" });
  const waited = [];
  await mesh.ready(undefined, { waitUntil: (work) => waited.push(work) });
  assert.equal(flags(mesh).string("f", ""), "first", "nobody waits for what is newer");
  await Promise.all(waited);
  assert.equal(flags(mesh).string("f", ""), "second");
  assert.ok(waited.length > 0 && registry.reads >= 2);
  await new DiddyMesh({ serviceName: "a", config: compileOrThrow(document({})) }).ready();
  assert.equal(new Core({ serviceName: "a" }).ready, undefined, "the core has no registry to wait for");
  await assert.rejects(new DiddyMesh({ serviceName: "a", registry: "kv" }).ready({}), { code: "registry_not_found" });
  const failing = new DiddyMesh({ serviceName: "a", registry: { read: async () => { throw new Error("down"); } }, config: compileOrThrow(document({ f: "bundled" })) });
  await failing.ready();
  assert.equal(flags(failing).string("f", ""), "bundled");
});

test("a question sees one Snapshot, whichever came in between", async () => {
  const registry = source({ f: { variants: { v1: { n: 1 } }, defaultVariant: "v1" } });
  const mesh = new DiddyMesh({ serviceName: "a", registry });
  await mesh.ready();
  const ask = flags(mesh);
  const seen = new Set();
  for (let round = 2; round < 12; round++) {
    // Other flags in front change every number.
    const others = Object.fromEntries(Array.from({ length: round }, (_, i) => [`a${i}`, i]));
    registry.publish({ ...others, f: { variants: { [`v${round}`]: { n: round } }, defaultVariant: `v${round}` } });
    let swapped;
    await mesh.ready(undefined, { waitUntil: (work) => (swapped = work.then(() => "swapped")) });
    for (let done; done === undefined; ) {
      const { value, variant } = ask.details("f", {});
      assert.equal(variant, `v${value.n}`);
      seen.add(value.n);
      done = await Promise.race([swapped, new Promise((later) => setImmediate(later))]);
    }
  }
  assert.deepEqual([...seen], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("what is frozen is frozen to its end, and a value as deep as memory goes ends no stack", async () => {
  const stdin = { contents: `export { frozen } from "./flags/catalogue.ts";`, resolveDir: fileURLToPath(new URL("../../src", import.meta.url)), loader: "ts" };
  const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "error" });
  const { frozen } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
  const levels = 200_000;
  let deep = frozen(JSON.parse("[".repeat(levels) + "]".repeat(levels)));
  for (let i = 0; i < levels; i++) {
    assert.ok(Object.isFrozen(deep));
    deep = deep[0];
  }
  const wide = frozen(Array.from({ length: 200_000 }, () => ({})));
  assert.ok(wide.every(Object.isFrozen));
  assert.deepEqual([null, 1, "a", false].map(frozen), [null, 1, "a", false]);
});

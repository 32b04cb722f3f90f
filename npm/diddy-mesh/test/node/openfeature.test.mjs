// The provider behind OpenFeature's own SDK.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorCode, OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/server-sdk";
import { DiddyMesh } from "diddy-mesh";
import { compileOrThrow } from "diddy-mesh/config";
import { contextOf, MeshProvider } from "diddy-mesh/openfeature";

const compiled = (flags) => compileOrThrow({ services: {}, flags });
const onFor = (target) => ({ rules: [{ ...target, variant: "on" }] });
let domains = 0;

/** A client of the SDK whose provider is the mesh. */
async function client(flags, options = {}) {
  const provider = new MeshProvider(new DiddyMesh({ serviceName: "a", ...(flags && { config: compiled(flags) }), ...options }));
  const domain = `domain-${domains++}`;
  await OpenFeature.setProviderAndWait(domain, provider);
  return { client: OpenFeature.getClient(domain), provider };
}

test("the SDK's client gets values, details and errors as the mesh decides them", async () => {
  const { client: of, provider } = await client({ b: onFor({ principal: "alice" }), s: "text", n: 1.5, o: { variants: { a: { x: [1] } }, defaultVariant: "a" }, l: { variants: { a: [1] }, defaultVariant: "a" }, off: { enabled: false } });
  assert.deepEqual([provider.metadata.name, of.metadata.providerMetadata.name, provider.runsOn, of.providerStatus], ["diddy-mesh", "diddy-mesh", "server", ProviderStatus.READY]);
  assert.equal(await of.getBooleanValue("b", false, { targetingKey: "alice" }), true);
  assert.equal(await of.getBooleanValue("b", true, { targetingKey: "bob" }), false);
  assert.deepEqual([await of.getStringValue("s", ""), await of.getNumberValue("n", 0), await of.getObjectValue("o", {}), await of.getObjectValue("l", [])], ["text", 1.5, { x: [1] }, [1]]);
  assert.deepEqual(await of.getBooleanDetails("b", false, { targetingKey: "alice" }), { flagKey: "b", value: true, variant: "on", reason: "TARGETING_MATCH", flagMetadata: { version: 0, rule: 0 } });
  assert.deepEqual(await of.getBooleanDetails("off", true), { flagKey: "off", value: true, reason: "DISABLED", flagMetadata: { version: 0 } });
  const missing = await of.getStringDetails("nope", "mine");
  assert.deepEqual([missing.value, missing.reason, missing.errorCode], ["mine", "ERROR", ErrorCode.FLAG_NOT_FOUND]);
  for (const [key, method, fallback] of [["b", "getStringDetails", "mine"], ["s", "getNumberDetails", 7], ["n", "getBooleanDetails", true], ["s", "getObjectDetails", { mine: 1 }], ["o", "getObjectDetails", ["mine"]]]) {
    const { errorCode, value } = await of[method](key, fallback);
    assert.deepEqual([errorCode, value], [ErrorCode.TYPE_MISMATCH, fallback], `${key} ${method}`);
  }
});

test("attributes are the principal, places and addresses by their names, else headers", async () => {
  const { client: of } = await client({
    targetingKey: onFor({ principal: "7" }),
    tenant: onFor({ tenant: "42" }),
    country: onFor({ country: "DE" }),
    continent: onFor({ continent: "EU" }),
    regionCode: onFor({ regionCode: "BY" }),
    colo: onFor({ colo: "FRA" }),
    url: onFor({ query: { q: "1" } }),
    clientAddress: onFor({ percent: 99.9999, by: "clientAddress" }),
    "X-Plan": onFor({ headers: { "x-plan": "pro" } }),
    seats: onFor({ headers: { seats: "5" } }),
    staff: onFor({ headers: { staff: "true" } }),
    "no-header": onFor({ headers: { country: "DE" } }),
    "no-header-either": onFor({ headers: { targetingkey: "7" } }),
  });
  const context = { targetingKey: "7", tenant: 42, country: "DE", continent: "EU", regionCode: "BY", colo: "FRA", url: "https://a.test/?q=1", clientAddress: "192.0.2.1", "X-Plan": "pro", seats: 5, staff: true };
  for (const [name, value] of Object.entries(context)) {
    assert.equal(await of.getBooleanValue(name, false, { [name]: value }), true, name);
    assert.equal(await of.getBooleanValue(name, true, { ...context, [name]: undefined }), false, `${name} away`);
  }
  for (const key of ["no-header", "no-header-either"]) {
    assert.equal(await of.getBooleanValue(key, true, context), false, key);
  }
  for (const strange of [{ country: { DE: 1 }, targetingKey: ["7"], seats: [5], staff: new Date() }, { country: null, seats: null }, { __proto__: { staff: true } }, { headers: { staff: "true" } }, { principal: "7" }]) {
    for (const name of ["country", "targetingKey", "seats", "staff"]) {
      const { errorCode, value } = await of.getBooleanDetails(name, true, strange);
      assert.deepEqual([errorCode, value], [undefined, false], `${name} in ${JSON.stringify(strange)}`);
    }
  }
});

test("a context can carry a whole request, which hooks do not see", async () => {
  const { client: of } = await client(
    { who: onFor({ principal: "alice" }), where: onFor({ country: "DE" }), header: onFor({ headers: { "x-beta": "1" } }), query: onFor({ query: { q: "1" } }) },
    { principal: ({ headers }) => headers.get("x-who") ?? undefined },
  );
  const request = Object.assign(new Request("https://a.test/?q=1", { headers: { "x-who": "alice", "x-beta": "1" } }), { cf: { country: "DE" } });
  const seen = [];
  of.addHooks({ before: ({ context }) => void seen.push(JSON.stringify(context)) });
  for (const key of ["who", "where", "header", "query"]) {
    assert.equal(await of.getBooleanValue(key, false, contextOf(request)), true, key);
    assert.equal(await of.getBooleanValue(key, true, {}), false, key);
  }
  assert.equal(await of.getBooleanValue("who", true, contextOf(request, { targetingKey: "bob" })), false);
  assert.equal(await of.getBooleanValue("where", true, contextOf(request, { country: "FR" })), false);
  assert.equal(await of.getBooleanValue("header", true, contextOf(request, { "X-Beta": "0" })), false);
  assert.equal(await of.getBooleanValue("header", false, contextOf(request, { plan: "pro" })), true);
  assert.deepEqual([...new Set(seen)], ["{}", '{"targetingKey":"bob"}', '{"country":"FR"}', '{"X-Beta":"0"}', '{"plan":"pro"}']);
});

test("it is ready when the registry was read, tells of another Snapshot once, and outlives one that is away", async () => {
  let now = { value: compiled({ f: "first" }), metadata: { version: 1 } };
  const { client: of, provider } = await client(undefined, { registry: { read: async () => now, freshMs: 0 } });
  const changes = [];
  of.addHandler(ProviderEvents.ConfigurationChanged, ({ providerName }) => changes.push(providerName));
  of.addHandler(ProviderEvents.ConfigurationChanged, () => { throw new Error("nobody minds"); });
  const ask = async () => (await new Promise((later) => setTimeout(later, 2)), of.getStringValue("f", "mine"));
  assert.deepEqual([await ask(), await ask(), changes], ["first", "first", []]);
  now = { value: compiled({ f: "second" }), metadata: { version: 2 } };
  for (let i = 0; i < 200 && (await ask()) === "first"; i++);
  assert.deepEqual([await ask(), await ask(), changes], ["second", "second", ["diddy-mesh"]]);
  assert.equal(provider.events.getHandlers(ProviderEvents.ConfigurationChanged).length > 0, true);

  const nowhere = new MeshProvider(new DiddyMesh({ serviceName: "a", registry: "kv" }));
  await assert.rejects(nowhere.initialize(), { code: "registry_not_found" });
  const { errorCode, reason, value } = await nowhere.resolveBooleanEvaluation("f", true, {});
  assert.deepEqual([errorCode, reason, value], ["PROVIDER_NOT_READY", "ERROR", true]);
  const empty = await client(undefined, { registry: { read: async () => null } });
  assert.equal((await empty.client.getStringDetails("f", "mine")).errorCode, ErrorCode.PROVIDER_NOT_READY);
});

test("its emitter calls who listens, and no more who does not", () => {
  const { events } = new MeshProvider(new DiddyMesh({ serviceName: "a" }));
  const [heard, logged] = [[], []];
  const first = () => heard.push("first");
  events.setLogger({ error: (...what) => logged.push(what), warn() {}, info() {}, debug() {} });
  events.addHandler("A", first);
  events.addHandler("A", () => { throw new Error("one"); });
  events.addHandler("A", async () => { throw new Error("two"); });
  events.addHandler("A", () => heard.push("last"));
  events.addHandler("B", () => heard.push("b"));
  events.emit("A");
  assert.deepEqual(heard, ["first", "last"]);
  events.removeHandler("A", first);
  events.emit("A");
  assert.deepEqual(heard, ["first", "last", "last"]);
  events.removeAllHandlers("A");
  events.emit("A");
  events.emit("B");
  events.removeAllHandlers();
  events.emit("B");
  assert.deepEqual(heard, ["first", "last", "last", "b"]);
  assert.deepEqual(events.getHandlers("B"), []);
  return new Promise((later) => setTimeout(later, 1)).then(() => assert.deepEqual(logged.map(([, { message }]) => message).sort(), ["one", "one", "two", "two"]));
});

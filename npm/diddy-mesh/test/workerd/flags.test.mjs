// Flags in real workerd: beside handlers and without them, with what the platform says of a request, through a trap and a swap.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOrThrow } from "diddy-mesh/config";
import { running, worker } from "../harness.mjs";

const compiled = (flags, more = {}) => compileOrThrow({ services: {}, flags, ...more });
const onFor = (...rules) => ({ rules: rules.map((rule) => ({ variant: "on", ...rule })) });
const cfOf = (cf) => ({ cf: { country: "DE", continent: "EU", regionCode: "BY", colo: "FRA", latitude: "48", longitude: "11", ...cf } });

const FLAGS = {
  country: onFor({ country: "DE" }),
  continent: onFor({ continent: "EU" }),
  regionCode: onFor({ regionCode: "BY" }),
  colo: onFor({ colo: ["FRA", "MUC"] }),
  who: onFor({ principal: "alice" }),
  query: onFor({ query: { q: "1" } }),
  share: onFor({ percent: 50, by: { cookie: "id" } }),
  json: { variants: { a: { list: [1] } }, defaultVariant: "a" },
};

test("a handler asks flags of its request, by what the platform says of it, and routes ask the same ones", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import { flags } from "diddy-mesh/flags";
    import config from "./mesh.snapshot";
    const mesh = new DiddyMesh({ serviceName: "gateway", config, principal: ({ headers }) => headers.get("x-who") ?? undefined });
    const of = flags(mesh);
    const all = (of_) => Object.fromEntries(of.list().filter(({ type }) => type === "boolean").map(({ key }) => [key, of.boolean(key, false, of_)]));
    export default {
      fetch: (request, env, ctx) => mesh.handle(request, {
        "/all": (request) => Response.json(all(request)),
        "/details/{key}": (request, { params }) => Response.json(of.details(params.key, false, request)),
        "/json": () => { try { of.json("json", {}).list.push(2); } catch (error) { return Response.json([error.name, of.json("json", {})]); } return new Response("changed"); },
      }, env, ctx),
    };`;
  const answer = (status) => ({ path: "/route", filters: [{ directResponse: { status } }] });
  const routing = { rules: [{ ...answer(201), flags: { country: "on" } }, answer(202)] };
  const data = { "mesh.snapshot": compiled(FLAGS, { routing }) };
  await running([await worker("gateway", source, { data })], async (fetch) => {
    const all = async (path, init) => (await fetch(path, init)).json();
    const everywhere = { country: true, continent: true, regionCode: true, colo: true };
    const nowhere = { country: false, continent: false, regionCode: false, colo: false };
    assert.deepEqual(await all("/all?q=1", { ...cfOf({}), headers: { "x-who": "alice" } }), { ...everywhere, query: true, share: false, who: true });
    assert.deepEqual(await all("/all", cfOf({ country: "FR", continent: "AS", regionCode: "TX", colo: "CDG" })), { ...nowhere, query: false, share: false, who: false });
    assert.deepEqual(await all("/all", { cf: {} }), { ...nowhere, query: false, share: false, who: false });
    assert.deepEqual([(await fetch("/route", cfOf({}))).status, (await fetch("/route", cfOf({ country: "FR" }))).status], [201, 202]);
    assert.deepEqual(await all("/details/who", { headers: { "x-who": "alice" } }), { value: true, variant: "on", reason: "TARGETING_MATCH", flagMetadata: { version: 0, rule: 0 } });
    assert.equal((await all("/details/nope")).errorCode, "FLAG_NOT_FOUND");
    const shares = new Set();
    for (let i = 0; i < 32; i++) {
      const ask = async () => (await all("/details/share", { headers: { cookie: `id=${i}` } })).value;
      const value = await ask();
      assert.equal(await ask(), value, "the same caller");
      shares.add(value);
    }
    assert.equal(shares.size, 2);
    assert.deepEqual(await all("/json"), ["TypeError", { list: [1] }]);
  });
});

test("a trap costs its question the answer and none that come after it", async () => {
  const source = `
    import { corrupt } from "./fixtures/memory.mjs";
    import { DiddyMesh } from "diddy-mesh";
    import { flags } from "diddy-mesh/flags";
    import config from "./mesh.snapshot";
    const mesh = new DiddyMesh({ serviceName: "gateway", config });
    const of = flags(mesh);
    export default {
      fetch: (request) => {
        if (request.headers.has("x-corrupt")) corrupt();
        return Response.json([of.details("constant", "mine", request), mesh.traps]);
      },
    };`;
  await running([await worker("gateway", source, { data: { "mesh.snapshot": compiled({ constant: "theirs" }) } })], async (fetch) => {
    const ask = async (headers = {}) => (await fetch("/", { headers })).json();
    const good = { value: "theirs", variant: "default", reason: "STATIC", flagMetadata: { version: 0 } };
    assert.deepEqual(await ask(), [good, 0]);
    const [{ errorCode, reason, value }, traps] = await ask({ "x-corrupt": "1" });
    assert.deepEqual([errorCode, reason, value, traps], ["GENERAL", "ERROR", "mine", 1]);
    assert.deepEqual(await ask(), [good, 1]);
  });
});

test("a Worker without handle is ready from KV, and each question sees one Snapshot while they change", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import { flags } from "diddy-mesh/flags";
    import first from "./first.snapshot";
    import second from "./second.snapshot";
    let version = 1;
    const read = async () => ({ value: new Uint8Array(version % 2 ? first : second), metadata: { version } });
    const kv = new DiddyMesh({ serviceName: "a", registry: "kv" });
    const own = new DiddyMesh({ serviceName: "a", registry: { freshMs: 0, read } });
    export default {
      fetch: async (request, env, ctx) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/kv") {
          const before = flags(kv).details("f", "mine", request);
          await kv.ready(env, ctx);
          return Response.json([before.errorCode, flags(kv).details("f", "mine", request)]);
        }
        if (pathname === "/swap") version += 1;
        const before = flags(own).details("f", {}, request);
        await own.ready(env, ctx);
        return Response.json([before, flags(own).details("f", {}, request)]);
      },
    };`;
  const one = (name, more) => compiled({ ...more, f: { variants: { [name]: { name } }, defaultVariant: name } });
  const data = { "first.snapshot": one("first"), "second.snapshot": one("second", { a: 1, b: 2, c: 3 }) };
  await running([await worker("a", source, { data, kvNamespaces: { MESH_KV: "mesh" } })], async (fetch, { mf }) => {
    const kv = await mf.getKVNamespace("MESH_KV");
    await kv.put("mesh/v1/default/snapshot", compiled({ f: "published" }), { metadata: { version: 3 } });
    const [before, after] = await (await fetch("/kv")).json();
    assert.deepEqual([before, after.value, after.reason], ["PROVIDER_NOT_READY", "published", "STATIC"]);
    const seen = new Set();
    let asked = 0;
    for (let round = 0; round < 12; round++) {
      const answers = await Promise.all(Array.from({ length: 12 }, async (_, i) => (await fetch(i === 6 ? "/swap" : "/ask")).json()));
      for (const details of answers.flat().filter(({ errorCode }) => errorCode !== "PROVIDER_NOT_READY")) {
        assert.deepEqual([details.errorCode, details.value.name], [undefined, details.variant]);
        seen.add(details.variant);
        asked += 1;
      }
    }
    assert.deepEqual([...seen].sort(), ["first", "second"]);
    assert.ok(asked >= 12 * 12 * 2 - 12, `${asked} answers`);
  });
});

const PROVIDER = `
  import { DiddyMesh } from "diddy-mesh";
  import { contextOf, MeshProvider } from "diddy-mesh/openfeature";
  const mesh = new DiddyMesh({ serviceName: "a", registry: "kv", principal: ({ headers }) => headers.get("x-who") ?? undefined });
  const provider = new MeshProvider(mesh);`;
const published = async (mf, flags) => (await mf.getKVNamespace("MESH_KV")).put("mesh/v1/default/snapshot", compiled(flags), { metadata: { version: 1 } });

test("the provider needs no compatibility flag", async () => {
  const source = `${PROVIDER}
    await provider.initialize();
    export default { fetch: async (request) => Response.json(await provider.resolveBooleanEvaluation("who", false, contextOf(request))) };`;
  await running([await worker("a", source, { kvNamespaces: { MESH_KV: "mesh" } })], async (fetch, { mf }) => {
    await published(mf, { who: onFor({ principal: "alice" }) });
    const { errorCode, reason, value } = await (await fetch("/", { headers: { "x-who": "alice" } })).json();
    assert.deepEqual([errorCode, reason, value], [undefined, "TARGETING_MATCH", true]);
  });
});

test("OpenFeature's own SDK asks it in a Worker, set up before any request", async () => {
  const source = `${PROVIDER}
    import { OpenFeature } from "@openfeature/server-sdk";
    await OpenFeature.setProviderAndWait(provider);
    const client = OpenFeature.getClient();
    export default {
      fetch: async (request) => Response.json([
        await client.getBooleanDetails("who", false, contextOf(request)),
        await client.getBooleanValue("who", false, contextOf(request, { targetingKey: "bob" })),
        await client.getStringDetails("where", "mine", { country: "DE" }),
        await client.getObjectValue("json", {}),
      ]),
    };`;
  const where = { variants: { here: "in Germany", there: "elsewhere" }, defaultVariant: "there", rules: [{ country: "DE", variant: "here" }] };
  await running([await worker("a", source, { kvNamespaces: { MESH_KV: "mesh" }, compatibilityFlags: ["nodejs_compat"] })], async (fetch, { mf }) => {
    await published(mf, { who: onFor({ principal: "alice" }), where, json: { variants: { a: { list: [1] } }, defaultVariant: "a" } });
    const [who, bob, { value }, json] = await (await fetch("/", { headers: { "x-who": "alice" } })).json();
    assert.deepEqual([who.value, who.reason, who.flagMetadata.rule, bob, value, json], [true, "TARGETING_MATCH", 0, false, "in Germany", { list: [1] }]);
  });
});

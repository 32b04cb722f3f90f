// What one release publishes in KV, read by Workers of the other: plain, signed, encrypted, both; whole and in a rollout.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { previous, release } from "../compat/releases.mjs";
import { running, worker } from "../harness.mjs";
import { ADMIN, caller, KEY, registry, until } from "../registry.mjs";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const aes = randomBytes(32).toString("base64url");
const SIGN = { MESH_SIGNING_KEY: `k1:${privateKey.export({ format: "der", type: "pkcs8" }).toString("base64url")}` };
const ENCRYPT = { MESH_ENCRYPTION_KEY: `e1:${aes}` };
const verify = { k1: publicKey.export({ format: "jwk" }).x };
const decrypt = { e1: aes };
/** What a registry has as secrets, and what its readers have as options. */
const SEALS = {
  plain: [{}, {}],
  signed: [SIGN, { verify }],
  encrypted: [ENCRYPT, { decrypt }],
  both: [{ ...SIGN, ...ENCRYPT }, { verify, decrypt }],
};
const RELEASES = { before: previous, now: undefined };
/** Where isolates stand in a rollout, by their names. */
const PLACES = { first: 0.01, last: 0.99 };
const READERS = Object.keys(RELEASES).flatMap((of) => Object.keys(PLACES).map((place) => `${of}-${place}`));

/** Reads KV alone, each way of sealing in a mesh of its own: "/signed/x". */
const reader = (name) => {
  const [of, place] = name.split("-");
  const meshes = Object.entries(SEALS).map(([seal, [, keys]]) => `${seal}: new DiddyMesh({ serviceName: "reader", registry: discovery({ kv: "${seal}", object: false, register: false, cache: false, freshMs: 100, ...${JSON.stringify(keys)} }), onEvent: ({ type, detail }) => events.push([type, detail]) })`);
  return worker(
    name,
    `
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";
    Math.random = () => ${PLACES[place]};
    const events = [];
    const meshes = { ${meshes.join(", ")} };
    export default {
      fetch(request, env, ctx) {
        const [, seal] = new URL(request.url).pathname.split("/");
        return seal === "events" ? Response.json(events) : meshes[seal].handle(request, {}, env, ctx);
      },
    };`,
    {
      release: RELEASES[of],
      kvNamespaces: Object.fromEntries(Object.keys(SEALS).map((seal) => [seal, seal])),
      serviceBindings: { A: "a", B: "b" },
    },
  );
};

/** The Workers where the registries are of one release: one of them for each way of sealing. */
const workers = async (of) => [
  await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, {
    serviceBindings: Object.fromEntries([...READERS, ...Object.keys(SEALS)].map((name) => [name, name])),
  }),
  ...(await Promise.all(Object.entries(SEALS).map(async ([seal, [secrets]]) => ({ ...(await registry({ release: RELEASES[of], kvNamespaces: { KV: seal }, bindings: { MESH_ADMIN_TOKEN: ADMIN, ...secrets } })), name: seal })))),
  ...(await Promise.all(READERS.map(reader))),
  ...(await Promise.all(["a", "b"].map((name) => worker(name, `export default { fetch: () => new Response("${name}") };`)))),
];

/** Registers and takes back in KV, as Workers without an object do. */
const registrar = (of) =>
  worker(
    of,
    `
    import { deregister, register } from "diddy-mesh/discovery";
    export default {
      async fetch(request, env) {
        const { ids, registrations } = await request.json();
        return Response.json(ids === undefined ? await register(env, registrations) : await deregister(env, ids));
      },
    };`,
    { release: RELEASES[of], kvNamespaces: { KV: "kv" } },
  );

const document = (service) => ({ services: { a: { endpoints: ["binding:A"] }, b: { endpoints: ["binding:B"] } }, routing: { rules: [{ service }] } });

test(`Workers of ${release} and of now read what objects of both publish`, async () => {
  await running(await workers("before"), async (fetch, { deploy, mf }) => {
    const to = (name) => (path, init = {}) => fetch(path, { ...init, headers: { ...init.headers, "x-to": name } });
    const api = (seal) => caller(to(seal));
    const all = (work) => Promise.all(Object.keys(SEALS).map(work));
    const metadata = async (seal) => (await (await mf.getKVNamespace("KV", seal)).getWithMetadata(KEY)).metadata;
    /** Changes something in each registry, and waits until it is in KV. */
    const change = (path, body) =>
      all(async (seal) => {
        const { snapshot } = await api(seal)("status");
        assert.equal((await api(seal)(path, body)).ok, true);
        await until(async () => (await api(seal)("status")).snapshot > snapshot);
        const { enc, iv, key, sig } = await metadata(seal);
        assert.deepEqual([key, sig !== undefined], ["signed", "both"].includes(seal) ? ["k1", true] : [undefined, false], seal);
        assert.deepEqual([enc, iv !== undefined], ["encrypted", "both"].includes(seal) ? ["e1", true] : [undefined, false], seal);
      });
    /** What readers answer by, where each way of sealing says the same. */
    const read = async (expected) => {
      for (const name of READERS) {
        const wanted = expected[name.split("-")[1]];
        await all((seal) => until(async () => (await (await to(name)(`/${seal}/x`)).text()) === wanted));
      }
    };
    for (const of of ["before", "now"]) {
      if (of === "now") {
        await deploy(await workers(of));
      }
      await change("config", { document: document("a") });
      await read({ first: "a", last: "a" });
      await change("config", { document: document("b"), percent: 40 });
      assert.ok((await all(metadata)).every(({ percent, split }) => percent === 40 && split > 0));
      await read({ first: "b", last: "a" });
      await change("rollout", { percent: 99.5 });
      await read({ first: "b", last: "b" });
      await change("rollout", { percent: 100 });
      assert.ok((await all(metadata)).every(({ split }) => split === undefined));
      await read({ first: "b", last: "b" });
    }
    for (const name of READERS) {
      const events = (await (await to(name)("/events")).json()).filter(([type]) => /^(registry|snapshot_refused|engine)/.test(type));
      assert.deepEqual(events, [], name);
    }
  });
});

test("a registration in KV is the same one whoever writes it, renews it or takes it back", async () => {
  const entry = await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, { serviceBindings: { before: "before", now: "now" } });
  await running([entry, await registrar("before"), await registrar("now")], async (fetch, { mf }) => {
    const ask = async (name, body) => (await fetch("/", { method: "POST", headers: { "x-to": name }, body: JSON.stringify(body) })).json();
    const kv = await mf.getKVNamespace("KV", "now");
    const stored = async () => (await kv.list()).keys.map(({ metadata, name }) => [name, metadata]);
    const one = { service: "users", address: "https://users.example.com", version: "2.0.0", weight: 2, ttl: "1h" };
    for (const [first, second] of [["before", "now"], ["now", "before"]]) {
      const [{ id, ok }] = await ask(first, { registrations: [one] });
      assert.equal(ok, true);
      const there = await stored();
      assert.equal(there.length, 1);
      assert.equal((await ask(second, { registrations: [one] }))[0].id, id);
      assert.deepEqual(await stored(), there);
      assert.deepEqual(await ask(second, { ids: [id] }), [{ id, service: one.service, address: one.address, version: one.version }]);
      assert.deepEqual(await stored(), []);
    }
  });
});

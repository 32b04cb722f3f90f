// A mesh on KV alone whose Snapshots a Worker's cron makes: in workerd, with its KV and its scheduled events.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { running, worker } from "../harness.mjs";
import { commandsOn, cron, listed, run, SNAPSHOT, tell } from "../kv-alone.mjs";
import { until } from "../registry.mjs";

const DOCUMENT = { services: { users: { endpoints: [] } }, routing: { rules: [{ path: "/*", service: "users" }] } };
const registered = (address, more = {}) => ({ service: "users", address, ...more });
const keyOf = (id, service = "users") => `mesh/v1/default/registration/${service}/${id}`;

/** A Worker that asks for users, by what is published, and one that registers them. Neither has an object. */
const gateway = (options = "", bindings = {}) =>
  worker(
    "gateway",
    `
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";
    const events = [];
    const verify = async (env) => ({ k1: env.VERIFYING });
    const decrypting = (env) => env.ENCRYPTION;
    export default {
      fetch(request, env, ctx) {
        globalThis.mesh ??= new DiddyMesh({ serviceName: "gateway", registry: discovery({ cache: false, freshMs: 1, register: false ${options} }), onEvent: ({ type, detail }) => events.push([type, detail]) });
        return new URL(request.url).pathname === "/events" ? Response.json(events.splice(0)) : globalThis.mesh.handle(request, {}, env, ctx);
      },
    };`,
    { kvNamespaces: { KV: "mesh" }, serviceBindings: { USERS: "users" }, bindings },
  );
const registrar = () =>
  worker(
    "registrar",
    `
    import { deregister, register } from "diddy-mesh/discovery";
    export default {
      async fetch(request, env) {
        const { pathname } = new URL(request.url);
        const given = await request.json();
        return Response.json(pathname === "/register" ? await register(env, given) : await deregister(env, given));
      },
    };`,
    { kvNamespaces: { KV: "mesh" } },
  );
const users = () => worker("users", `export default { fetch: () => new Response("users") };`);

/** With a cron and its namespace. */
const alone = async (use, more = []) => running([await cron(), ...more], async (fetch, { mf }) => use({ mf, kv: await mf.getKVNamespace("KV", "cron") }));
const metadataOf = async (kv) => (await kv.getWithMetadata(SNAPSHOT, "arrayBuffer")).metadata;

test("what a Worker registered is compiled by the cron, reaches another Worker, and leaves when its time is over", async () => {
  await alone(
    async ({ mf, kv }) => {
      const who = async () => {
        const answer = await (await mf.getWorker("gateway")).fetch("http://mesh.test/");
        return answer.status === 200 ? answer.text() : answer.status;
      };
      const ask = async (path, body) => (await (await mf.getWorker("registrar")).fetch(`http://mesh.test/${path}`, { method: "POST", body: JSON.stringify(body) })).json();
      assert.deepEqual(await run(mf), { version: 0, changed: false, config: 0, endpoints: 0, leftOut: [], isCut: false, error: null, diagnostics: [], counts: { reads: 2, lists: 1, writes: 0 } });
      assert.deepEqual(await listed(kv, ""), [], "where nothing is, nothing is made");

      await commandsOn(kv).publish(DOCUMENT);
      const first = await metadataOf(kv);
      const same = await run(mf);
      assert.deepEqual([same.changed, same.version, same.config, same.endpoints], [false, first.version, 1, 0], "what the command line published needs nothing");
      assert.deepEqual(same.counts, { reads: 3, lists: 1, writes: 0 });
      assert.equal(await who(), 503);

      const [{ id, ok }] = await ask("register", [registered("binding:USERS", { ttl: "10m" })]);
      assert.equal(ok, true);
      const came = await run(mf);
      assert.deepEqual([came.changed, came.endpoints, came.error, came.leftOut], [true, 1, null, []]);
      assert.deepEqual(came.counts, { reads: 3, lists: 1, writes: 1 });
      assert.ok(came.version > first.version);
      const { at: _, ...said } = await metadataOf(kv);
      assert.deepEqual([said.version, said.config, said.stagedAt], [came.version, 1, first.stagedAt]);
      await until(async () => (await who()) === "users");

      // Nothing changed: nothing is put, however often, also where it registers again.
      await ask("register", [registered("binding:USERS", { ttl: "10m" })]);
      for (let i = 0; i < 3; i++) {
        const { changed, counts, version } = await run(mf);
        assert.deepEqual([changed, version, counts], [false, came.version, { reads: 3, lists: 1, writes: 0 }]);
      }
      await tell(mf, "skip?595000");
      assert.equal((await run(mf)).changed, false, "its time is not over");
      await tell(mf, "skip?10000");
      const ended = await run(mf);
      assert.deepEqual([ended.changed, ended.endpoints, ended.counts.writes], [true, 0, 1]);
      assert.ok(ended.version > came.version);
      assert.equal((await listed(kv, keyOf(""))).length, 1, "KV still has it");
      await until(async () => (await who()) === 503);

      // One that is taken back is gone with the next run too.
      await tell(mf, "skip?-605000");
      const back = await run(mf);
      assert.ok(back.version > ended.version, "versions grow whatever the clock does");
      await ask("deregister", [id]);
      const gone = await run(mf);
      assert.deepEqual([gone.changed, gone.endpoints, gone.version > back.version], [true, 0, true]);
      await until(async () => (await who()) === 503);
      assert.deepEqual((await (await (await mf.getWorker("gateway")).fetch("http://mesh.test/events")).json()).filter(([type]) => /refused|unavailable/.test(type)), []);
    },
    [await gateway(), await registrar(), await users()],
  );
});

test("registrations that are no good are left out one by one, and named", async () => {
  await alone(async ({ mf, kv }) => {
    await commandsOn(kv).publish(DOCUMENT);
    const bad = { a: null, b: "text", c: [], d: registered("no address"), e: registered("http://far.example"), f: registered("https://f.example", { ttl: "9d" }), g: registered("https://g.example", { odd: 1 }), h: { address: "https://h.example" } };
    for (const [id, metadata] of Object.entries({ ...bad, good: registered("https://good.example"), last: registered("https://last.example", { version: "2.0.0" }) })) {
      await kv.put(keyOf(id), "", metadata === null ? {} : { metadata });
    }
    const { changed, endpoints, error, leftOut } = await run(mf);
    assert.deepEqual([changed, endpoints, error], [true, 2, null]);
    assert.deepEqual(leftOut.map(({ key }) => key), Object.keys(bad).map((id) => keyOf(id)));
    for (const { diagnostics, key } of leftOut) {
      assert.ok(diagnostics.length > 0 && diagnostics.every(({ message, severity }) => severity === "error" && message.length > 0), key);
    }
    assert.deepEqual(leftOut[4].diagnostics.map(({ code, path }) => [code, path]), [["insecure-address", "address"]]);
    const bytes = Buffer.from(await kv.get(SNAPSHOT, "arrayBuffer"));
    assert.ok(["good.example", "last.example"].every((name) => bytes.includes(name)) && !bytes.includes("far.example"));
  });
});

test("more endpoints than the configuration can have leave out what is too much", async () => {
  await alone(async ({ mf, kv }) => {
    const versioned = { services: { users: { endpoints: [] }, other: { endpoints: [] } }, routing: { rules: [{ path: "/*", backends: [{ service: "users", version: "1.x" }] }] } };
    await commandsOn(kv).publish(versioned);
    // A version is looked for among 63 endpoints at most.
    const ids = Array.from({ length: 70 }, (_, i) => String(i).padStart(2, "0"));
    await Promise.all(ids.map((id) => kv.put(keyOf(id), "", { metadata: registered(`https://${id}.example`, { version: "1.0.0" }) })));
    await kv.put(keyOf("a", "other"), "", { metadata: { service: "other", address: "https://other.example" } });
    const { changed, endpoints, error, leftOut } = await run(mf);
    assert.deepEqual([changed, error, endpoints], [true, null, 64]);
    assert.deepEqual(leftOut.map(({ key }) => key), ids.slice(63).map((id) => keyOf(id)));
    assert.match(leftOut[0].diagnostics[0].message, /at most 63 endpoints/);
    assert.equal((await run(mf)).changed, false, "each time the same");
  });
});

test("reading is bounded: pages, and no more registrations than are allowed", async () => {
  await alone(async ({ mf, kv }) => {
    await commandsOn(kv).publish(DOCUMENT);
    const ids = Array.from({ length: 2_100 }, (_, i) => String(i).padStart(4, "0"));
    for (let at = 0; at < ids.length; at += 100) {
      await Promise.all(ids.slice(at, at + 100).map((id) => kv.put(keyOf(id), "", { metadata: registered(`https://${id}.example`) })));
    }
    const all = await run(mf);
    assert.deepEqual([all.endpoints, all.isCut, all.error, all.counts], [2_100, false, null, { reads: 3, lists: 3, writes: 1 }]);
    await tell(mf, "options", { registrationsMax: 1_500 });
    const some = await run(mf);
    assert.deepEqual([some.endpoints, some.isCut, some.counts], [1_500, true, { reads: 3, lists: 2, writes: 1 }]);
  });
});

test("what is broken changes nothing, and is said", async () => {
  await alone(async ({ mf, kv }) => {
    const config = "mesh/v1/default/config/0000000001";
    const putStage = (metadata) => kv.put("mesh/v1/default/stage", "x", { metadata });
    await commandsOn(kv).publish(DOCUMENT);
    await kv.put(keyOf("a"), "", { metadata: registered("https://a.example") });
    const before = await metadataOf(kv);
    const stays = async (why, version = before.version) => {
      const { changed, counts, error, version: said } = await run(mf);
      assert.match(error, why);
      assert.deepEqual([changed, said, counts.writes], [false, version, 0]);
    };
    const [stored, stage] = [await kv.getWithMetadata(config), (await kv.getWithMetadata("mesh/v1/default/stage")).metadata];
    await kv.put(config, "{", { metadata: stored.metadata });
    await stays(/version 1 of the configuration is listed but cannot be read/);
    await kv.delete(config);
    await stays(/version 1 of the configuration is listed but cannot be read/);
    await kv.put(config, '{"services":7}', { metadata: stored.metadata });
    await stays(/a published version does not compile any more: services/);
    await kv.put(config, JSON.stringify({ ...DOCUMENT, routing: { rules: [{ path: "/*", service: "nobody" }] } }));
    await stays(/version 1 of the configuration does not compile/);
    await kv.put(config, stored.value);
    for (const metadata of [undefined, { config: -1 }, { config: "1" }, { config: 1, candidate: 0.5 }, []]) {
      await putStage(metadata);
      await stays(/mesh\/v1\/default\/stage does not say which configuration is in use: found/, 0);
    }
    await putStage(stage);
    for (const metadata of [{ version: 7 }, undefined, { ...before, version: 2 ** 53 }, { ...before, version: "1" }]) {
      await kv.put(SNAPSHOT, "of an object", { metadata });
      await stays(/published by a registry object \(or another program\), which is its one writer/, 0);
      assert.equal(await kv.get(SNAPSHOT), "of an object");
    }
    await kv.delete(SNAPSHOT);
    const { changed, endpoints, error } = await run(mf);
    assert.deepEqual([changed, endpoints, error], [true, 1, null], "and all is well when it is mended");
  });
});

test("options that cannot be meant, and a namespace that is not there, are told at once", async () => {
  await alone(async ({ mf }) => {
    for (const [options, code, why] of [
      [{ mesh: "No" }, "invalid_options", /mesh \}\) is a lowercase DNS label, not "No"/],
      [{ registrationsMax: 0 }, "invalid_options", /registrationsMax \}\) is a whole number from 1 to 20000, not 0/],
      [{ registrationsMax: 20_001 }, "invalid_options", /not 20001/],
      [{ timeoutMs: 0 }, "invalid_options", /timeoutMs \}\) is a number of milliseconds above 0/],
      [{ kv: "NOBODY" }, "registry_not_found", /names the binding "NOBODY", which env does not have/],
      [{ kv: {} }, "invalid_options", /kv \}\) is a KV namespace or the name of its binding/],
    ]) {
      await tell(mf, "options", options);
      const { code: said, thrown } = await run(mf);
      assert.deepEqual([said, why.test(thrown)], [code, true], thrown);
    }
    await tell(mf, "options", { kv: "KV" });
    assert.equal((await run(mf)).error, null, "a binding by its name");
  });
});

test("two at once, beside the command line and behind the times, undo nothing, and versions grow", async () => {
  await alone(
    async ({ mf, kv }) => {
      const commands = commandsOn(kv);
      const versions = [];
      const now = async () => {
        const { config, version } = await metadataOf(kv);
        versions.push(version);
        return config;
      };
      await commands.publish(DOCUMENT);
      await now();
      await kv.put(keyOf("a"), "", { metadata: registered("https://a.example") });
      // What the cron sees now it will see again, as KV may show it for a while: an endpoint that is not published.
      await tell(mf, "see?keep");
      const [one, two] = await Promise.all([run(mf), run(mf, "other")]);
      assert.deepEqual([one.error, two.error, one.endpoints, two.endpoints], [null, null, 1, 1]);
      await now();
      // Meanwhile somebody publishes two more configurations, and an endpoint comes that another cron sees.
      await commands.publish({ ...DOCUMENT, services: { users: { endpoints: [], timeout: 1_000 } } });
      await commands.publish({ ...DOCUMENT, services: { users: { endpoints: [], timeout: 2_000 } } });
      assert.equal(await now(), 3);
      await kv.put(keyOf("b"), "", { metadata: registered("https://b.example") });
      assert.equal((await run(mf, "other")).endpoints, 2);
      await now();
      // A second each: KV takes no more of one key either.
      await tell(mf, "skip?5000");
      await tell(mf, "see?old");
      const late = await run(mf);
      assert.deepEqual([late.changed, late.endpoints, late.config], [true, 1, 1]);
      assert.equal(await now(), 1, "for the moment that is what is published");
      await tell(mf, "see?new");
      await tell(mf, "skip?-5000");
      const healed = await run(mf);
      assert.deepEqual([healed.changed, healed.endpoints], [true, 2]);
      assert.equal(await now(), 3, "what was published is in use again");
      assert.equal((await run(mf, "other")).changed, false);
      assert.ok(versions.every((version, i) => i === 0 || version > versions[i - 1]), versions.join());
      assert.deepEqual((await commands.history()).map(({ state, version }) => [version, state]), [[3, "current"], [2, "past"], [1, "past"]]);
      assert.equal((await commands.list()).endpoints.length, 2);
    },
    [await cron("other")],
  );
});

test("Snapshots are sealed with keys that providers give, and the command line leaves them to the cron", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const SIGNING = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64url");
  const ENCRYPTION = randomBytes(32).toString("base64url");
  const reader = await gateway(", verify, decrypt: { e1: decrypting }", { VERIFYING: publicKey.export({ format: "jwk" }).x, ENCRYPTION });
  const workers = [await cron("cron", { bindings: { SIGNING, ENCRYPTION } }), await cron("secrets", { bindings: { MESH_SIGNING_KEY: `k1:${SIGNING}` } }), reader, await users()];
  await running(workers, async (fetch, { mf }) => {
    const kv = await mf.getKVNamespace("KV", "cron");
    const commands = commandsOn(kv);
    const who = async () => (await (await mf.getWorker("gateway")).fetch("http://mesh.test/")).status;
    await commands.publish({ ...DOCUMENT, services: { users: { endpoints: ["binding:USERS"] } } });
    await tell(mf, "options", { keys: "failing" });
    assert.match((await run(mf)).thrown, /the provider of what Snapshots are sealed with failed: away/);
    await tell(mf, "options", { keys: "hanging" });
    const hanging = await run(mf);
    assert.deepEqual([/no answer within 2000 ms/.test(hanging.thrown), hanging.counts.writes], [true, 0]);
    assert.notEqual(await who(), 200, "what is plain is refused");

    await tell(mf, "options", { keys: "keys" });
    const sealed = await run(mf);
    assert.deepEqual([sealed.changed, sealed.error], [true, null], "what is plain is sealed, though it says the same");
    const { enc, key, sig } = await metadataOf(kv);
    assert.deepEqual([enc, key, sig.length], ["e1", "k1", 86]);
    assert.ok(!Buffer.from(await kv.get(SNAPSHOT, "arrayBuffer")).includes("USERS"));
    await until(async () => (await who()) === 200);
    assert.equal((await run(mf)).changed, false);

    await commands.publish(DOCUMENT);
    assert.equal((await metadataOf(kv)).sig, sig, "the command line has no key");
    const next = await run(mf);
    assert.deepEqual([next.changed, next.config, next.version > sealed.version], [true, 2, true]);
    await until(async () => (await who()) === 503);

    // Other keys seal it anew: those of the secrets here, which do not encrypt.
    const anew = await run(mf, "secrets");
    assert.deepEqual([anew.changed, (await metadataOf(kv)).enc], [true, undefined]);
    await until(async () => (await who()) === 503);
  });
});

test("a rollout goes on as the command line has it", async () => {
  await alone(async ({ mf, kv }) => {
    const commands = commandsOn(kv);
    const staged = { ...DOCUMENT, services: { users: { endpoints: ["https://candidate.example"] } } };
    await commands.publish(DOCUMENT);
    await commands.publish(staged, { percent: 10 });
    assert.deepEqual((await run(mf)).counts, { reads: 4, lists: 1, writes: 0 });
    await kv.put(keyOf("a"), "", { metadata: registered("https://a.example") });
    assert.equal((await run(mf)).changed, true);
    const bytes = Buffer.from(await kv.get(SNAPSHOT, "arrayBuffer"));
    const { candidate, config, percent, split, version } = await metadataOf(kv);
    assert.deepEqual([config, candidate, percent], [1, 2, 10]);
    const [stable, other] = [bytes.subarray(0, split), bytes.subarray(split)];
    assert.deepEqual([stable, other].map((one) => [one.includes("a.example"), one.includes("candidate.example")]), [[true, false], [true, true]]);
    // Another percentage that only the stage tells of: who settled it ended there.
    const key = "mesh/v1/default/stage";
    const { metadata } = await kv.getWithMetadata(key);
    await kv.put(key, "", { metadata: { ...metadata, percent: 50, stagedAt: metadata.stagedAt + 1 } });
    const moved = await run(mf);
    assert.deepEqual([moved.changed, moved.version > version, (await metadataOf(kv)).percent], [true, true, 50]);
    assert.deepEqual((await commands.rollout({ stop: true })).rollout, null);
    assert.equal((await run(mf)).changed, false);
    assert.deepEqual([(await metadataOf(kv)).split, (await metadataOf(kv)).config], [undefined, 1]);
  });
});

// The registry's object on what the object of the release before stored, and the other way round: as a deployment does it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "../cases/run.mjs";
import { previous, release } from "../compat/releases.mjs";
import { running } from "../harness.mjs";
import { caller, origin, published, registry, until } from "../registry.mjs";

/** The registry's Worker. "/report" passes on what an isolate reports; "/later" makes a stored version one of a later release, and evicts the object. */
const SOURCE = `
  import * as diddy from "diddy-mesh/registry";
  export class MeshRegistry extends diddy.MeshRegistry {
    async later(version) {
      this.ctx.storage.sql.exec("UPDATE config_part SET text = json_set(text, '$.later', 1) WHERE version = ?", version);
      await this.ctx.storage.sync();
      this.ctx.abort("evicted");
    }
  }
  export default {
    async fetch(request, env, ctx) {
      const { pathname, search } = new URL(request.url);
      const stub = env.MESH_REGISTRY_OBJECT.getByName("default");
      if (pathname === "/later") return new Response(await stub.later(Number(search.slice(1))).catch(String));
      if (pathname !== "/report") return diddy.adminApi(request, env, ctx);
      try {
        return Response.json((await stub.report(await request.json())) ?? "nothing");
      } catch ({ message }) {
        return Response.json({ message });
      }
    },
  };`;
const BEFORE = { source: SOURCE, release: previous };
const NOW = { source: SOURCE };

const document = (service, url, more = {}) => ({
  services: { checked: { endpoints: [url], healthCheck: { path: "/health", interval: "60m" } }, a: { endpoints: ["binding:A"] }, b: {}, ...more.services },
  routing: { rules: [{ path: "/x", service }] },
  ...(more.flags && { flags: more.flags }),
});
const B1 = { service: "b", address: "https://b1.example.com", version: "2.0.0", weight: 3, region: "weur", metadata: { owner: "team b" } };
const B2 = { service: "b", address: "https://b2.example.com", ttl: "24h" };
const SHORT = { service: "b", address: "https://short.example.com", ttl: "5s" };

/** All that a registry says of itself. */
async function told(api) {
  const { history } = await api("history?limit=100");
  const configs = await Promise.all(history.map(({ version }) => api(`config?version=${version}`)));
  return { status: await api("status"), services: await api("services"), history, configs };
}

/** Publishes and waits until it is in KV. */
async function publish(api, body) {
  const { latest, snapshot } = await api("status");
  const done = await api("config", body);
  assert.equal(done.ok, true, JSON.stringify(done));
  assert.equal(done.version, latest + 1);
  await until(async () => (await api("status")).snapshot > snapshot);
}

/** A registry with a history, endpoints of all kinds, and a rollout under way. */
async function filled(api, url) {
  const registered = (await api("register", { registrations: [B1, B2, SHORT] })).registered;
  assert.deepEqual(registered.map(({ ok }) => ok), [true, true, true]);
  await publish(api, { document: document("a", url), message: "first", author: "ann" });
  await publish(api, { document: document("b", url), message: "second" });
  assert.equal((await api("rollback", {})).version, 3);
  await until(async () => (await api("services")).endpoints.some(({ service, health }) => service === "checked" && health === "unhealthy"));
  await publish(api, { document: document("b", url, { services: { c: {} } }), percent: 25, message: "candidate" });
  return registered.map(({ id }) => id);
}

test(`the object goes on with what that of ${release} stored`, async () => {
  await origin(async (url, { state }) => {
    state.status = 500;
    await running([await registry(BEFORE)], async (fetch, { deploy, mf }) => {
      const api = caller(fetch);
      const [b1, b2, short] = await filled(api, url);
      const before = await told(api);
      const inKv = await published(mf);
      const asked = state.asked.length;
      await deploy([await registry(NOW)]);

      const after = await told(api);
      assert.ok(fits(before.status, after.status), JSON.stringify([before.status, after.status]));
      assert.deepEqual(after.history, before.history);
      assert.deepEqual(after.configs, before.configs);
      const endpoints = new Map(after.services.endpoints.map((one) => [one.id, one]));
      for (const { expiresAt, ...one } of before.services.endpoints.filter(({ id }) => id !== short)) {
        assert.ok(fits(one, endpoints.get(one.id)), JSON.stringify([one, endpoints.get(one.id)]));
        // A lease is stored with some more time, so that no restart ends one.
        assert.ok((endpoints.get(one.id).expiresAt ?? 0) >= (expiresAt ?? 0));
      }
      assert.equal(state.asked.length, asked, "what was known of checks is known");

      // Registrations: leases end, are renewed, and what says the same is the same.
      assert.deepEqual((await api("heartbeat", { ids: [b1, b2] })).renewed.map(({ ok }) => ok), [true, true]);
      const [again] = (await api("register", { registrations: [B1] })).registered;
      assert.deepEqual([again.id, again.state], [b1, "renewed"]);
      await until(async () => !(await api("services")).endpoints.some(({ id }) => id === short));
      await until(async () => (await published(mf)).version > inKv.version);
      assert.ok((await published(mf)).split > 0 && (await published(mf)).percent === 25, "the rollout goes on");

      // The rollout, history and rollback.
      const { difference } = await api("diff?from=1&to=2");
      assert.equal(difference.same, false);
      assert.equal((await api("config", { document: document("a", url, { services: { d: {} } }) })).reason, "rollout");
      assert.equal((await api("rollout", { percent: 100 })).rollout, null);
      assert.equal((await api("status")).config, 4);
      await until(async () => (await published(mf)).split === undefined);
      const back = await api("rollback", {});
      assert.deepEqual([back.ok, back.version], [true, 5]);
      const { history } = await api("history");
      assert.deepEqual(history.map(({ version, state, rollbackOf }) => [version, state, rollbackOf]), [[5, "current", 3], [4, "past", null], [3, "past", 1], [2, "past", null], [1, "past", null]]);
    });
  });
});

test(`the object of ${release} goes on with what this one stored`, async () => {
  await origin(async (url, { state }) => {
    state.status = 500;
    await running([await registry(NOW)], async (fetch, { deploy, mf }) => {
      const api = caller(fetch);
      const report = async (body) => (await fetch("/report", { method: "POST", body: JSON.stringify(body) })).json();
      const [b1] = await filled(api, url);
      assert.equal((await api("rollout", { stop: true })).ok, true);
      // An ejection, which that release knows nothing of.
      const names = Array.from({ length: 6 }, (_, i) => `https://e${i}.example.com`);
      await publish(api, { document: document("a", url, { services: { a: { endpoints: names, outlierDetection: { baseEjectionTime: "300s", successRateRequestVolume: 4 } } } }) });
      const endpoints = names.map((address, i) => ({ address, version: "", attempts: 100, failures: i === 4 ? 50 : 0, opened: 0, open: false }));
      await report({ shared: { isolate: 1, everyMs: 30_000, services: { a: { requests: 600, endpoints } } } });
      assert.equal((await api("services")).endpoints.filter(({ ejected }) => ejected).length, 1);
      await publish(api, { document: document("a", url) });
      const before = await told(api);
      await deploy([await registry(BEFORE)]);

      const after = await told(api);
      assert.deepEqual(after.history, before.history);
      assert.deepEqual(after.configs, before.configs);
      assert.ok(fits(after.status, before.status), JSON.stringify([after.status, before.status]));
      assert.deepEqual((await api("heartbeat", { ids: [b1] })).renewed.map(({ ok }) => ok), [true]);
      assert.equal(await report({ shared: { isolate: 1, everyMs: 30_000, services: { a: { requests: 600, endpoints } } } }), "nothing");
      await publish(api, { document: document("b", url) });
    });
  });
});

test("a configuration that a later release stored is not published, and what was published stays until a readable one comes", async () => {
  await origin(async (url, { state }) => {
    state.status = 500;
    await running([await registry(NOW)], async (fetch, { mf }) => {
      const api = caller(fetch);
      const stays = async () => {
        const before = await published(mf);
        const weight = 1 + Math.floor(Math.random() * 60_000);
        assert.equal((await api("register", { registrations: [{ ...B1, weight }] })).registered[0].ok, true);
        await until(async () => /cannot be read by this release: .*later/.test((await api("status")).publishError));
        assert.deepEqual(await published(mf), before);
      };
      await filled(api, url);
      // That of the rollout: the others are not left alone with theirs, as the next one to read would take that for the end.
      await fetch("/later?4");
      await stays();
      assert.equal((await api("rollout", { stop: true })).ok, true);
      await until(async () => (await api("status")).publishError === null && (await published(mf)).split === undefined);
      // That in use.
      await fetch("/later?3");
      await stays();
      assert.deepEqual([(await api("status")).config, (await api("config?version=3")).document.later], [3, 1]);
      await publish(api, { document: document("b", url) });
      assert.equal((await api("status")).publishError, null);
    });
  });
});

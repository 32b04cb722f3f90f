// The registry object by its admin API, in real workerd, with its own database and KV.
import assert from "node:assert/strict";
import { test } from "node:test";
import { running } from "../harness.mjs";
import { ADMIN, caller, origin, published, REGISTER, registry, until } from "../registry.mjs";

const document = (address = "binding:USERS") => ({ services: { users: { endpoints: [address] } }, routing: { rules: [{ service: "users" }] } });
const publishedVersion = async (mf) => (await published(mf))?.version;

test("a configuration is published once, seen in KV, compared and brought back", async () => {
  await running([await registry()], async (fetch, { mf }) => {
    const api = caller(fetch);
    assert.deepEqual(await api("status"), { status: 200, mesh: "default", config: 0, latest: 0, snapshot: 0, publishedAt: null, publishError: null, denied: 0, rollout: null });
    const first = await api("config", { document: document(), message: "first", author: "me" });
    assert.deepEqual([first.ok, first.version, first.changed], [true, 1, true]);
    const version = await until(() => publishedVersion(mf));
    assert.equal((await api("config", { document: document() })).changed, false);
    const dry = await api("config", { document: document("binding:OTHER"), dryRun: true, expect: 1 });
    assert.equal(dry.version, 2);
    assert.equal(dry.difference.same, false);
    assert.equal((await api("status")).latest, 1, "looking stores nothing");
    const second = await api("config", { document: document("binding:OTHER"), expect: 1 });
    assert.equal(second.version, 2);
    await until(async () => (await publishedVersion(mf)) > version);
    const late = await api("config", { document: document("binding:LATE"), expect: 1 });
    assert.deepEqual([late.status, late.reason, late.current], [409, "conflict", 2]);
    const broken = await api("config", { document: { services: { users: { retires: 1 } } } });
    assert.deepEqual([broken.status, broken.reason, broken.diagnostics[0].path], [422, "invalid", "services.users.retires"]);
    assert.equal((await api("status")).config, 2);
    const back = await api("rollback", {});
    assert.deepEqual([back.ok, back.version], [true, 3]);
    const { history } = await api("history");
    assert.deepEqual(history.map(({ version, state, rollbackOf, message }) => [version, state, rollbackOf, message]), [
      [3, "current", 1, "rollback to version 1"],
      [2, "past", null, ""],
      [1, "past", null, "first"],
    ]);
    assert.equal((await api("diff?from=1&to=3")).difference.same, true);
    assert.equal((await api("diff?from=1&to=2")).difference.same, false);
    assert.deepEqual((await api("config?version=2")).document, document("binding:OTHER"));
    assert.equal((await api("config?version=9")).status, 404);
  });
});

test("registrations are taken one by one, listed, renewed, taken back", async () => {
  await running([await registry()], async (fetch, { mf }) => {
    const api = caller(fetch, REGISTER);
    const { registered } = await api("register", {
      registrations: [
        { service: "users", address: "https://one.example", version: "1.2.0", region: "weur", ttl: "60s", metadata: { commit: "abc" } },
        { service: "Users", address: "https://two.example" },
        { service: "users", address: "ftp://three.example" },
        { service: "users", address: "http://four.example" },
        { service: "users", address: "binding:FIVE", ttl: 1 },
        { service: "users", address: "binding:SIX", metadata: { long: "x".repeat(800) } },
        { service: "users", address: "binding:SEVEN", version: "a b" },
        7,
      ],
    });
    assert.deepEqual(registered.map(({ ok, diagnostics }) => (ok ? "ok" : `${diagnostics[0].path}: ${diagnostics[0].code}`)), [
      "ok",
      "service: invalid-name",
      "address: invalid-address",
      "address: insecure-address",
      "ttl: out-of-range",
      "metadata: out-of-range",
      "version: invalid-name",
      ": wrong-type",
    ]);
    await until(() => publishedVersion(mf));
    const { endpoints } = await api("services");
    assert.deepEqual(endpoints.map(({ service, address, source, health, region }) => [service, address, source, health, region]), [["users", "https://one.example", "registration", "healthy", "weur"]]);
    const [{ id }] = endpoints;
    const { renewed } = await api("heartbeat", { ids: [id, "0123456789abcdef", "x"] });
    assert.deepEqual(renewed.map(({ ok }) => ok), [true, false, false]);
    assert.deepEqual((await api("deregister", { ids: [id] })).deregistered.map(({ address }) => address), ["https://one.example"]);
    assert.deepEqual((await api("services")).endpoints, []);
  });
});

test("who has no right token gets nowhere, is counted, and is told nothing", async () => {
  await running([await registry()], async (fetch) => {
    const asked = async (token, path, body) => {
      const { status, reason } = await caller(fetch, token)(path, body);
      return [status, reason];
    };
    assert.deepEqual(await asked("", "status"), [401, "unauthorized"]);
    assert.deepEqual(await asked("wrong-token-0123456789", "nothing"), [401, "unauthorized"]);
    assert.deepEqual(await asked(REGISTER, "config", { document: document() }), [403, "forbidden"]);
    assert.deepEqual(await asked(REGISTER, "history"), [403, "forbidden"]);
    assert.deepEqual(await asked(ADMIN, "nothing"), [404, "not_found"]);
    assert.deepEqual(await asked(ADMIN, "register"), [405, "method_not_allowed"]);
    assert.deepEqual(await asked(ADMIN, "status?mesh=No"), [400, "invalid_request"]);
    await until(async () => (await caller(fetch)("status")).denied >= 2);
  });
  await running([await registry({ bindings: {} })], async (fetch) => {
    assert.equal(await (await fetch("/_mesh/api/status")).text(), "no such page");
  });
});

test("what is no good JSON is refused with the place", async () => {
  await running([await registry()], async (fetch) => {
    const api = caller(fetch);
    for (const [body, message] of [
      ['{"document":{"services":{},"services":{}}}', /"services" stands twice/],
      ['{"document":{"a":1,"\\u0061":2}}', /"a" stands twice/],
      [`{"document":${"[".repeat(70)}${"]".repeat(70)}}`, /nested deeper than 64/],
      ["{", /./],
      ["[]", /JSON object/],
      ["", /./],
    ]) {
      const answer = await api("config", body);
      assert.deepEqual([answer.status, answer.reason], [400, "invalid_request"], body);
      assert.match(answer.message, message);
    }
    const deep = await api("config", { document: { services: {}, routing: JSON.parse(`${"[".repeat(50)}${"]".repeat(50)}`) } });
    assert.equal(deep.status, 422);
    const large = await api("config", `{"document":"${"x".repeat(9 * 1024 * 1024)}"}`);
    assert.equal(large.status, 413);
    const long = await api("config", { document: document(), message: "x".repeat(1001) });
    assert.equal(long.status, 400);
    assert.equal((await api("status")).latest, 0);
  });
});

test("endpoints are checked, and those that fail are published so", async () => {
  await origin(async (address, { state }) => {
    await running([await registry()], async (fetch, { mf }) => {
      const api = caller(fetch);
      const healthCheck = { path: "/health", interval: "1s", jitter: 0, unhealthyThreshold: 1, healthyThreshold: 1, expectedStatus: ["2xx", 418] };
      await api("config", { document: { services: { users: { healthCheck, endpoints: ["binding:NOBODY"] } } } });
      await api("register", { registrations: [{ service: "users", address, ttl: "60s" }] });
      const health = async () => Object.fromEntries((await api("services")).endpoints.map(({ address, check, health }) => [address, `${health} ${check}`]));
      await until(async () => (await health())[address] === "healthy healthy");
      const before = await until(() => publishedVersion(mf));
      state.status = 500;
      await until(async () => (await health())[address] === "unhealthy unhealthy");
      await until(async () => (await publishedVersion(mf)) > before);
      state.status = 418;
      await until(async () => (await health())[address] === "healthy healthy");
      assert.equal((await health())["binding:NOBODY"], "healthy undefined", "what cannot be asked is believed");
      assert.ok(state.asked.every((path) => path === "/health"));
    });
  });
});

test("watchers hear what happens", async () => {
  await running([await registry()], async (fetch, { mf }) => {
    const answer = await mf.dispatchFetch("http://mesh.test/_mesh/api/watch", { headers: { upgrade: "websocket", authorization: `Bearer ${ADMIN}` } });
    assert.equal(answer.status, 101);
    const heard = [];
    answer.webSocket.accept();
    answer.webSocket.addEventListener("message", ({ data }) => heard.push(JSON.parse(data)));
    const api = caller(fetch);
    await api("config", { document: document() });
    await api("register", { registrations: [{ service: "users", address: "https://one.example", ttl: "5s" }] });
    await until(async () => (await api("status")) && heard.some(({ type }) => type === "lease_lost"));
    const types = heard.map(({ type }) => type);
    for (const type of ["hello", "config", "registered", "published", "lease_lost"]) {
      assert.ok(types.includes(type), `${type} of ${types}`);
    }
    answer.webSocket.close();
  });
});

test("a rollout goes to some, further, and to all; or is stopped", async () => {
  await running([await registry()], async (fetch, { mf }) => {
    const api = caller(fetch);
    const seen = () => published(mf);
    await api("config", { document: document("binding:A") });
    await until(seen);
    assert.equal((await api("rollout", { percent: 10 })).reason, "no_rollout");
    await api("config", { document: document("binding:B"), percent: 5 });
    const metadata = await until(async () => ((await seen()).split === undefined ? undefined : seen()));
    assert.equal(metadata.percent, 5);
    const status = await api("status");
    assert.deepEqual([status.config, status.latest, status.rollout.version, status.rollout.percent], [1, 2, 2, 5]);
    assert.equal((await api("config", { document: document("binding:C") })).reason, "rollout");
    await api("rollout", { percent: 50 });
    await until(async () => (await seen()).percent === 50);
    assert.equal((await api("rollout", { percent: 0 })).status, 400);
    await api("rollout", { percent: 100 });
    assert.deepEqual([(await api("status")).config, (await api("status")).rollout], [2, null]);
    await until(async () => (await seen()).split === undefined);
    await api("config", { document: document("binding:C"), percent: 5 });
    await api("rollout", { stop: true });
    assert.deepEqual((await api("history")).history.map(({ state }) => state), ["stopped", "current", "past"]);
    assert.equal((await api("rollback", {})).version, 4, "the stopped one was never in use");
    assert.deepEqual((await api("config")).document, document("binding:A"));
  });
});

test("variables of the registry's Worker override the configuration, and others are said to lead nowhere", async () => {
  const bindings = { MESH_ADMIN_TOKEN: ADMIN, MESH__SERVICES__USERS__ENDPOINTS: '["binding:OVERRIDDEN"]', MESH__NAME: "shop" };
  await running([await registry({ bindings })], async (fetch) => {
    const api = caller(fetch);
    assert.equal((await api("config", { document: document() })).ok, true);
    assert.deepEqual((await api("services")).endpoints.map(({ address }) => address), ["binding:OVERRIDDEN"]);
    assert.deepEqual((await api("config")).document, document(), "what was published stays as it was");
  });
  await running([await registry({ bindings: { MESH_ADMIN_TOKEN: ADMIN, MESH__SERVICES__USERS__RETRIES: "many" } })], async (fetch) => {
    const answer = await caller(fetch)("config", { document: document() });
    assert.deepEqual([answer.status, answer.diagnostics[0].path], [422, "services.users.retries"]);
  });
});

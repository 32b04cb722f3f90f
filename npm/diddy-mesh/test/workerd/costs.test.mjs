// What a mesh costs, counted: KV reads and writes, calls and alarms of the objects, rows that they write. The clock is the
// test's own, and stands still within a request, so what is counted is the same each time. docs/costs.md has the result.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ISOLATES_OF_A_LOCATION, tables } from "../costs.mjs";
import { running, worker } from "../harness.mjs";
import { commandsOn, cron, run } from "../kv-alone.mjs";
import { caller, origin, published, registry, until } from "../registry.mjs";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** An alarm that is due comes within this, real time. */
const QUIET_MS = 200;

/** An isolate that uses the registry; `x-at` of a request is its clock. It answers when its work behind the answer is done. */
const member = (name, options, scriptName = "registry") =>
  worker(
    name,
    `
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";

    let at = 0;
    performance.now = Date.now = () => at;
    // The platform's cache has the platform's clock: how old an answer is by ours stands in a header of it.
    const { match, put } = Cache.prototype;
    Cache.prototype.put = function (key, answer) {
      const headers = new Headers(answer.headers);
      headers.set("x-put-at", String(at));
      return put.call(this, key, new Response(answer.body, { headers }));
    };
    Cache.prototype.match = async function (key) {
      const found = await match.call(this, key);
      const age = found && at - Number(found.headers.get("x-put-at"));
      return found && age < 1000 * Number(found.headers.get("cache-control").split("=")[1]) ? found : undefined;
    };

    const counts = { reads: 0, lookups: 0, writes: 0 };
    const counted = (kv) => ({
      getWithMetadata: (key, ...rest) => (counts[key.includes("/registration/") ? "lookups" : "reads"]++, kv.getWithMetadata(key, ...rest)),
      put: (...args) => (counts.writes++, kv.put(...args)),
    });
    let kv;
    const options = ${JSON.stringify(options)};
    export default {
      async fetch(request, env, ctx) {
        const { pathname } = new URL(request.url);
        if (pathname === "/counts") return Response.json(counts);
        at = Number(request.headers.get("x-at"));
        kv ??= counted(env.KV);
        const mesh = new DiddyMesh({ serviceName: "${name}", registry: discovery({ kv, ...options }) });
        const behind = [];
        const answer = await mesh.handle(request, {}, env, { waitUntil: (work) => behind.push(work) });
        for (let i = 0; i < behind.length; i++) await behind[i];
        return answer;
      },
    };`,
    {
      kvNamespaces: { KV: "mesh" },
      durableObjects: Object.fromEntries([["MESH_REGISTRY_OBJECT", "MeshRegistry"], ["MESH_LIMITS", "MeshLimits"]].map(([binding, className]) => [binding, { className, scriptName, useSQLite: true }])),
      serviceBindings: { USERS: "users" },
    },
  );

/** The registry's Worker, with objects that count what they are asked and what they write. `/skip` moves its clock. */
const COUNTED = `
  import * as diddy from "diddy-mesh/registry";
  const counts = { calls: {}, alarms: 0, rows: 0, puts: 0 };
  const cursors = [];
  let skipped = 0;
  const now = Date.now;
  Date.now = () => now() + skipped;

  const called = (name) => { counts.calls[name] = (counts.calls[name] ?? 0) + 1; };
  export class MeshRegistry extends diddy.MeshRegistry {
    constructor(ctx, env) {
      const { sql } = ctx.storage;
      const { exec } = sql;
      const { setAlarm } = ctx.storage;
      // What a statement wrote is known when it is over.
      sql.exec = (...args) => { const cursor = exec.apply(sql, args); cursors.push(cursor); return cursor; };
      ctx.storage.setAlarm = (...args) => { counts.rows += 1; return setAlarm.apply(ctx.storage, args); };
      super(ctx, env);
    }
    settings() {
      return { kv: { put: (...args) => (counts.puts++, this.env.KV.put(...args)) } };
    }
    alarm() { counts.alarms += 1; return super.alarm(); }
  }
  for (const name of ["register", "heartbeat", "deregister", "report", "snapshot"]) {
    MeshRegistry.prototype[name] = function (...args) { called(name); return diddy.MeshRegistry.prototype[name].apply(this, args); };
  }
  export class MeshLimits extends diddy.MeshLimits {
    lease(...args) { called("lease"); return super.lease(...args); }
  }
  export default {
    fetch(request, env, ctx) {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/skip") { skipped += Number(search.slice(1)); return new Response(); }
      if (pathname === "/counts") {
        counts.rows += cursors.splice(0).reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
        return Response.json(counts);
      }
      return diddy.adminApi(request, env, ctx) ?? new Response("no such page", { status: 404 });
    },
  };`;

const object = (className) => ({ className, useSQLite: true });
const countedRegistry = () => registry({ source: COUNTED, durableObjects: { MESH_REGISTRY_OBJECT: object("MeshRegistry"), MESH_LIMITS: object("MeshLimits") } });
/** A service that tells its callers of the version that they ask it to tell of. */
const users = () => worker("users", `export default { fetch: (request) => new Response("users", { headers: { "mesh-snapshot": request.headers.get("x-hint") ?? "0" } }) };`);
const DOCUMENT = {
  services: { users: {}, origins: { endpoints: [] } },
  routing: { rules: [{ path: "/limited", service: "users", rateLimits: [{ requests: 1_000, tier: "global" }] }, { service: "users" }] },
};

/** Runs isolates of one location with a registry that has a configuration. */
async function counting(isolates, options, use) {
  const first = await member("member", options);
  const names = Array.from({ length: isolates }, (_, i) => `member${i}`);
  const workers = [await countedRegistry(), await users(), ...names.map((name) => ({ ...first, name }))];
  await running(workers, async (fetch, { mf }) => {
    const api = caller(fetch);
    await api("config", { document: DOCUMENT });
    await until(() => published(mf));
    const members = await Promise.all(names.map((name) => mf.getWorker(name)));
    await use({
      mf,
      api,
      skip: (ms) => fetch(`/skip?${ms}`),
      counts: async () => (await fetch("/counts")).json(),
      /** What isolates did with KV, all together. */
      ofKv: async (what) => (await Promise.all(members.map(async (one) => (await one.fetch("http://mesh.test/counts")).json()))).reduce((sum, counts) => sum + counts[what], 0),
      /** A request to each isolate, one after the other, each a little later: `at` is what time it is for the first. */
      async ask(at, path = "/", headers = {}) {
        for (const [i, one] of members.entries()) {
          const answer = await one.fetch(`http://mesh.test${path}`, { headers: { "x-at": String(HOUR + at + i * 2 * SECOND), ...headers } });
          assert.equal(await answer.text(), "users");
        }
      },
    });
  });
}

/** What `work` adds to a number. */
async function added(read, work) {
  const before = await read();
  await work();
  return (await read()) - before;
}

/** Of all isolates together: reads of KV in a minute, registrations in an hour; and the rows that these write in a day. */
async function ofReaders(isolates, options) {
  const found = {};
  await counting(isolates, options, async ({ api, ask, counts, mf, ofKv, skip }) => {
    const { version } = await published(mf);
    const asking = async (from, to, step, between = () => undefined) => {
      for (let at = from; at < to; at += step) {
        await ask(at);
        await between();
      }
    };
    await asking(0, 30 * SECOND, SECOND);
    found.readsPerMinute = await added(() => ofKv("reads"), () => asking(30 * SECOND, 90 * SECOND, SECOND));
    // The first registration is published.
    await until(async () => (await api("status")).snapshot > version);
    // A lease is stored each seven hours: a week of them, so that it does not matter where one begins.
    const [days, step] = [7, 20 * MINUTE];
    const hours = 24 * days;
    await asking(HOUR, 2 * HOUR, step, () => skip(step));
    const before = await counts();
    await asking(2 * HOUR, (2 + hours) * HOUR, step, () => skip(step));
    const after = await counts();
    found.registrationsPerHour = (after.calls.register - before.calls.register) / hours;
    found.registrationRowsPerDay = Math.round((after.rows - before.rows) / days);
  });
  return found;
}

/** What registering costs an isolate in an hour where there is no object, and what all isolates together write: two that share nothing but KV. */
async function ofRegisteringInKv() {
  const [isolates, hours] = [2, 6];
  const found = {};
  await counting(isolates, { cache: false, object: false, register: {} }, async ({ ask, ofKv }) => {
    const both = async () => ({ reads: (await ofKv("lookups")) / isolates, writes: await ofKv("writes") });
    await ask(0);
    const before = await both();
    for (let at = 20 * MINUTE; at <= hours * HOUR; at += 20 * MINUTE) {
      await ask(at);
    }
    Object.entries(await both()).forEach(([name, number]) => (found[name] = (number - before[name]) / hours));
  });
  return found;
}

/** What a run of the cron does where there is KV alone: where nothing changed, and where an endpoint came. */
async function ofCron() {
  let found;
  await running([await cron()], async (fetch, { mf }) => {
    const kv = await mf.getKVNamespace("KV", "cron");
    const each = async (i) => {
      await kv.put(`mesh/v1/default/registration/origins/${i}`, "", { metadata: { service: "origins", address: `https://${i}.example` } });
      const { changed, counts } = await run(mf);
      assert.equal(changed, true);
      return counts;
    };
    await commandsOn(kv).publish(DOCUMENT);
    const { counts: same } = await run(mf);
    const changed = await each(0);
    assert.deepEqual([await each(1), (await run(mf)).counts], [changed, same]);
    assert.equal(same.writes, 0);
    found = { same, changed };
  });
  return found;
}

test("docs/costs.md says what operations cost, as they are counted", async () => {
  const alone = await ofReaders(1, { cache: false });
  const few = await ofReaders(3, { cache: false });
  const location = await ofReaders(ISOLATES_OF_A_LOCATION, {});
  const { readsPerMinute, registrationRowsPerDay, registrationsPerHour } = alone;
  assert.deepEqual(few, { readsPerMinute: 3 * readsPerMinute, registrationsPerHour: 3 * registrationsPerHour, registrationRowsPerDay }, "without the cache, isolates add up");
  assert.deepEqual(location, alone, "with it, a location is as one isolate");
  const counted = { ...alone, inKv: await ofRegisteringInKv(), cron: await ofCron() };

  await counting(1, { register: false }, async ({ api, ask, counts, mf, ofKv, skip }) => {
    const total = async () => {
      const { alarms, calls, puts, rows } = await counts();
      return { kvWrites: puts, requests: alarms + Object.values(calls).reduce((sum, each) => sum + each, 0), rows };
    };
    /** What was counted, once nothing has been added for a while: an alarm may still come. */
    const settled = async () => {
      for (let last = await total(); ; ) {
        await setTimeout(QUIET_MS);
        const now = await total();
        if (JSON.stringify(now) === JSON.stringify(last)) {
          return now;
        }
        last = now;
      }
    };
    const spent = async (work) => {
      const before = await settled();
      await work();
      const after = await settled();
      return Object.fromEntries(Object.entries(after).map(([name, number]) => [name, number - before[name]]));
    };

    // More requests do not read more.
    let at = 0;
    const minute = async (requests, path) => {
      for (const end = at + MINUTE; at < end; at += SECOND / requests) {
        await ask(at, path);
      }
    };
    await minute(1);
    assert.equal(await added(() => ofKv("reads"), () => minute(10)), counted.readsPerMinute);

    // A limit that all isolates hold together.
    const leases = async () => (await counts()).calls.lease ?? 0;
    await minute(1, "/limited");
    counted.leasesPerMinute = await added(leases, () => minute(1, "/limited"));
    assert.equal(await added(leases, () => minute(10, "/limited")), counted.leasesPerMinute);

    // Endpoints that come and go, each for itself.
    const changed = async (work) => {
      const { version } = await published(mf);
      await work();
      await until(async () => (await published(mf)).version > version && (await api("status")).snapshot > version);
    };
    const registrations = Array.from({ length: 10 }, (_, i) => ({ service: "origins", address: `https://${i}.example`, ttl: "24h" }));
    const changes = [];
    let ids = [];
    for (const one of registrations.slice(0, 3)) {
      changes.push(await spent(() => changed(async () => ids.push((await api("register", { registrations: [one] })).registered[0].id))));
    }
    for (const id of ids) {
      changes.push(await spent(() => changed(() => api("deregister", { ids: [id] }))));
    }
    // The last one to go leaves nothing to wake for, and is cheaper.
    counted.change = changes[0];
    assert.deepEqual(changes.slice(0, -1), changes.slice(1).map(() => counted.change));

    // An answer that names a newer version.
    await ask(at);
    const { version } = await published(mf);
    at += 2 * SECOND;
    const snapshots = async () => (await counts()).calls.snapshot ?? 0;
    counted.requestsPerHint = await added(snapshots, async () => {
      await ask(at, "/", { "x-hint": String(version + 1) });
      for (let i = 0; i < 5; i++) {
        await ask((at += 2 * SECOND), "/", { "x-hint": String(version + 1) });
      }
    });

    // Heartbeats: the lease is a minute, and they come three times in it.
    ids = (await api("register", { registrations: registrations.map((one) => ({ ...one, ttl: "60s" })) })).registered.map(({ id }) => id);
    await until(async () => (await api("status")).snapshot > version);
    await skip(20 * SECOND);
    counted.heartbeat = await spent(() => api("heartbeat", { ids }));
    await skip(-20 * SECOND);
    await api("deregister", { ids });

    // Shared state: isolates report. A new one names itself first.
    const shared = { outlierDetection: true, shareState: true };
    const sharing = { ...DOCUMENT, services: { ...DOCUMENT.services, users: shared } };
    await changed(() => api("config", { document: sharing }));
    await minute(1);
    counted.sharedMinute = await spent(() => minute(1));
    assert.deepEqual(await spent(() => minute(10)), counted.sharedMinute);
    await changed(() => api("config", { document: DOCUMENT }));
    await minute(1);

    // A rollout: isolates report. What they had before, they begin with.
    await api("config", { document: { ...DOCUMENT, services: { ...DOCUMENT.services, users: { timeout: 1_000 } } }, percent: 50 });
    await until(async () => (await published(mf)).split !== undefined);
    await minute(1);
    counted.rolloutMinute = await spent(() => minute(1));
  });

  await counting(1, { register: false }, async ({ api, counts, mf }) => {
    await origin(async (address, { state }) => {
      const { version } = await published(mf);
      const services = { ...DOCUMENT.services, origins: { endpoints: [address], healthCheck: { path: "/", interval: "1s", jitter: 0 } } };
      await api("config", { document: { ...DOCUMENT, services } });
      await until(async () => (await published(mf)).version > version && state.asked.length > 1);
      const before = await counts();
      const asked = state.asked.length;
      await until(async () => (await counts()).alarms >= before.alarms + 4);
      const after = await counts();
      const [checks, alarms, rows] = [state.asked.length - asked, after.alarms - before.alarms, after.rows - before.rows];
      // The last one may be under way.
      assert.ok(Math.abs(checks - alarms) <= 1, `${alarms} alarms for ${checks} checks`);
      counted.checks = { requests: 1, rows: Math.round(rows / alarms) };
    });
  });

  const page = readFileSync(new URL("../../../../docs/costs.md", import.meta.url), "utf8");
  const others = tables(counted).filter((table) => !page.includes(`\n${table}\n`));
  assert.ok(others.length === 0, `docs/costs.md has other tables than these:\n\n${others.join("\n\n")}\n`);
});

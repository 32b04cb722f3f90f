// The faults of a registry, one by one, under load: no request fails for them, nothing that was acknowledged is lost, and all is well again soon after.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { CONVERGED_MS, diceOf, document, faulty, GATEWAYS, MEMBERS, workersOf } from "../faults.mjs";
import { KEY, origin, published, within } from "../registry.mjs";

/** What a test measured, for whoever reads its output. */
const note = (name, figures) => console.log(`# ${name}: ${JSON.stringify(figures, (_key, value) => (typeof value === "number" ? Math.round(value) : value))}`);
const publishing = async (api, mark, options = {}) => {
  const { ok, version, message } = await api("config", { document: document(mark), ...options });
  assert.equal(ok, true, message);
  return version;
};

/** A breaker's second pause and third, and the platform's second try of an alarm, are over after this. */
const AFTER_MS = 7_000;

/** Addresses of a service that only the property test uses. */
const ADDRESSES = Array.from({ length: 8 }, (_, i) => `https://e${i}.example`);

// They wait more than they work.
describe("the faults of a registry", { concurrency: 3 }, () => {
  test("an object that throws on everything, or takes three seconds", async () => {
    await faulty(async ({ api, converged, faults, load, told }) => {
      const took = {};
      await publishing(api, 1);
      await converged(1);
      const figures = await load(async () => {
        for (const [mark, fault] of [[2, "throws"], [3, "slow"]]) {
          // Acknowledged, and then nobody can ask the object for it, nor can it publish.
          await publishing(api, mark);
          await faults("registry", { object: fault });
          const before = (await told("registry")).calls.snapshot ?? 0;
          await within(20_000, async () => ((await told("registry")).calls.snapshot ?? 0) >= before + 2, "two questions of the object");
          await faults("registry", { object: "good" });
          took[fault] = await converged(mark, AFTER_MS + CONVERGED_MS);
          assert.equal((await api("status")).config, mark);
        }
      });
      for (const name of GATEWAYS) {
        assert.deepEqual(figures.seen[name], ["1", "2", "3"]);
      }
      // One that waited for the object would take the second that it is given.
      assert.ok(figures.worst < 1_000, `${figures.worst} ms`);
      const { calls } = await told("registry");
      assert.ok(calls.snapshot < figures.answers / 10, `${calls.snapshot} questions of the object, of ${figures.answers} requests`);
      note("throws, slow", { ...figures, calls, took });
    });
  });

  test("an object that is overloaded is not asked again for ten seconds", async () => {
    await faulty(async ({ api, converged, faults, load, mf, told }) => {
      await publishing(api, 1);
      // Nobody but `direct` needs the object from here on.
      await within(CONVERGED_MS, () => published(mf), "the Snapshot in KV");
      await converged(1, CONVERGED_MS, ["direct"]);
      const asked = async () => (await told("registry")).calls.snapshot;
      let took;
      const figures = await load(
        async (count) => {
          await faults("registry", { object: "overloaded" });
          const before = await asked();
          await within(CONVERGED_MS, async () => (await asked()) > before, "a question");
          // Its clock stands still, all but ten seconds later.
          await faults("direct", { frozen: true, skip: 9_000 });
          const end = count.answers + 100;
          await within(20_000, async () => (await told("direct")) && count.answers > end, "100 requests");
          assert.equal(await asked(), before + 1, "within ten seconds");
          await faults("registry", { object: "good" });
          await publishing(api, 2);
          await faults("direct", { frozen: false, skip: 4_000 });
          took = await converged(2, CONVERGED_MS, ["direct"]);
        },
        ["direct"],
      );
      assert.deepEqual(figures.seen.direct, ["1", "2"]);
      note("overloaded", { ...figures, took });
    });
  });

  test("KV that is stale for a minute: callees tell of what is newer, and without an object it comes when KV has it", async () => {
    await faulty(async ({ api, converged, faults, load, seen, told }) => {
      const took = {};
      await publishing(api, 1);
      await converged(1);
      const figures = await load(async () => {
        for (const name of ["gateway", "kvonly"]) {
          await faults(name, { kv: "stale" });
        }
        await publishing(api, 2);
        // `users` has it from KV, and says so with its answers.
        took.hinted = await converged(2, CONVERGED_MS, ["gateway", "direct"]);
        // A minute later, and after all that was news has become old.
        for (const skip of [60_000, 130_000]) {
          for (const name of ["gateway", "kvonly"]) {
            const { reads } = await told(name);
            await faults(name, { skip });
            await within(CONVERGED_MS, async () => (await told(name)).reads > reads, `a read of ${name}`);
          }
          assert.deepEqual([await seen("gateway"), await seen("kvonly")], ["2", "1"]);
        }
        for (const name of ["gateway", "kvonly"]) {
          await faults(name, { kv: "good" });
        }
        took.healed = await converged(2);
      });
      for (const name of GATEWAYS) {
        assert.deepEqual(figures.seen[name], ["1", "2"], `nothing goes back in ${name}`);
      }
      note("stale KV", { ...figures, took });
    });
  });

  test("KV that takes nothing, and then gives nothing", async () => {
    await faulty(async ({ api, converged, faults, load, mf, told, watching }) => {
      const took = {};
      await publishing(api, 1);
      await converged(1);
      const { close, heard } = await watching();
      const figures = await load(async () => {
        await faults("registry", { put: "throws" });
        await publishing(api, 2);
        const failed = async () => (await told("registry")).puts.filter(({ mode }) => mode === "throws");
        await within(CONVERGED_MS + 3_000, async () => (await failed()).length === 3, "three tries");
        const [first, second, third] = (await failed()).map(({ at }) => at);
        took.pauses = [second - first, third - second];
        assert.ok(took.pauses[0] >= 1_000 && took.pauses[1] >= 2_000, `tries came after ${took.pauses} ms`);
        assert.match((await api("status")).publishError, /503/);
        took.object = await converged(2, CONVERGED_MS, ["direct"]);
        await faults("registry", { put: "good" });
        // The fourth try comes 4 to 6 seconds after the third.
        took.put = await converged(2, 6_000 + CONVERGED_MS);
        await within(CONVERGED_MS, async () => (await api("status")).publishError === null, "no error");
        await within(CONVERGED_MS, async () => (await told("registry")) && heard.at(-1)?.type === "published", "the event");
        assert.deepEqual(heard.map(({ type }) => type).filter((type) => type.startsWith("publish")), ["publish_failed", "publish_failed", "publish_failed", "published"]);
        assert.match(heard.find(({ type }) => type === "publish_failed").detail, /503/);
        for (const [mark, kv] of [[3, "throws"], [4, "hangs"]]) {
          await faults("gateway", { kv });
          await faults("kvonly", { kv });
          await publishing(api, mark);
          took[kv] = await converged(mark, AFTER_MS + CONVERGED_MS, ["gateway", "direct"]);
          await faults("gateway", { kv: "good" });
          // Its breaker lets it wait, longer with each failure.
          await faults("kvonly", { kv: "good", skip: 75_000 });
          took[`${kv} healed`] = await converged(mark);
        }
      });
      close();
      for (const name of GATEWAYS) {
        assert.deepEqual(figures.seen[name], ["1", "2", "3", "4"]);
      }
      assert.equal((await published(mf)).version, (await api("status")).snapshot);
      note("KV", { ...figures, took });
    });
  });

  test("a Snapshot that is corrupt, in its bytes or in what is said of them, leaves the last good one", async () => {
    await faulty(async ({ api, converged, faults, load, mf, told }) => {
      let took;
      const dice = diceOf(6);
      await publishing(api, 1);
      await converged(1);
      const kv = await mf.getKVNamespace("KV", "registry");
      const settled = async () => {
        const { publishError, snapshot } = await api("status");
        const { version } = (await published(mf)) ?? {};
        return publishError === null && version === snapshot && (await api("services")).endpoints.length === 3;
      };
      await within(CONVERGED_MS, settled, "registrations");
      const { metadata, value } = await kv.getWithMetadata(KEY, "arrayBuffer");
      const good = new Uint8Array(value);
      const { version } = metadata;
      const flipped = (at, bit) => good.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte));
      const next = { version: version + 1 };
      const corrupt = [
        ...[0, 1, 7, 60, good.length >> 1, good.length - 1].map((length) => [good.slice(0, length), next]),
        [new Uint8Array(good.length), next],
        [Uint8Array.of(...good, 0), next],
        ...[0, 4, 8, 12, good.length - 1, ...Array.from({ length: 15 }, () => Math.floor(dice() * good.length))].map((at) => [flipped(at, Math.floor(dice() * 8)), next]),
      ];
      const said = [
        ...[null, {}, { version: String(version) }, { version: "no version" }, { version: null }, { version: -1 }, { version: 1e308 }, { version: 0.5 }],
        ...[good.length * 2, -1, -good.length, 0, 1e308, "half", 1.5].flatMap((split) => [{ ...next, split, percent: 100 }, { ...next, split, percent: 50 }, { ...next, split }]),
        ...[null, "all", -1, 1e308, {}].map((percent) => ({ ...next, split: good.length, percent })),
      ];
      const all = [...corrupt, ...said.map((what) => [good, what])];
      const figures = await load(async () => {
        for (const [bytes, what] of all) {
          await kv.put(KEY, bytes, { metadata: what });
          for (const name of ["gateway", "kvonly"]) {
            const { reads } = await told(name);
            await faults(name, { skip: 2_000, forget: true });
            await within(CONVERGED_MS, async () => (await told(name)).reads > reads, `a read of ${name} of ${JSON.stringify(what)}`);
          }
        }
        await publishing(api, 2);
        took = await converged(2);
      });
      for (const name of GATEWAYS) {
        assert.deepEqual(figures.seen[name], ["1", "2"], name);
      }
      note("corrupt", { kinds: all.length, ...figures, took });
    });
  });

  test("clocks that stand still", async () => {
    await faulty(async ({ api, converged, faults, load, told }) => {
      const took = {};
      await publishing(api, 1);
      await converged(1);
      const figures = await load(async (count) => {
        for (const name of MEMBERS) {
          await faults(name, { frozen: true });
        }
        const before = await Promise.all(MEMBERS.map(told));
        await publishing(api, 2);
        const end = count.answers + 500;
        await within(30_000, async () => (await told("registry")) && count.answers > end, "500 requests");
        const after = await Promise.all(MEMBERS.map(told));
        after.forEach(({ now, reads }, i) => {
          assert.equal(now, before[i].now);
          assert.ok(reads <= before[i].reads + 1, `${reads - before[i].reads} reads of ${MEMBERS[i]} at one time`);
        });
        for (const name of MEMBERS) {
          await faults(name, { frozen: false });
        }
        took.gateways = await converged(2);

        // The object's own: it may publish once, and cannot know when to do so again.
        await faults("registry", { frozen: true });
        const { alarms, puts } = await told("registry");
        const began = performance.now();
        for (const mark of [3, 4, 5]) {
          await publishing(api, mark);
        }
        await within(10_000, async () => (await told("registry")) && performance.now() - began > 1_500, "the time");
        const standing = await told("registry");
        took.alarms = standing.alarms - alarms;
        assert.ok(took.alarms <= 30, `${took.alarms} alarms in 1.5 s`);
        assert.ok(standing.puts.length <= puts.length + 1, `${standing.puts.length - puts.length} puts`);
        await faults("registry", { frozen: false });
        took.object = await converged(5);
      });
      note("clocks", { ...figures, took });
    });
  });

  test("isolates and the object begin anew: nothing stored is lost, and a cold isolate takes the best that there is", async () => {
    await origin(async (address, { state }) => {
      await faulty(async ({ abort, api, converged, load, mf, seen, told }) => {
        const took = {};
        const healthCheck = { path: "/", interval: "1s", jitter: 0, unhealthyThreshold: 1, healthyThreshold: 1 };
        const checked = { others: { healthCheck } };
        state.status = 500;
        assert.equal((await api("config", { document: document(1, checked) })).version, 1);
        const { registered } = await api("register", {
          registrations: [
            { service: "others", address, ttl: "60s", metadata: { commit: "abc" } },
            { service: "others", address: "https://forever.example" },
          ],
        });
        const [{ id }] = registered;
        await within(CONVERGED_MS + 2_000, async () => (await api("services")).endpoints.some((one) => one.id === id && one.check === "unhealthy"), "the verdict");
        assert.equal((await api("config", { document: document(2, checked), percent: 50 })).version, 2);
        await api("rollout", { percent: 10 });
        /** What is to survive. A lease may only be longer, and isolates go on to tell of the rollout. */
        const known = async () => {
          const { endpoints, publishedAt, rollout: { counts, ...rollout }, status, ...more } = await api("services");
          assert.equal(status, 200);
          const { history } = await api("history");
          return { ...more, rollout, history, endpoints: endpoints.filter(({ service }) => service === "others").map(({ expiresAt, ...one }) => ({ ...one, expiresAt: expiresAt && 0 })) };
        };
        const settled = async () => {
          await Promise.all(MEMBERS.map(seen));
          const { snapshot } = await api("status");
          return (await published(mf))?.version === snapshot && (await published(mf)).percent === 10 && (await api("services")).endpoints.length >= 4;
        };
        await within(CONVERGED_MS, settled, "what is published");
        const [renewed] = (await api("heartbeat", { ids: [id] })).renewed;
        const before = await known();
        const { version } = await published(mf);

        const figures = await load(async () => {
          for (let times = 0; times < 3; times++) {
            await abort();
            assert.deepEqual(await known(), before, "the object was evicted");
          }
          assert.equal((await published(mf)).version, version, "nothing is published for that");
        });

        // All of workerd is stopped, and started: every isolate is a cold one.
        const restart = async (faults) => mf.setOptions({ workers: await workersOf({ bundled: document("bundled"), faults }), cf: false, host: "127.0.0.1", port: 0 });
        await restart({ registry: { object: "throws" }, ...Object.fromEntries(MEMBERS.map((name) => [name, { kv: name === "kvonly" ? "hangs" : "throws", place: "elsewhere" }])) });
        const down = await load(() => within(20_000, async () => (await told("direct")).events.some(([type]) => type === "registry_unavailable"), "a question"));
        for (const name of GATEWAYS) {
          assert.deepEqual(down.seen[name], ["bundled"]);
        }
        await restart({});
        for (const name of GATEWAYS) {
          assert.match(await seen(name), /^[12]$/, "the first answer of a cold isolate");
        }
        assert.deepEqual(await known(), before, "everything was restarted");
        const lease = (await api("services")).endpoints.find((one) => one.id === id).expiresAt;
        assert.ok(lease >= renewed.expiresAt, `a lease ends ${renewed.expiresAt - lease} ms before the time that was said`);
        assert.equal((await published(mf)).version, version);

        // It all goes on where it was.
        state.status = 200;
        await within(CONVERGED_MS + 2_000, async () => (await api("services")).endpoints.some((one) => one.id === id && one.check === "healthy"), "checks");
        assert.equal((await api("rollout", { percent: 100 })).ok, true);
        took.finished = await converged(2);
        assert.equal(await publishing(api, 3), 3);
        took.next = await converged(3);
        assert.ok((await published(mf)).version > version);
        note("restarts", { evicted: figures, down, took });
      });
    });
  });

  test("a lease holds as long as was said, over evictions, and ends in every Worker when it is over", async () => {
    await faulty(async ({ abort, api, load, told, watching }) => {
      const took = {};
      await publishing(api, 1);
      let watcher;
      const [{ id }] = (await api("register", { registrations: [{ service: "others", address: "https://leased.example", ttl: "5s" }] })).registered;
      const holds = async (name) => ((await told(name)).services.others ?? []).some(({ address }) => address === "https://leased.example");
      const figures = await load(async () => {
        await Promise.all(MEMBERS.map((name) => within(CONVERGED_MS, () => holds(name), `the endpoint in ${name}`)));
        // The first is stored, the others are not.
        const renew = async () => {
          const [renewed] = (await api("heartbeat", { ids: [id] })).renewed;
          assert.equal(renewed.ok, true);
          return renewed.expiresAt;
        };
        const stored = await renew();
        const said = (await within(5_000, async () => ((await renew()) > stored + 1_000 ? renew() : undefined), "a heartbeat a second later")).found;
        await abort();
        watcher = await watching();
        const { heard } = watcher;
        const [found] = (await api("services")).endpoints.filter((one) => one.id === id);
        assert.ok(found.expiresAt >= said, `it ends ${said - found.expiresAt} ms before the time that was said`);
        await within(20_000, async () => (await told("registry")) && heard.some(({ type }) => type === "lease_lost"), "the event");
        took.early = said - heard.find(({ type }) => type === "lease_lost").at;
        assert.ok(took.early <= 0, `the lease was lost ${took.early} ms early`);
        assert.ok(-took.early < 5_000 / 4 + CONVERGED_MS);
        await Promise.all(MEMBERS.map(async (name) => (took[name] = (await within(CONVERGED_MS, async () => !(await holds(name)), `the end in ${name}`)).took)));
      });
      assert.deepEqual(watcher.heard.filter(({ type }) => type === "lease_lost").map(({ endpoint }) => endpoint), [{ id, service: "others", address: "https://leased.example", version: "" }]);
      watcher.close();
      note("lease", { ...figures, took });
    });
  });

  test("publishers that race: one of those that expect the same wins, and of those that expect nothing each gets a version of its own", async () => {
    await faulty(async ({ api, converged, load, mf }) => {
      const took = {};
      const version = await publishing(api, 1);
      await converged(1);
      const figures = await load(async () => {
        const two = await Promise.all([2, 3].map((mark) => api("config", { document: document(mark), expect: version })));
        assert.deepEqual(two.map(({ ok, reason }) => reason ?? ok).sort(), [true, "conflict"].sort());
        const winner = two.findIndex(({ ok }) => ok) + 2;
        assert.equal(two.find(({ ok }) => !ok).current, version + 1);
        took.two = await converged(winner);
        const marks = Array.from({ length: 50 }, (_, i) => 10 + i);
        const fifty = await Promise.all(marks.map((mark) => publishing(api, mark)));
        assert.deepEqual([...fifty].sort((a, b) => a - b), marks.map((_, i) => version + 2 + i));
        const last = marks[fifty.indexOf(Math.max(...fifty))];
        took.fifty = await converged(last);
        await within(CONVERGED_MS, async () => (await published(mf)).version === (await api("status")).snapshot, "the last in KV");
        assert.deepEqual((await api("config")).document, document(last));
      });
      note("races", { ...figures, took });
    });
  });

  test("an object that is evicted at any step of a publication, or does not hear what became of it", async () => {
    await faulty(async ({ api, converged, faults, load, mf, told }) => {
      const took = {};
      let mark = 1;
      const happened = (put, times) => within(CONVERGED_MS, async () => (await told("registry")).puts.filter(({ mode }) => mode === put).length === times, `"${put}", ${times}`);
      await publishing(api, mark);
      await converged(mark);
      const figures = await load(async () => {
        for (const put of ["abort before", "abort while", "abort after", "answer lost"]) {
          await faults("registry", { put });
          await publishing(api, (mark += 1));
          await happened(put, 1);
          took[put] = await converged(mark, AFTER_MS + CONVERGED_MS);
          assert.deepEqual((await api("config")).document, document(mark));

          // Back to what was noted as published, while KV may have what was not.
          await faults("registry", { put });
          await publishing(api, mark + 1);
          await happened(put, 2);
          await publishing(api, mark);
          const began = performance.now();
          await within(AFTER_MS + CONVERGED_MS, async () => {
            const { publishError, snapshot } = await api("status");
            return publishError === null && snapshot === (await published(mf)).version;
          }, `the end of publishing after "${put}"`);
          await converged(mark);
          took[`${put}, back`] = performance.now() - began;
          // The next one is another than any that KV may have by now.
          mark += 1;
        }
      });
      const versions = (await told("registry")).puts.map(({ version }) => version);
      assert.deepEqual(versions, [...versions].sort((a, b) => a - b), "versions never go back");
      note("publications", { ...figures, took, puts: versions.length });
    });
  });

  test("a change that the database refuses changes nothing", async () => {
    await faulty(async ({ api, converged, faults, load, mf }) => {
      const took = {};
      await publishing(api, 1);
      const [{ id }] = (await api("register", { registrations: [{ service: "others", address: "https://kept.example", ttl: "60s" }] })).registered;
      await converged(1);
      const figures = await load(async () => {
        const writes = {
          config: () => api("config", { document: document("lost") }),
          rollout: () => api("config", { document: document("lost"), percent: 50 }),
          register: () => api("register", { registrations: [{ service: "others", address: "https://lost.example" }] }),
          deregister: () => api("deregister", { ids: [id] }),
          rollback: () => api("rollback", {}),
        };
        for (const [name, write] of Object.entries(writes)) {
          // The last of what is stored with a change.
          await faults("registry", { statement: "VALUES (?, ?) version" });
          const { status } = await write();
          assert.equal(status, name === "rollback" ? 404 : 503, name);
          await faults("registry", { statement: "" });
          const { config, endpoints, latest, rollout } = await api("services");
          assert.deepEqual([config, latest, rollout], [1, 1, null], name);
          assert.deepEqual(endpoints.filter(({ service, source }) => service === "others" && source === "registration").map(({ address }) => address), ["https://kept.example"], name);
        }
        assert.equal(await publishing(api, 2), 2);
        took.next = await converged(2);
      });
      assert.deepEqual(figures.seen.direct, ["1", "2"]);
      assert.equal((await published(mf)).version, (await api("status")).snapshot);
      note("database", { ...figures, took });
    });
  });

  test("endpoints that hang in their checks do not keep what is published", async () => {
    const { createServer } = await import("node:net");
    const sockets = new Set();
    const silent = createServer((socket) => void sockets.add(socket.on("error", () => undefined)));
    await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      await faulty(async ({ api, converged, load }) => {
        const took = {};
        const healthCheck = { path: "/", interval: "1s", jitter: 0, timeout: "10s" };
        const endpoints = [`http://127.0.0.1:${silent.address().port}`];
        const slow = (mark) => document(mark, { others: { healthCheck, endpoints } });
        await api("config", { document: slow(1) });
        await converged(1);
        const figures = await load(async () => {
          await within(CONVERGED_MS, async () => (await api("status")) && sockets.size > 0, "a check");
          for (const mark of [2, 3]) {
            assert.equal((await api("config", { document: slow(mark) })).ok, true);
            took[mark] = await converged(mark);
          }
        });
        note("checks", { ...figures, took });
      });
    } finally {
      sockets.forEach((socket) => socket.destroy());
      silent.close();
    }
  });

  for (const seed of [1, 2]) {
    test(`whatever is done in whatever order, what is published is what was acknowledged (seed ${seed})`, async () => {
      const dice = diceOf(seed);
      const below = (bound) => Math.floor(dice() * bound);
      const some = (list) => list[below(list.length)];
      await faulty(async ({ abort, api, converged, faults, load, mf, told }) => {
        // The naive model: versions of the configuration, which one is in use, and who is registered.
        const documents = [document("none"), document(1)];
        let current = await publishing(api, 1);
        let candidate;
        const stopped = new Set();
        const broughtBack = new Map();
        /** The one before a version; of one that brought back another, the one before that. */
        const before = (version) => (broughtBack.has(version) ? before(broughtBack.get(version)) : documents.findLastIndex((_, past) => past < version && !stopped.has(past)));
        const registered = new Map();
        const done = [];
        await converged(1);
        const made = (mark) => document(mark, { others: { endpoints: ADDRESSES.filter(() => dice() < 0.2) } });
        /** Publishes, and takes note of it as the registry is to. */
        const publish = async (next, options, ask) => {
          const answer = await ask();
          if (candidate !== undefined) {
            return assert.equal(answer.reason, "rollout");
          }
          assert.deepEqual([answer.ok, answer.changed], [true, JSON.stringify(next) !== JSON.stringify(documents[current])], answer.message);
          if (!answer.changed) {
            return assert.equal(answer.version, current);
          }
          assert.equal(answer.version, documents.push(next) - 1);
          candidate = options.percent === undefined ? undefined : answer.version;
          current = candidate === undefined ? answer.version : current;
        };
        const steps = {
          async publish() {
            const next = made(documents.length);
            await publish(next, {}, () => api("config", { document: next }));
          },
          async rollout() {
            const next = made(documents.length);
            const options = { percent: 1 + below(98), expect: documents.length - 1 };
            await publish(next, options, () => api("config", { document: next, ...options }));
          },
          async rollback() {
            const to = some([before(current), 1 + below(documents.length - 1)]);
            if (to > 0) {
              const { length } = documents;
              await publish(documents[to], {}, () => api("rollback", to === before(current) ? {} : { to }));
              broughtBack.set(documents.length > length ? length : 0, to);
            }
          },
          async step() {
            const step = some([{ stop: true }, { percent: 100 }, { percent: 1 + below(98) }]);
            const { ok, reason } = await api("rollout", step);
            assert.equal(reason ?? ok, candidate === undefined ? "no_rollout" : true);
            if (candidate !== undefined && step.stop) {
              stopped.add(candidate);
              candidate = undefined;
            } else if (candidate !== undefined && step.percent === 100) {
              current = candidate;
              candidate = undefined;
            }
          },
          async register() {
            const registrations = ADDRESSES.filter(() => dice() < 0.3).map((address) => ({ service: "others", address, ttl: some(["60s", "24h"]) }));
            const { registered: answers } = await api("register", { registrations });
            answers.forEach(({ id, ok }, i) => {
              assert.equal(ok, true);
              registered.set(registrations[i].address, id);
            });
          },
          async heartbeat() {
            const { renewed } = await api("heartbeat", { ids: [...registered.values(), "0123456789abcdef"] });
            assert.deepEqual(renewed.map(({ ok }) => ok), [...Array.from(registered, () => true), false]);
          },
          async deregister() {
            const address = some(ADDRESSES);
            const { deregistered } = await api("deregister", { ids: [registered.get(address) ?? "0123456789abcdef"] });
            assert.deepEqual(deregistered.map((one) => one.address), registered.has(address) ? [address] : []);
            registered.delete(address);
          },
          abort,
          /** Lets it publish: at most once a second it does. */
          async published() {
            const { length } = (await told("registry")).puts;
            const { version } = (await api("config", { document: documents[current], dryRun: true })) ?? {};
            assert.equal(version, current);
            await within(CONVERGED_MS + AFTER_MS, async () => {
              const { puts } = await told("registry");
              const { publishError, snapshot } = await api("status");
              return puts.length > length || (publishError === null && snapshot === (await published(mf)).version);
            }, "a publication");
          },
          put: () => faults("registry", { put: some(["abort before", "abort while", "abort after", "answer lost"]) }),
        };
        const figures = await load(async () => {
          for (let i = 0; i < 80; i++) {
            const name = some(Object.keys(steps));
            done.push(name);
            await steps[name]();
          }
          if (candidate !== undefined) {
            assert.equal((await api("rollout", { stop: true })).ok, true);
          }
          await faults("registry", { put: "good" });
          const { config, endpoints, latest } = await api("services");
          assert.deepEqual([config, latest], [current, documents.length - 1], done.join());
          assert.deepEqual((await api("config")).document, documents[current]);
          const mark = documents[current].routing.rules[0].filters[0].responseHeaders.set["x-config"];
          const configured = documents[current].services.others.endpoints ?? [];
          const wanted = [...new Set([...configured, ...registered.keys()])].sort();
          const known = (list) => list.map(({ address }) => address).filter((address) => address !== "binding:OTHERS").sort();
          assert.deepEqual(known(endpoints.filter(({ service }) => service === "others")), wanted, done.join());
          await within(AFTER_MS + CONVERGED_MS, async () => {
            const { publishError, snapshot } = await api("status");
            return publishError === null && snapshot === (await published(mf)).version && (await published(mf)).split === undefined;
          }, `the end of publishing after ${done.join()}`);
          for (const name of GATEWAYS) {
            await within(CONVERGED_MS, async () => (await converged(mark, CONVERGED_MS, [name])) >= 0 && JSON.stringify(known((await told(name)).services.others)) === JSON.stringify(wanted), `${wanted} in ${name} after ${done.join()}`);
          }
        });
        const versions = (await told("registry")).puts.map(({ version }) => version);
        assert.deepEqual(versions, [...versions].sort((a, b) => a - b), "versions never go back");
        note(`seed ${seed}`, { answers: figures.answers, worst: figures.worst, puts: versions.length, configurations: documents.length - 1 });
      });
    });
  }
});

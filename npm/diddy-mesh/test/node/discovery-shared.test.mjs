// What an isolate tells of services whose state is shared, and when.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL("../../src/discovery/reporter.ts", import.meta.url))], bundle: true, format: "esm", write: false, logLevel: "error" });
const { Reporter } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

const EVERY_MS = 30_000;
const endpoint = (address, attempts, failures = 0, more = {}) => ({ address, version: "", attempts, failures, inFlight: 0, breakerOpened: 0, breaker: "closed", ...more });

/** An isolate whose counters and clock the test sets. */
function isolate(t) {
  const state = { now: 1_000, services: {}, shared: ["users"], told: [], hints: [], versions: [], answer: { version: 7, hints: {} } };
  t.mock.method(performance, "now", () => state.now);
  const reporter = new Reporter();
  const scene = { version: 5, candidate: false, stats: () => state.services, shared: () => state.shared, hint: (...hint) => state.hints.push(hint), news: (version) => state.versions.push(version) };
  const ask = async (report) => {
    if (state.answer instanceof Error) {
      throw state.answer;
    }
    state.told.push(report);
    return state.answer;
  };
  return {
    ...state,
    state,
    /** What is told now; undefined = nothing. */
    async tell(isRollout = false) {
      const before = state.told.length;
      await reporter.tell(scene, isRollout, 42, EVERY_MS, 1_000, ask);
      return state.told[before];
    },
    async later() {
      state.now += EVERY_MS;
      return (await this.tell())?.shared.services;
    },
  };
}

const users = (requests, ...endpoints) => ({ users: { requests, retries: 0, concurrency: 0, endpoints } });

test("a new isolate names itself, and then tells what is new", async (t) => {
  const one = isolate(t);
  const { state } = one;
  state.services = users(900, endpoint("a", 900, 90));
  assert.deepEqual(await one.tell(), { shared: { isolate: 42, everyMs: EVERY_MS, services: { users: { requests: 0, endpoints: [] } } } }, "what it had before is old");
  assert.deepEqual(state.versions, [7]);
  state.services = users(950, endpoint("a", 930, 95), endpoint("b", 20, 20, { breakerOpened: 2, breaker: "half_open" }), endpoint("c", 0));
  assert.equal(await one.tell(), undefined, "no sooner than it is to");
  assert.deepEqual(await one.later(), {
    users: { requests: 50, endpoints: [{ address: "a", version: "", attempts: 30, failures: 5, opened: 0, open: false }, { address: "b", version: "", attempts: 20, failures: 20, opened: 2, open: true }] },
  });
  assert.equal(await one.later(), undefined, "nothing happened");
});

test("nothing is told of services that share nothing", async (t) => {
  const one = isolate(t);
  one.state.shared = [];
  one.state.services = users(5, endpoint("a", 5));
  assert.equal(await one.tell(), undefined);
  one.state.shared = ["gone", "users"];
  assert.deepEqual(Object.keys(await one.later()), ["gone", "users"]);
});

test("an attempt under way is told when it is over, a limit where one was learned, and an engine that was made anew counts from 0", async (t) => {
  const one = isolate(t);
  await one.tell();
  one.state.services = users(10, endpoint("a", 10, 1, { inFlight: 4 }));
  one.state.services.users.concurrency = 31;
  assert.deepEqual((await one.later()).users, { requests: 10, limit: 31, endpoints: [{ address: "a", version: "", attempts: 6, failures: 1, opened: 0, open: false }] });
  one.state.services = users(10, endpoint("a", 10, 5));
  assert.deepEqual((await one.later()).users.endpoints, [{ address: "a", version: "", attempts: 4, failures: 4, opened: 0, open: false }]);
  one.state.services = users(3, endpoint("a", 3, 2));
  assert.deepEqual((await one.later()).users, { requests: 3, endpoints: [{ address: "a", version: "", attempts: 3, failures: 2, opened: 0, open: false }] });
  one.state.services = users(5, endpoint("a", 4, 2), endpoint("a", 1, 0), endpoint("a", 1, 0));
  assert.deepEqual((await one.later()).users.endpoints.map(({ attempts }) => attempts), [1, 1, 1], "the same endpoint may stand there several times");
});

test("what was lost is told with the next report, and after three it is given up", async (t) => {
  const one = isolate(t);
  const { state } = one;
  await one.tell();
  state.answer = new Error("down");
  state.services = users(10, endpoint("a", 10));
  assert.equal(await one.later(), undefined);
  state.services = users(15, endpoint("a", 15));
  assert.equal(await one.later(), undefined);
  assert.deepEqual(state.hints, []);
  state.answer = { version: 8, hints: { users: { retryShare: 0.25, concurrency: 9 } } };
  assert.equal((await one.later()).users.requests, 15);
  assert.deepEqual(state.hints, [["users", { retryShare: 0.25, concurrency: 9 }]]);
  assert.deepEqual(state.versions, [7, 8]);

  state.answer = new Error("down");
  for (const requests of [20, 30, 40]) {
    state.services = users(requests, endpoint("a", requests));
    await one.later();
  }
  assert.deepEqual(state.hints.slice(1), [["users", { retryShare: 1 }]], "it holds all of its floor again");
  state.answer = { version: 8, hints: {} };
  state.services = users(41, endpoint("a", 41));
  assert.equal((await one.later()).users.requests, 1);
});

test("a service that is shared no longer gives the whole budget back, once", async (t) => {
  const one = isolate(t);
  const { state } = one;
  state.answer = { version: 7, hints: { users: { retryShare: 0.01 } } };
  await one.tell();
  assert.deepEqual(state.hints, [["users", { retryShare: 0.01 }]]);
  state.shared = [];
  await one.later();
  await one.later();
  assert.deepEqual(state.hints.slice(1), [["users", { retryShare: 1 }]]);
});

test("a report of a rollout goes with it, or alone", async (t) => {
  const one = isolate(t);
  const { state } = one;
  state.services = { users: { requests: 10, failures: 1, retries: 0, concurrency: 0, endpoints: [] } };
  assert.deepEqual(Object.keys(await one.tell(true)), ["shared"], "there is nothing to compare with yet");
  state.services = { users: { ...state.services.users, requests: 30, failures: 5 } };
  assert.deepEqual(await one.tell(true), { version: 5, candidate: false, requests: 20, failures: 4 });
  state.now += EVERY_MS;
  state.services = { users: { ...state.services.users, requests: 31 } };
  const both = await one.tell(true);
  assert.deepEqual([both.requests, both.shared.services.users.requests], [1, 21]);
});

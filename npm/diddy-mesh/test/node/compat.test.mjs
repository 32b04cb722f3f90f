// Snapshots between this release and the one before: each engine reads what the other's compiler wrote, and decides the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "../cases/run.mjs";
import { corpus, play } from "../compat/corpus.mjs";
import { release, releases } from "../compat/releases.mjs";

const { before, now } = await releases();
/** Its number among the `SNAPSHOT_ERRORS`, plus one. */
const UNSUPPORTED = 7;

/** Cases that are decided otherwise on purpose since the release before, and why. */
const CHANGED = new Map([]);
/** Cases that need what the release before does not know. */
const NEWER = new Set([]);

const known = corpus().filter(({ name }) => !NEWER.has(name));
const seen = (engineOf, compilerOf, one) => play(engineOf.driver, engineOf.engine, compilerOf.compile, one);
/** Whether all that was seen then is seen now too; there may be more. */
const same = (then, later) => then.length === later.length && then.every((step, i) => fits(step, JSON.parse(JSON.stringify(later[i]))));

function differing(engineOf, compilerOf) {
  return known.filter((one) => !same(JSON.parse(JSON.stringify(seen(before, before, one))), seen(engineOf, compilerOf, one))).map(({ name }) => name);
}

test(`Snapshots of ${release} decide the same in the engine of now`, (t) => {
  assert.deepEqual(differing(now, before), [...CHANGED.keys()]);
  t.diagnostic(`${known.length} cases`);
});

test(`Snapshots of now decide the same in the engine of ${release}`, () => {
  assert.deepEqual(differing(before, now), []);
});

test("the comparison finds what is decided otherwise", () => {
  const [one, other] = ["to a", "to b"].map((name) => ({ file: "routing", one: { document: { services: { a: {}, b: {} }, routing: { rules: [{ service: name.slice(-1) }] } }, requests: [{ request: "GET /" }] } }));
  assert.equal(same(seen(before, before, one), seen(now, now, one)), true);
  assert.equal(same(seen(before, before, one), seen(now, now, other)), false);
});

/** A mesh whose answers say by which of two services they were decided. */
const document = (service, more = {}) => ({
  services: { a: { endpoints: ["binding:A1", "binding:A2"] }, b: { endpoints: ["binding:B1", "binding:B2"] } },
  routing: { rules: [{ path: "/x", service }] },
  ...more,
});

test(`a Snapshot that needs what ${release} lacks is refused there, and the last good one serves on`, () => {
  const { Host, requestOf } = before.driver;
  const host = new Host(now.compile, {}, document("a"));
  const next = document("b", { flags: { f: true } });
  assert.throws(() => host.load(next, 1), new RegExp(`refused: ${UNSUPPORTED}$`));
  for (let i = 0; i < 20; i++) {
    assert.equal(host.begin("r", requestOf({ request: "GET /x" }), 2 + i).service, "a");
  }
  // A rule with a condition on a flag would be one without it there: that must never be read.
  const conditional = { ...next, routing: { rules: [{ path: "/x", flags: { f: false }, service: "b" }] } };
  assert.throws(() => host.load(conditional, 30), new RegExp(`refused: ${UNSUPPORTED}$`));
  host.load(document("b"), 31);
  assert.equal(host.begin("r", requestOf({ request: "GET /x" }), 32).service, "b");
  const newer = new now.driver.Host(now.compile, {}, next);
  assert.equal(newer.begin("r", now.driver.requestOf({ request: "GET /x" }), 0).service, "b");
});

test(`a balancer given in code is p2c in ${release}`, () => {
  const { Host, requestOf } = before.driver;
  const picks = (loadBalancer) => {
    const host = new Host(now.compile, { seed: 7 }, document("a", { defaults: { loadBalancer } }));
    return Array.from({ length: 40 }, (_, i) => host.begin(`r${i}`, requestOf({ request: "GET /x" }), i).endpoint);
  };
  const custom = picks({ type: "custom", name: "x" });
  assert.deepEqual(custom, picks("p2c"));
  assert.equal(new Set(custom).size, 2);
  // Told apart from others by this engine too, so that the comparison says something.
  assert.notDeepEqual(custom, picks("roundRobin"));
});

test(`what hosts alone act by is passed over in ${release}`, () => {
  const { Host, requestOf } = before.driver;
  const host = new Host(now.compile, {}, document("a", { defaults: { shareState: true, outlierDetection: {} } }));
  assert.equal(host.begin("r", requestOf({ request: "GET /x" }), 0).service, "a");
});

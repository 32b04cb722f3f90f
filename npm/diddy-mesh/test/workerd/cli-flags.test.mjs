// `diddy-mesh flags` against the real registries: the object behind its admin API, and KV alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cliIn, kvIn, TOKEN } from "../cli-registry.mjs";
import { running } from "../harness.mjs";
import { registry } from "../registry.mjs";

const document = { services: {}, flags: { checkout: { rules: [{ name: "some", percent: 10, variant: "on" }] }, banner: "hello" } };
const last = ({ err, out, status }) => (assert.equal(status, 0, err), out.trimEnd().split("\n").at(-1));

/** What both registries do alike. */
async function changes(mesh) {
  assert.match((await mesh("flags")).err, /nothing is published yet/);
  assert.equal(last(await mesh("publish", "mesh.json")), "version 1 published");
  assert.match((await mesh("flags")).out, /checkout +boolean +yes +off +1\nbanner +string +yes +default +0\n/);
  assert.equal(last(await mesh("flags", "percent", "checkout", "some", "40")), "version 2 published");
  assert.equal(last(await mesh("flags", "percent", "checkout", "some", "40")), "nothing changed: version 2 means the same");
  assert.match((await mesh("flags", "show", "checkout")).out, /some +all get on, 40 % by principal/);
  const wrong = await mesh("flags", "default", "banner", "default", "--percent", "5x");
  assert.equal(wrong.status, 2);
  assert.match((await mesh("flags", "evaluate", "checkout", "--principal", "alice")).out, /^checkout = (true|false)\n(SPLIT|DEFAULT): /);
  assert.match((await mesh("history", "--limit", "1")).out, /flags percent checkout some 40/);
}

test("flags of the object are changed one by one, in a dry run, to some isolates, and beside a rollout that was stopped", async () => {
  await running([await registry()], async (_, { url }) => {
    const { mesh } = cliIn({ "mesh.json": document }, { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: url.href });
    await changes(mesh);
    assert.equal(last(await mesh("flags", "disable", "banner", "--dry-run")), "dry run: this would be version 3");
    assert.match((await mesh("flags", "disable", "checkout", "--percent", "10")).out, /version 3 published to 10 % of isolates/);
    assert.match((await mesh("flags", "enable", "banner")).out + (await mesh("flags", "disable", "banner")).err, /refused: the rollout of version 3 is running/);
    await mesh("rollout", "--stop");
    assert.equal(last(await mesh("flags", "disable", "banner")), "version 4 published", "made of version 2, which is in use");
    const { out } = await mesh("flags", "--json");
    assert.deepEqual(JSON.parse(out).flags.map(({ enabled, key }) => [key, enabled]), [["checkout", true], ["banner", false]]);
    const both = await Promise.all(["checkout", "banner"].map((key, i) => mesh("flags", i === 0 ? "disable" : "enable", key)));
    const won = both.filter(({ status }) => status === 0).length;
    const states = JSON.parse((await mesh("flags", "--json")).out).flags.map(({ enabled }) => enabled);
    assert.equal(states.filter((enabled, i) => enabled === (i === 1)).length, won, "who was refused changed nothing, and nobody was undone");
    assert.ok(both.every(({ err, status }) => status === 0 || (status === 1 && err.includes("Run it again"))));
  });
});

test("flags on KV alone are changed the same way", async () => {
  const { mesh } = kvIn({ "mesh.json": document });
  await changes(mesh);
});

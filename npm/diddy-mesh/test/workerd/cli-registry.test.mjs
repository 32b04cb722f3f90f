// The command line against the real registry: the object and its admin API in workerd, asked over HTTP.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cliIn, document, TOKEN } from "../cli-registry.mjs";
import { running, worker } from "../harness.mjs";

const REGISTER = "register-token-0123456789";
const SOURCE = `
  import { adminApi, MeshRegistry } from "diddy-mesh/registry";
  export { MeshRegistry };
  export default { fetch: (request, env, ctx) => adminApi(request, env, ctx) ?? new Response("no such page", { status: 404 }) };`;

/** A registry in workerd, and the command line in a folder with these files. */
async function withRegistry(files, use, bindings = { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTER_TOKEN: REGISTER }) {
  const registry = await worker("registry", SOURCE, { kvNamespaces: ["KV"], durableObjects: { MESH_REGISTRY_OBJECT: { className: "MeshRegistry", useSQLite: true } }, bindings });
  await running([registry], async (_, { mf, url }) => {
    const env = { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: url.href };
    await use({ mf, mesh: cliIn(files, env).mesh, as: (token) => cliIn(files, { ...env, MESH_ADMIN_TOKEN: token }).mesh });
  });
}

const files = { "1.json": document(1), "2.json": document(2), "3.json": document(3) };
const last = ({ out, err, status }) => (assert.equal(status, 0, err), out.trimEnd().split("\n").at(-1));

test("a configuration is published, compared and brought back", async () => {
  await withRegistry(files, async ({ mesh }) => {
    assert.equal(last(await mesh("history")), "nothing is published yet");
    assert.match((await mesh("diff", "1.json")).err, /nothing is published yet/);
    assert.equal(last(await mesh("publish", "1.json", "--dry-run")), "dry run: this would be version 1, the first one");
    assert.equal(last(await mesh("publish", "1.json", "-m", "begin\u001b[31m", "--author", "me", "--expect", "0")), "version 1 published");
    assert.equal(last(await mesh("publish", "1.json")), "nothing changed: version 1 means the same");
    assert.match((await mesh("publish", "2.json", "--dry-run")).out, /GET \/users[^]*1 → 2[^]*this would be version 2/);
    const late = await mesh("publish", "2.json", "--expect", "0");
    assert.equal(late.status, 1);
    assert.match(late.err, /refused: version 1 was published since version 0\n.*--expect 1/);
    assert.equal(last(await mesh("publish", "2.json", "--expect", "1")), "version 2 published");
    assert.match((await mesh("diff", "--from", "1")).out, /1 → 2/);
    assert.equal((await mesh("diff", "1.json", "--exit-code")).status, 1);
    assert.equal((await mesh("diff", "2.json", "--exit-code")).status, 0);
    const absent = await mesh("diff", "--from", "1", "--to", "9");
    assert.equal(absent.status, 2);
    assert.match(absent.err, /there is no version 9/);
    assert.equal(last(await mesh("rollback")), "version 3 published");
    assert.match((await mesh("rollback", "--to", "9")).err, /refused: there is no version 9\n.*diddy-mesh history/);
    const { out } = await mesh("history");
    assert.match(out, /\n3 +current .* rollback to version 1\n2 +past .*\n1 +past +20\S+ \S+ +me +begin\ufffd\[31m\n$/);
    assert.deepEqual(JSON.parse((await mesh("history", "--json", "--limit", "2")).out).map(({ version, rollbackOf }) => [version, rollbackOf]), [[3, 1], [2, null]]);
    const tooLong = await mesh("publish", "3.json", "-m", "w".repeat(1001));
    assert.equal(tooLong.status, 1);
    assert.match(tooLong.err, /refused: .*1000/);
    assert.equal(last(await mesh("history", "--mesh", "other")), "nothing is published yet", "each mesh has its own");
  });
});

test("a rollout goes on, ends well, or is stopped", async () => {
  await withRegistry(files, async ({ mesh }) => {
    assert.equal(last(await mesh("rollout")), "no rollout is running");
    await mesh("publish", "1.json");
    assert.match((await mesh("publish", "2.json", "--percent", "10")).out, /^version 2 published to 10 % of isolates\n/);
    assert.match((await mesh("publish", "3.json")).err, /the rollout of version 2 is running[^]*rollout --stop/);
    assert.match(last(await mesh("rollout", "--percent", "50")), /^version 2 has 50 % of isolates, version 1 the others/);
    assert.match(last(await mesh("services")), /^configuration version 1, Snapshot version \d+; version 2 has 50 % of isolates$/);
    assert.deepEqual(JSON.parse((await mesh("rollout", "--json")).out).rollout.counts, { stable: { requests: 0, failures: 0 }, candidate: { requests: 0, failures: 0 } });
    assert.match(last(await mesh("rollout", "--stop")), /^stopped/);
    const none = await mesh("rollout", "--finish");
    assert.equal(none.status, 1);
    assert.match(none.err, /refused: no rollout is running/);
    await mesh("publish", "3.json", "--percent", "99.5");
    assert.match(last(await mesh("rollout", "--finish")), /^finished/);
    assert.match((await mesh("history")).out, /\n3 +current .*\n2 +stopped .*\n1 +past /);
  });
});

test("endpoints are registered each for itself, listed, and taken back", async () => {
  const list = [{ service: "users", address: "https://A.example/", version: "1.0.0", ttl: "60s" }, { service: "users", address: "no address" }, null];
  const many = Array.from({ length: 1001 }, (_, i) => ({ service: "many", address: `https://n${i}.example` }));
  await withRegistry({ ...files, "list.json": list, "many.json": many }, async ({ as, mesh }) => {
    await mesh("publish", "1.json");
    const some = await mesh("register", "list.json");
    assert.equal(some.status, 1);
    assert.match(some.out, /^registered users https:\/\/a\.example 1\.0\.0 \(([0-9a-f]{16})\), ends in (60|5\d) s unless renewed\n$/);
    assert.match(some.err, /^list\.json:10:5 error address: [^]*^refused registration 2\nlist\.json:12:3 error [^]*^refused registration 3\n/m);
    const [, id] = /\(([0-9a-f]{16})\)/.exec(some.out);
    // The token for registrations is enough for those.
    const flags = ["--service", "users", "--address", "https://b.example"];
    assert.match(last(await as(REGISTER)("register", ...flags)), /^registered users https:\/\/b\.example \(/);
    assert.match(last(await mesh("register", ...flags, "--metadata", "team=a", "--metadata", "floor=1=2", "--capability", "gpu", "--weight", "2")), /^changed /);
    assert.match(last(await mesh("register", ...flags, "--metadata", "team=a", "--metadata", "floor=1=2", "--capability", "gpu", "--weight", "2")), /^renewed /);
    const listed = JSON.parse((await mesh("services", "users", "--json")).out).endpoints.find(({ address }) => address === "https://b.example");
    assert.deepEqual([listed.metadata, listed.capabilities, listed.weight], [{ team: "a", floor: "1=2" }, ["gpu"], 2]);
    const refused = await mesh("register", "--service", "Users", "--address", "https://b.example");
    assert.deepEqual([refused.status, refused.out], [1, ""]);
    assert.match(refused.err, /^error service: [^]*did you mean `users`/);
    const table = (await mesh("services")).out;
    assert.match(table, /\nusers +https:\/\/users\.example +- +healthy +config +never /);
    assert.match(table, /\nusers +https:\/\/a\.example +1\.0\.0 +healthy +registration +\d+ s /);
    assert.equal(last(await mesh("deregister", id)), `deregistered users https://a.example 1.0.0 (${id})`);
    assert.match(last(await mesh("deregister", "--service", "users", "--address", "https://B.example/")), /^deregistered users https:\/\/b\.example /);
    const gone = await mesh("deregister", id);
    assert.deepEqual([gone.status, gone.err], [1, `${id} is not registered\n`]);
    // More than the API takes in one go.
    const { out, status } = await mesh("register", "many.json", "--json");
    assert.deepEqual([status, JSON.parse(out).registered.length], [0, 1001]);
    assert.equal((await mesh("deregister", ...JSON.parse(out).registered.map((one) => one.id))).status, 0);
  });
});

test("a wrong token, one that may not do this, and an API that is off", async () => {
  await withRegistry(files, async ({ as }) => {
    const wrong = await as("another-token-0123456789")("history");
    assert.equal(wrong.status, 2);
    assert.match(wrong.err, /does not know the token in MESH_ADMIN_TOKEN/);
    const weak = await as(REGISTER)("publish", "1.json");
    assert.equal(weak.status, 2);
    assert.match(weak.err, /may not do this .*needs the admin token/);
  });
  await withRegistry(files, async ({ mesh }) => {
    const off = await mesh("history");
    assert.equal(off.status, 2);
    assert.match(off.err, /\(status 404\) is not from an admin API; does the Worker call adminApi/);
  }, {});
});

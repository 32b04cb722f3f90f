// The registry on KV alone: the command line, a real wrangler, and its local KV.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as control from "../../wasm/control.js";
import { cliIn, document, kvIn } from "../cli-registry.mjs";

const SNAPSHOT = "mesh/v1/default/snapshot";
const files = { "1.json": document(1), "2.json": document(2), "3.json": document(3), "gone.json": document(3, "https://gone.example") };

/** The line that is printed last. */
const last = ({ out, err, status }) => (assert.equal(status, 0, err), out.trimEnd().split("\n").at(-1));
/** What the Snapshot's key says, and which bytes it holds. */
const published = async ({ key, list }) => {
  const { metadata } = (await list()).find(({ name }) => name === SNAPSHOT);
  return { metadata, bytes: await key("get", SNAPSHOT) };
};
/** What is to be published of a document as that version. */
const snapshotOf = (configured, version, name = "snapshot") => {
  const brain = new control.RegistryBrain(0, []);
  brain.configure(document(1), 0);
  brain[name === "candidate" ? "stage" : "configure"](configured, 0);
  brain.resume(version, version - 1);
  return Buffer.from(brain.publication().publication[name]);
};
control.initSync({ module: new WebAssembly.Module(readFileSync(new URL("../../wasm/control.wasm", import.meta.url))) });

test("a configuration is published, seen, compared and brought back", async () => {
  const kv = kvIn(files);
  const { mesh } = kv;
  assert.equal(last(await mesh("history")), "nothing is published yet");
  assert.match((await mesh("diff", "1.json")).err, /nothing is published yet/);
  assert.equal(last(await mesh("publish", "1.json", "--dry-run")), "dry run: this would be version 1, the first one");
  assert.deepEqual(await kv.list(), [], "a dry run stores nothing");

  assert.equal(last(await mesh("publish", "1.json", "-m", "begin: \"ünïcode\" & $HOME", "--author", "me", "--expect", "0")), "version 1 published");
  const first = await published(kv);
  assert.deepEqual([first.metadata.config, first.metadata.split], [1, undefined]);
  const age = Date.now() - Date.UTC(2020, 0, 1) - 1000 * first.metadata.version;
  assert.ok(age >= 0 && age < 60_000, "the version of a Snapshot is the time");
  assert.deepEqual(first.bytes, snapshotOf(document(1), first.metadata.version));
  const stored = (await kv.list()).find(({ name }) => name === "mesh/v1/default/config/0000000001").metadata;
  assert.deepEqual([stored.version, stored.author, stored.message, stored.rollbackOf, stored.bytes], [1, "me", "begin: \"ünïcode\" & $HOME", null, JSON.stringify(document(1)).length]);
  assert.deepEqual(JSON.parse((await kv.key("get", "mesh/v1/default/config/0000000001")).toString()), document(1));

  assert.equal(last(await mesh("publish", "1.json")), "nothing changed: version 1 means the same");
  const dry = await mesh("publish", "2.json", "--dry-run");
  assert.match(dry.out, /GET \/users[^]*1 → 2[^]*this would be version 2/);
  const late = await mesh("publish", "2.json", "--expect", "0");
  assert.equal(late.status, 1);
  assert.match(late.err, /refused: version 1 was published since version 0\n.*--expect 1/);
  assert.equal(last(await mesh("publish", "2.json", "--expect", "1")), "version 2 published");
  assert.match((await mesh("diff", "--from", "1")).out, /1 → 2/);
  assert.match((await mesh("diff", "--from", "2", "--to", "1", "--json")).out, /"same": false/);
  assert.equal((await mesh("diff", "1.json", "--exit-code")).status, 1);
  assert.equal((await mesh("diff", "2.json", "--exit-code")).status, 0);
  assert.match((await mesh("diff", "--from", "1", "--to", "9")).err, /there is no version 9/);

  assert.equal(last(await mesh("rollback", "--author", "me")), "version 3 published");
  assert.match((await mesh("rollback", "--to", "9")).err, /refused: there is no version 9/);
  const history = JSON.parse((await mesh("history", "--json")).out);
  assert.deepEqual(history.map(({ version, state, rollbackOf, message }) => [version, state, rollbackOf, message.slice(0, 5)]), [
    [3, "current", 1, "rollb"],
    [2, "past", null, ""],
    [1, "past", null, "begin"],
  ]);
  assert.match((await mesh("history", "--limit", "1")).out, /^version +state .*\n3 +current +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d +me +rollback to version 1\n$/);
  const third = await published(kv);
  assert.ok(third.metadata.version > first.metadata.version);
  assert.deepEqual(third.bytes, snapshotOf(document(1), third.metadata.version));
});

test("a rollout holds both Snapshots in one value, goes on, ends well, or is stopped", async () => {
  const kv = kvIn(files);
  const { mesh } = kv;
  assert.equal(last(await mesh("rollout")), "no rollout is running");
  assert.match((await mesh("rollout", "--stop")).err, /refused: no rollout is running/);
  await mesh("publish", "1.json");
  assert.match((await mesh("publish", "2.json", "--percent", "10")).out, /^version 2 published to 10 % of isolates\n/);
  const { metadata, bytes } = await published(kv);
  assert.deepEqual([metadata.percent, metadata.config, metadata.candidate], [10, 1, 2]);
  assert.deepEqual(bytes.subarray(0, metadata.split), snapshotOf(document(1), metadata.version));
  assert.deepEqual(bytes.subarray(metadata.split), snapshotOf(document(2), metadata.version, "candidate"));
  const refused = await mesh("publish", "3.json");
  assert.equal(refused.status, 1);
  assert.match(refused.err, /the rollout of version 2 is running[^]*rollout --stop/);
  assert.match(last(await mesh("rollout", "--percent", "50")), /^version 2 has 50 % of isolates, version 1 the others, for \d s$/);
  assert.equal((await published(kv)).metadata.percent, 50);
  // What registers meanwhile is in both, and the rollout goes on.
  await mesh("register", "--service", "users", "--address", "https://more.example");
  const both = await published(kv);
  assert.deepEqual([both.metadata.percent, both.metadata.candidate], [50, 2]);
  const [stable, candidate] = [both.bytes.subarray(0, both.metadata.split), both.bytes.subarray(both.metadata.split)];
  assert.ok(stable.includes("more.example") && candidate.includes("more.example"));

  assert.match(last(await mesh("rollout", "--stop")), /^stopped/);
  assert.match((await mesh("history")).out, /\n2 +stopped .*\n1 +current /);
  assert.deepEqual([(await published(kv)).metadata.split, (await published(kv)).metadata.config], [undefined, 1]);
  await mesh("publish", "3.json", "--percent", "99.5");
  assert.match(last(await mesh("rollout", "--finish")), /^finished/);
  assert.equal((await published(kv)).metadata.config, 3);
  assert.match((await mesh("history")).out, /\n3 +current .*\n2 +stopped .*\n1 +past /);
  assert.equal(last(await mesh("rollback")), "version 4 published", "the one before is the one that was in use, not the one that was stopped");
  assert.equal(JSON.parse((await mesh("history", "--json")).out)[0].rollbackOf, 1);
});

test("registrations are keys of their own, and in the Snapshot", async () => {
  const list = [{ service: "users", address: "https://A.example/", version: "1.0.0", ttl: "60s" }, { service: "users", address: "no address" }, null];
  const long = { service: "users", address: "https://long.example", metadata: Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`"${i}"`, '"'.repeat(36)])) };
  const kv = kvIn({ ...files, "list.json": list, "all.yaml": "registrations:\n  - service: users\n    address: https://b.example\n    metadata: { team: a }\n", "long.json": long });
  const { mesh } = kv;
  await mesh("publish", "1.json");
  const some = await mesh("register", "list.json");
  assert.equal(some.status, 1, "each is for itself");
  assert.match(some.out, /^registered users https:\/\/a\.example 1\.0\.0 \(([0-9a-f]{16})\), ends in 3 min unless renewed\n$/);
  assert.match(some.err, /^list\.json:10:5 error address: [^]*^refused registration 2\nlist\.json:12:3 error [^]*^refused registration 3\n/m);
  const [, id] = /\(([0-9a-f]{16})\)/.exec(some.out);
  const kept = (await kv.list()).find(({ name }) => name === `mesh/v1/default/registration/users/${id}`);
  assert.deepEqual(kept.metadata, { service: "users", address: "https://a.example", version: "1.0.0", ttl: 60_000 });
  assert.ok(kept.expiration * 1000 - Date.now() > 100_000, "KV keeps it for three minutes");
  assert.ok((await published(kv)).bytes.includes("a.example"));

  const all = JSON.parse((await mesh("register", "all.yaml", "--json")).out);
  assert.deepEqual([all.ok, all.registered[0].state, all.registered[0].expiresAt], [true, "new", undefined]);
  const before = (await published(kv)).metadata.version;
  assert.match((await mesh("register", "all.yaml")).out, /^renewed users https:\/\/b\.example \(/);
  assert.equal((await published(kv)).metadata.version, before, "what means the same is not published again");
  assert.match((await mesh("register", "--service", "users", "--address", "https://b.example", "--metadata", "team=b", "--weight", "2")).out, /^changed /);
  const tooLong = await mesh("register", "long.json");
  assert.equal(tooLong.status, 1);
  assert.match(tooLong.err, /long\.json:1:1 error a registration of \d+ bytes as JSON; expected at most 1024 bytes/);

  const table = (await mesh("services", "users")).out;
  assert.match(table, /^service +endpoint +version +health +source +expires in +id\n/);
  assert.match(table, /\nusers +https:\/\/users\.example +- +healthy +config +never /);
  assert.match(table, /\nusers +https:\/\/a\.example +1\.0\.0 +healthy +registration +([23] min|\d+ s) /);
  const other = await mesh("services", "user");
  assert.deepEqual([other.status, other.out.split("\n")[0]], [1, "no service user; did you mean users?"]);

  assert.equal(last(await mesh("deregister", id)), `deregistered users https://a.example 1.0.0 (${id})`);
  const gone = await mesh("deregister", id, "--json");
  assert.deepEqual([gone.status, JSON.parse(gone.out).missing], [1, [id]]);
  assert.match(last(await mesh("deregister", "--service", "users", "--address", "https://B.example/")), /^deregistered users https:\/\/b\.example /);
  assert.deepEqual((await kv.list()).filter(({ name }) => name.includes("registration")), []);
  const { bytes, metadata } = await published(kv);
  assert.deepEqual(bytes, snapshotOf(document(1), metadata.version));
});

test("of two endpoints at one address, the version says which one is taken back", async () => {
  const { mesh } = kvIn({ "two.json": ["1.0.0", "2.0.0"].map((version) => ({ service: "users", address: "https://a.example", version })) });
  assert.equal((await mesh("register", "two.json")).status, 0, "nothing needs to be configured");
  const which = await mesh("deregister", "--service", "users", "--address", "https://a.example");
  assert.equal(which.status, 2);
  assert.match(which.err, /choose with --version: 1\.0\.0, 2\.0\.0/);
  assert.match(last(await mesh("deregister", "--service", "users", "--address", "https://a.example", "--version", "2.0.0")), / 2\.0\.0 \(/);
});

test("what a Worker registered itself, under a key of its own making, is listed and taken back too", async () => {
  const { key, list, mesh } = kvIn(files);
  const [one, other] = ["00000000000000aa", "00000000000000bb"];
  const put = (id, metadata) => key("put", `mesh/v1/default/registration/users/${id}`, "1795835209105", "--ttl", "86400", "--metadata", JSON.stringify(metadata));
  await put(one, { service: "users", address: "https://A.example/", version: "1.0.0", ttl: "24h" });
  await put(other, { service: "users", address: "no address", ttl: "24h" });
  await mesh("publish", "1.json");
  const [, id] = /https:\/\/a\.example +1\.0\.0 .* ([0-9a-f]{16})\n/.exec((await mesh("services", "users")).out);
  assert.match(last(await mesh("deregister", id)), new RegExp(`^deregistered users .* \\(${id}\\)$`));
  assert.match(last(await mesh("deregister", other)), /^deregistered users no address \(/);
  assert.deepEqual((await list()).filter(({ name }) => name.includes("registration")), []);
  assert.ok(!(await published({ key, list })).bytes.includes("a.example"));
});

test("meshes of one namespace do not see one another", async () => {
  const { mesh, list } = kvIn(files);
  await mesh("publish", "1.json", "--mesh", "one");
  await mesh("publish", "2.json", "--mesh", "one-more");
  assert.equal(JSON.parse((await mesh("history", "--mesh", "one", "--json")).out).length, 1);
  assert.equal(last(await mesh("history")), "nothing is published yet");
  assert.deepEqual((await list()).map(({ name }) => name.split("/")[2]).sort(), ["one", "one", "one", "one-more", "one-more", "one-more"], "a version, the stage and the Snapshot of each");
});

test("what KV cannot keep, what another program wrote, and what was cut off", async () => {
  const kv = kvIn(files);
  const { key, mesh, path } = kv;
  const wordy = await mesh("publish", "1.json", "-m", "w".repeat(1000));
  assert.equal(wordy.status, 1);
  assert.match(wordy.err, /refused: message and author are too long for KV/);
  assert.deepEqual(await kv.list(), []);

  await mesh("publish", "1.json");
  // A publisher that ended before it wrote the Snapshot: its version was never in use.
  const half = { version: 2, at: 1, author: "", message: "", rollbackOf: null, hash: "", bytes: 2, after: 1 };
  writeFileSync(join(path, "half"), JSON.stringify(document(9)));
  await key("put", "mesh/v1/default/config/0000000002", "--path", join(path, "half"), "--metadata", JSON.stringify(half));
  assert.equal(last(await mesh("publish", "3.json")), "version 3 published");
  assert.match((await mesh("history")).out, /\n3 +current .*\n2 +stopped .*\n1 +past /);

  // One who ended when the stage was written and the Snapshot was not, or whose Snapshot was written over by who knew less:
  // what is in use is what the stage says, and publishing it once more makes the Snapshot follow.
  const { bytes, metadata } = await published(kv);
  await mesh("publish", "1.json");
  writeFileSync(join(path, "bytes"), bytes);
  await key("put", SNAPSHOT, "--path", join(path, "bytes"), "--metadata", JSON.stringify({ ...metadata, version: metadata.version + 5 }));
  assert.match((await mesh("history")).out, /\n4 +current .*\n3 +past /);
  assert.equal(last(await mesh("publish", "1.json")), "nothing changed: version 4 means the same");
  const mended = await published(kv);
  assert.equal(mended.metadata.config, 4);
  assert.deepEqual(mended.bytes, snapshotOf(document(1), mended.metadata.version));
  assert.ok(mended.metadata.version > metadata.version + 5);
  // A Snapshot that is sealed belongs to a cron: a plain one would be refused by readers.
  await key("put", SNAPSHOT, "sealed", "--metadata", JSON.stringify({ ...mended.metadata, sig: "AAAA", key: "k1" }));
  assert.equal(last(await mesh("publish", "3.json")), "version 5 published");
  assert.equal((await published(kv)).bytes.toString(), "sealed");
  assert.match((await mesh("history")).out, /\n5 +current /);
  await mesh("publish", "1.json");
  await key("put", SNAPSHOT, "--path", join(path, "bytes"), "--metadata", JSON.stringify(metadata));
  await mesh("rollback", "--to", "3");

  // The document in use is away: nothing is published that lacks it.
  await key("put", "mesh/v1/default/config/0000000007", "no JSON", "--metadata", JSON.stringify({ ...half, version: 7 }));
  const broken = await mesh("register", "--service", "users", "--address", "https://a.example");
  assert.equal(broken.status, 2);
  assert.match(broken.err, /version 7 of the configuration is listed but cannot be read/);
  await key("put", "mesh/v1/default/stage", "broken", "--metadata", '{"config":"7"}');
  const unstaged = await mesh("publish", "1.json");
  assert.deepEqual([unstaged.status, /stage does not say which configuration is in use: found \{"config":"7"\}/.test(unstaged.err)], [2, true], unstaged.err);

  await key("put", SNAPSHOT, "of an object", "--metadata", '{"version":7}');
  const object = await mesh("publish", "1.json");
  assert.equal(object.status, 2);
  assert.match(object.err, /published by a registry object .*its one writer; the command line takes --url/);
});

test("names of namespaces are arguments and no more, and a wrangler that fails is quoted", async () => {
  const { bare, mesh, path } = kvIn(files);
  const odd = await bare("history", "--kv", "$(touch owned); --help", "--local", "--persist-to", join(path, "a b'c"));
  assert.deepEqual([odd.status, odd.out.trim(), existsSync(join(path, "owned"))], [0, "nothing is published yet", false]);
  const unbound = await bare("history", "--kv-binding", "MESH_KV", "--local");
  assert.equal(unbound.status, 2);
  assert.match(unbound.err, /^diddy-mesh: wrangler kv key list failed: No KV Namespaces configured.*\n$/m);
  writeFileSync(join(path, "wrangler.json"), JSON.stringify({ name: "a", kv_namespaces: [{ binding: "MESH_KV", id: "mesh-kv", preview_id: "other" }] }));
  await bare("publish", "1.json", "--kv-binding", "MESH_KV", "--local", "--persist-to", "state");
  assert.match((await mesh("history")).out, /\n1 +current /, "a binding is the namespace that it is bound to, not its preview");
  const slow = await bare("history", "--kv", "abc", "--local", "--timeout", "0.01");
  assert.match(slow.err, /wrangler kv key list did not end within 0\.01 s/);
});

test("where wrangler is not installed, that is said, and nothing is downloaded", async () => {
  const { mesh, path } = cliIn(files, { npm_config_offline: "true", npm_config_cache: join("/", "nowhere") });
  const { status, err } = await mesh("history", "--kv", "abc", "--local");
  assert.equal(status, 2);
  assert.match(err, /^diddy-mesh: wrangler /m);
  assert.ok(!existsSync(join(path, "node_modules")));
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileOrThrow } from "diddy-mesh/config";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A folder with these files, and the command line run in it. */
function folder(files = {}) {
  const path = mkdtempSync(join(tmpdir(), "diddy-mesh-"));
  folders.push(path);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(path, name), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
  const run = (...args) => {
    const input = typeof args.at(-1) === "object" ? args.pop().input : "";
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: path, input: Buffer.from(input), env: { ...process.env, NO_COLOR: "" } });
    return { status, out: stdout.toString(), err: stderr.toString(), bytes: stdout };
  };
  return { path, run, read: (name) => readFileSync(join(path, name)), has: (name) => existsSync(join(path, name)) };
}

const good = { services: { users: { endpoints: ["https://users.example.workers.dev"], retries: 3 } }, routing: { rules: [{ path: "/api/users/*", service: "users" }] } };
const bad = `{
  "services": {
    "users": { "endpoints": ["https://users.example.workers.dev"], "retires": 3 },
    "orders": {
      "timeout": "fast"
    }
  },
  "routing": { "rules": [{ "path": "/x", "service": "nobody" }] }
}
`;

test("validate tells good from bad, with every finding at its place", () => {
  const { run } = folder({ "good.json": good, "bad.json": bad });
  assert.deepEqual(run("validate", "good.json"), { ...run("validate", "good.json"), status: 0, err: "" });
  const { status, out } = run("validate", "bad.json");
  assert.equal(status, 1);
  assert.match(out, /^bad\.json:3:68 error services\.users\.retires: .*did you mean `retries`/m);
  assert.match(out, /^bad\.json:5:7 error services\.orders\.timeout/m);
  assert.match(out, /^bad\.json:8:42 error routing\.rules\[0\]\.service/m);
  assert.match(out, /^3 errors, /m);
  const json = JSON.parse(run("validate", "bad.json", "--json").out);
  assert.equal(json.ok, false);
  assert.deepEqual(json.diagnostics.filter(({ severity }) => severity === "error").map(({ path, line }) => [path, line]), [
    ["services.users.retires", 3],
    ["services.orders.timeout", 5],
    ["routing.rules[0].service", 8],
  ]);
});

test("JSONC and YAML are read, with their own places", () => {
  const yaml = "services:\n  users:\n    endpoints: [https://users.example.workers.dev]\n    retires: 3\n";
  const { run } = folder({ "a.jsonc": `// a comment\n{ "services": { "users": { "retires": 3, }, } }`, "a.yaml": yaml, "good.yml": yaml.replace("retires", "retries"), "a.json": `// no\n{}`, "broken.yaml": "a: [1", "twice.json": `{"services": {}, "services": {}}` });
  assert.match(run("validate", "a.jsonc").out, /^a\.jsonc:2:28 error services\.users\.retires/m);
  assert.match(run("validate", "a.yaml").out, /^a\.yaml:4:5 error services\.users\.retires/m);
  assert.equal(run("validate", "good.yml").status, 0);
  assert.match(run("validate", "a.json").out, /^a\.json:1:1 error comments need a \.jsonc file/m);
  assert.match(run("validate", "broken.yaml").out, /^broken\.yaml:1:\d+ error /m);
  assert.match(run("validate", "twice.json").out, /^twice\.json:1:18 error the key "services" stands here twice/m);
  assert.match(run("validate", "-", { input: yaml }).out, /^<stdin>:4:5 error/m);
  assert.equal(run("validate", "-", { input: JSON.stringify(good) }).status, 0);
});

test("compile writes a Snapshot, the same as the library's, and nothing where there are errors", async () => {
  const { path, run, read, has } = folder({ "mesh.json": good, "bad.json": bad });
  assert.equal(run("compile", "mesh.json", "-o", "out.snapshot").status, 0);
  assert.deepEqual(new Uint8Array(read("out.snapshot")), compileOrThrow(good));
  assert.equal(run("compile", "mesh.json").status, 0);
  assert.ok(has("mesh.snapshot"));
  assert.deepEqual(run("compile", "mesh.json", "-o", "-").bytes, read("out.snapshot"));

  assert.equal(run("compile", "mesh.json", "-o", "config.js").status, 0);
  const { default: snapshot } = await import(pathToFileURL(join(path, "config.js")).href);
  assert.deepEqual(snapshot, compileOrThrow(good));
  assert.equal(run("compile", "mesh.json", "--format", "ts").status, 0);
  assert.match(read("mesh.ts").toString(), /const snapshot: Uint8Array = /);

  const before = readdirSync(path);
  const { status, err } = run("compile", "bad.json", "-o", "bad.snapshot");
  assert.equal(status, 1);
  assert.match(err, /^bad\.json:3:68 error /m);
  assert.deepEqual(readdirSync(path), before);
});

test("init takes the service bindings of each kind of wrangler file, and never overwrites", () => {
  const files = {
    "wrangler.jsonc": `{ // a comment\n "name": "gateway", "services": [{ "binding": "USERS", "service": "User_Service" }] }`,
    "wrangler.json": `{ "name": "gateway", "services": [{ "binding": "USERS", "service": "User_Service" }] }`,
    "wrangler.toml": `name = "gateway"\n[[services]]\nbinding = "USERS"\nservice = "User_Service"\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    const { run, read } = folder({ [name]: content });
    const { status, out } = run("init");
    assert.equal(status, 0, out);
    const document = JSON.parse(read("mesh.json"));
    assert.deepEqual(document.services, { "user-service": { endpoints: ["binding:USERS"] } });
    assert.match(document.$schema, /schema\.json$/);
    assert.match(out, /serviceName: "gateway"/);
    assert.equal(run("validate", "mesh.json").status, 0);
  }
  const { run, read } = folder({ "mesh.json": good });
  assert.equal(run("init").status, 0);
  assert.deepEqual(JSON.parse(read("mesh.json")), good);
  assert.equal(run("init", "--force").status, 0);
  assert.notDeepEqual(JSON.parse(read("mesh.json")), good);
  const broken = folder({ "mesh.json": bad });
  const { status, out } = broken.run("init");
  assert.equal(status, 1);
  assert.match(out, /mesh\.json:3:68 error/);
  assert.equal(broken.read("mesh.json").toString(), bad);
});

test("explain shows the way of one request", () => {
  const { run } = folder({ "mesh.json": good, "bad.json": bad });
  const { status, out } = run("explain", "mesh.json", "--method", "GET", "--url", "https://shop.test/api/users/1", "-H", "x-team: blue");
  assert.equal(status, 0);
  assert.match(out, /users/);
  assert.match(out, /https:\/\/users\.example\.workers\.dev/);
  const json = JSON.parse(run("explain", "mesh.json", "--url", "https://shop.test/api/users/1", "--json").out);
  assert.ok(JSON.stringify(json).includes("users.example.workers.dev"));
  assert.equal(run("explain", "bad.json", "--url", "https://shop.test/").status, 1);
});

test("wrong use is exit code 2 with a word of help", () => {
  const { run } = folder({ "mesh.json": good });
  for (const [args, message] of [
    [["compil"], /unknown command "compil"; did you mean `compile`\?/],
    [["xyzzy"], /unknown command "xyzzy"\n/],
    [["validate"], /validate takes one FILE/],
    [["validate", "none.json"], /none\.json cannot be read/],
    [["validate", "mesh.json", "--jsn"], /--jsn/],
    [["compile", "mesh.json", "--format", "exe"], /unknown format "exe"/],
    [["compile", "mesh.json", "-o", "no/such/folder/x"], /cannot be written/],
    [["explain", "mesh.json"], /--url/],
    [["explain", "mesh.json", "--url", "https://a.test/", "-H", "nonsense"], /name: value/],
  ]) {
    const { status, err } = run(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(err, message);
  }
  assert.equal(run().status, 2);
  assert.equal(run("help").status, 0);
  assert.match(run("compile", "--help").out, /Usage: diddy-mesh compile/);
  assert.match(run("--version").out, /^\d+\.\d+\.\d+\n$/);
});

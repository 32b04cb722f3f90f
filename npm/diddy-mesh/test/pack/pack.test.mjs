// The tarball as users get it: installed in empty projects and bundled by their tools.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Log, LogLevel, Miniflare } from "miniflare";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "diddy-mesh-project-"));
const wrangler = join(dirname(fileURLToPath(import.meta.resolve("wrangler/package.json"))), "bin/wrangler.js");
after(() => rmSync(project, { recursive: true }));

const config = { services: { users: { endpoints: ["binding:USERS"] } }, routing: { rules: [{ path: "/api/*", service: "users" }] } };
const source = `
  import { DiddyMesh } from "diddy-mesh";
  import config from "./mesh.snapshot";
  const mesh = new DiddyMesh({ serviceName: "gateway", config });
  export default { fetch: (request, env, ctx) => mesh.handle(request, { "/hello": () => new Response("hello") }, env, ctx) };`;

before(async () => {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", project], { cwd: root });
  const [{ filename, files }] = JSON.parse(stdout);
  const packed = files.map(({ path }) => path);
  for (const path of ["package.json", "README.md", "LICENSE", "schema.json", "dist/cli.js", "wasm/engine.wasm", "wasm/control.wasm", "dist/index.d.ts"]) {
    assert.ok(packed.includes(path), `${path} is in the tarball`);
  }
  assert.deepEqual(packed.filter((path) => /(^|\/)(test|node_modules)\//.test(path)), []);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }));
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(project, filename)], { cwd: project });
  assert.deepEqual(readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith(".")), ["diddy-mesh"], "there are no dependencies");
  writeFileSync(join(project, "mesh.json"), JSON.stringify(config));
  await run("npx", ["--no-install", "diddy-mesh", "compile", "mesh.json", "-o", "mesh.snapshot"], { cwd: project });
});

/** Runs modules of a folder as the Worker of the test, with its callee. */
async function serve(modules, use) {
  const users = { name: "users", modules: true, script: `export default { fetch: ({ url }) => new Response("users at " + new URL(url).pathname) };` };
  const gateway = { name: "gateway", modules, modulesRoot: project, compatibilityDate: "2026-04-01", serviceBindings: { USERS: "users" } };
  const mf = new Miniflare({ workers: [gateway, users], cf: false, host: "127.0.0.1", port: 0, log: new Log(LogLevel.NONE) });
  try {
    await use((path) => mf.dispatchFetch(`http://mesh.test${path}`));
  } finally {
    await mf.dispose();
  }
}

async function answers(fetch) {
  assert.equal(await (await fetch("/hello")).text(), "hello");
  assert.equal(await (await fetch("/api/1")).text(), "users at /api/1");
}

/** What a bundler wrote, as modules. */
function modulesOf(folder, entry) {
  const kind = (name) => (name.endsWith(".wasm") ? "CompiledWasm" : name.endsWith(".snapshot") ? "Data" : "ESModule");
  const names = readdirSync(folder).filter((name) => /\.(js|mjs|wasm|snapshot)$/.test(name));
  names.sort((a, b) => Number(b === entry) - Number(a === entry));
  return names.map((name) => ({ type: kind(name), path: join(folder, name), contents: readFileSync(join(folder, name)) }));
}

test("wrangler bundles a Worker that imports it, and workerd serves it", async () => {
  const folder = join(project, "worker");
  mkdirSync(folder);
  writeFileSync(join(folder, "index.js"), source);
  writeFileSync(join(folder, "mesh.snapshot"), readFileSync(join(project, "mesh.snapshot")));
  const settings = { name: "gateway", main: "index.js", compatibility_date: "2026-04-01", rules: [{ type: "Data", globs: ["**/*.snapshot"] }], services: [{ binding: "USERS", service: "users" }] };
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(settings));
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "out"], { cwd: folder, env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" } });
  await serve(modulesOf(join(folder, "out"), "index.js"), answers);
});

test("the module form of the Snapshot needs no rule", async () => {
  const folder = join(project, "module-form");
  mkdirSync(folder);
  await run("npx", ["--no-install", "diddy-mesh", "compile", "mesh.json", "-o", join(folder, "mesh.ts")], { cwd: project });
  writeFileSync(join(folder, "index.ts"), source.replace("./mesh.snapshot", "./mesh.js"));
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify({ name: "gateway", main: "index.ts", compatibility_date: "2026-04-01" }));
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "out"], { cwd: folder, env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" } });
  await serve(modulesOf(join(folder, "out"), "index.js"), answers);
});

test("wrangler bundles the Worker of a registry from its configuration, and workerd serves it", async () => {
  const folder = join(project, "registry");
  mkdirSync(folder);
  writeFileSync(join(folder, "index.js"), `
    import { adminApi, MeshLimits, MeshRegistry } from "diddy-mesh/registry";
    export { MeshLimits, MeshRegistry };
    export default { fetch: (request, env, ctx) => adminApi(request, env, ctx) ?? new Response("no such page", { status: 404 }) };`);
  const objects = { MESH_REGISTRY_OBJECT: "MeshRegistry", MESH_LIMITS: "MeshLimits" };
  const settings = {
    name: "registry",
    main: "index.js",
    compatibility_date: "2026-04-01",
    durable_objects: { bindings: Object.entries(objects).map(([name, class_name]) => ({ name, class_name })) },
    migrations: [{ tag: "v1", new_sqlite_classes: Object.values(objects) }],
  };
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(settings));
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "out"], { cwd: folder, env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" } });
  const token = "admin-token-0123456789";
  const durableObjects = Object.fromEntries(Object.entries(objects).map(([name, className]) => [name, { className, useSQLite: true }]));
  const mf = new Miniflare({ modules: modulesOf(join(folder, "out"), "index.js"), modulesRoot: project, compatibilityDate: "2026-04-01", durableObjects, bindings: { MESH_ADMIN_TOKEN: token }, cf: false, log: new Log(LogLevel.NONE) });
  try {
    const ask = (headers) => mf.dispatchFetch("http://mesh.test/_mesh/api/config", { method: "POST", headers, body: JSON.stringify({ document: config }) });
    assert.equal((await ask({})).status, 401);
    assert.equal((await (await ask({ authorization: `Bearer ${token}` })).json()).version, 1);
  } finally {
    await mf.dispose();
  }
});

test("Node loads every entry, with one instance behind them", async () => {
  const script = `
    import { DiddyMesh, MeshError } from "diddy-mesh";
    import { DiddyMesh as Core } from "diddy-mesh/core";
    import { compile } from "diddy-mesh/config";
    import { discovery } from "diddy-mesh/discovery";
    import { flags } from "diddy-mesh/flags";
    import { hooks } from "diddy-mesh/hooks";
    import { init } from "diddy-mesh/init";
    import { MeshProvider } from "diddy-mesh/openfeature";
    import schema from "diddy-mesh/schema.json" with { type: "json" };
    const inner = { fetch: () => new Response("inner") };
    const config = { services: { inner: { endpoints: ["local:INNER"] } }, routing: { rules: [{ service: "inner" }] } };
    for (const Mesh of [DiddyMesh, Core]) {
      const answer = await new Mesh({ serviceName: "s", config, local: { INNER: inner } }).handle(new Request("https://a.test/x"));
      console.log(answer.status, await answer.text());
    }
    // Without OpenFeature's SDK, which is not installed here.
    const mesh = new DiddyMesh({ serviceName: "s", config: { services: {}, flags: { on: true } } });
    console.log(flags(mesh).boolean("on", false), (await new MeshProvider(mesh).resolveBooleanEvaluation("on", false)).value);
    console.log(compile(config).snapshot instanceof Uint8Array, typeof init, typeof MeshError, typeof discovery, typeof hooks, schema.$schema);`;
  writeFileSync(join(project, "node.mjs"), script);
  const { stdout } = await run(process.execPath, ["--no-warnings", "node.mjs"], { cwd: project });
  assert.equal(stdout, "200 inner\n200 inner\ntrue true\ntrue function function function function https://json-schema.org/draft/2020-12/schema\n");
});

test("without a fitting condition the engine is given by hand", async () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { DiddyMesh } from "./node_modules/diddy-mesh/dist/entry/default.js";
    import { init } from "diddy-mesh/init";
    const ask = () => new DiddyMesh({ serviceName: "s" }).handle(new Request("https://a.test/x"), { "/x": () => new Response("x") });
    console.log(await ask().catch(({ code }) => code));
    init(new WebAssembly.Module(readFileSync("node_modules/diddy-mesh/wasm/engine.wasm")));
    console.log(await (await ask()).text());`;
  writeFileSync(join(project, "by-hand.mjs"), script);
  assert.equal((await run(process.execPath, ["by-hand.mjs"], { cwd: project })).stdout, "not_initialized\nx\n");
});

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { compileOrThrow } from "diddy-mesh/config";
import { folder } from "../cli.mjs";

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
  assert.match(out, /^  sent +\/api\/users\/1$/m);
  assert.match(run("explain", "mesh.json", "--url", "/nowhere").out, /^answer  404$/m);
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

const OBJECTS = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec: { listeners: [{ name: web, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 8080 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: public, namespace: infra }]
  hostnames: [shop.example]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /cart } }]
      backendRefs: [{ name: cart, port: 8080 }]
    - matches: [{ path: { type: PathPrefix, value: /gone } }]
      backendRefs: [{ name: nowhere, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: public, namespace: infra }]
  hostnames: [grpc.example]
  rules:
    - matches: [{ method: { service: shop.Cart, method: Add } }]
      backendRefs: [{ name: cart, port: 8080 }]
`;

test("import makes a configuration of Gateway API objects and says what a controller would say", () => {
  const { run, read } = folder({ "objects.yaml": OBJECTS });
  const imported = run("import", "gateway-api", "objects.yaml");
  assert.deepEqual([imported.status, imported.out], [0, ""], imported.err);
  assert.match(imported.err, /HTTPRoute shop\/cart at Gateway\/infra\/public: Accepted=True \(Accepted\), ResolvedRefs=False \(BackendNotFound: /);
  assert.match(imported.err, /GRPCRoute shop\/cart at Gateway\/infra\/public: Accepted=True \(Accepted\), ResolvedRefs=True \(ResolvedRefs\)/);
  assert.match(imported.err, /mesh\.json: written/);
  assert.deepEqual(Object.keys(JSON.parse(read("mesh.json")).services), ["cart"]);
  assert.equal(run("validate", "mesh.json").status, 0);
  const rule = (path) => JSON.parse(run("explain", "mesh.json", "--url", `https://shop.example${path}`, "--json").out);
  assert.equal(rule("/cart/1").backends[0].service.name, "cart");
  assert.match(JSON.stringify(rule("/gone")), /no_backend/);
  const call = run("explain", "mesh.json", "--url", "https://grpc.example/shop.Cart/Add", "--method", "POST", "-H", "content-type: application/grpc", "--json");
  assert.equal(JSON.parse(call.out).backends[0].service.name, "cart");
  const again = run("import", "gateway-api", "objects.yaml");
  assert.deepEqual([again.status, again.err], [2, "diddy-mesh: mesh.json is here already; -o mesh.json replaces it\n"]);
  assert.equal(run("import", "gateway-api", "objects.yaml", "-o", "mesh.json").status, 0);
  assert.deepEqual([run("import", "gateway-api", "objects.yaml", "-o", "objects.yaml").status, read("objects.yaml").toString()], [2, OBJECTS]);
  assert.deepEqual(JSON.parse(run("import", "gateway-api", "objects.yaml", "--json").out).documents.map(({ entry }) => entry), ["gateway/infra/public:80"]);
  assert.equal(run("import", "gateway-api", "objects.yaml", "-o", "-").out, read("mesh.json").toString());
});

test("import asks which entry where there are several, and refuses what no API server would take", () => {
  const { run, has } = folder({
    "two.yaml": OBJECTS.replace("listeners: [", "listeners: [{ name: other, port: 8080, protocol: HTTP }, "),
    "alias.yaml": `${OBJECTS}\n---\na: *nowhere`,
    "broken.yaml": `${OBJECTS}\n---\na: [`,
    "wrong.yaml": OBJECTS.replace("port: 80,", "port: eighty,").replace("{ name: public, namespace: infra }]", "{ namespace: infra }]"),
    "none.yaml": "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 1 }] }\n",
  });
  const several = run("import", "gateway-api", "two.yaml");
  assert.equal(several.status, 2);
  assert.match(several.err, /choose where requests come in with --entry: gateway\/infra\/public:80, gateway\/infra\/public:8080/);
  assert.equal(run("import", "gateway-api", "two.yaml", "--entry", "gateway/infra/public:9").status, 2);
  assert.equal(has("mesh.json"), false);
  assert.equal(run("import", "gateway-api", "two.yaml", "--entry", "gateway/infra/public:80").status, 0);
  const broken = run("import", "gateway-api", "broken.yaml", "-o", "new.json");
  assert.deepEqual([broken.status, broken.out], [1, ""]);
  assert.match(broken.err, /^broken\.yaml:\d+:\d+ error /);
  assert.match(run("import", "gateway-api", "alias.yaml", "-o", "new.json").err, /^alias\.yaml:\d+:\d+ error .*alias/);
  const wrong = run("import", "gateway-api", "wrong.yaml", "-o", "wrong.json");
  assert.deepEqual([wrong.status, has("wrong.json")], [1, false]);
  assert.deepEqual(wrong.err.trim().split("\n"), [
    'error Gateway.infra.public.spec.listeners[0].port: the string "eighty"; expected a whole number from 1 to 65535',
    "error HTTPRoute.shop.cart.spec.parentRefs[0].name: nothing; expected the name of an object",
  ]);
  for (const args of [["import"], ["import", "gateway-api"], ["import", "kubernetes", "two.yaml"], ["import", "gateway-api", "none.yaml"], ["import", "gateway-api", "absent.yaml"]]) {
    assert.equal(run(...args).status, 2, args.join(" "));
  }
});

test("variables of the environment override parts of a file, and one that leads nowhere is an error", () => {
  const { run } = folder({ "mesh.json": { services: { users: { endpoints: ["binding:USERS"], timeout: "5s" } }, routing: { rules: [{ service: "users" }] } } });
  const timeout = (env) => JSON.parse(run("explain", "mesh.json", "--url", "https://a.test/", "--json", { env }).out).backends[0].policy.requestTimeout;
  assert.equal(timeout({}), 5000);
  assert.equal(timeout({ MESH__SERVICES__USERS__TIMEOUT: "2s" }), 2000);
  const wrong = run("validate", "mesh.json", { env: { MESH__SERVICES__USER__TIMEOUT: "2s" } });
  assert.equal(wrong.status, 1);
  assert.match(wrong.out + wrong.err, /MESH__SERVICES__USER__TIMEOUT.*did you mean `users`\?/);
});

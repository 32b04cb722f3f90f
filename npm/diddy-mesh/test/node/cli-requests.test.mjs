// `test` and `diff`: what a configuration does with requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { diff, MeshError, testCases } from "diddy-mesh/config";
import { folder } from "../cli.mjs";

const mesh = {
  services: { search: {}, "search-next": {}, stable: {}, canary: {} },
  routing: {
    rules: [
      { name: "beta", path: "/search", headers: { "x-beta": "1" }, service: "search-next" },
      { name: "search", path: "/search", service: "search" },
      { name: "users", path: "/api/users/*", timeout: "5s", backends: [{ service: "stable", weight: 95 }, { service: "canary", weight: 5 }] },
      { name: "moved", path: "/old/*", filters: [{ redirect: { path: { prefix: "/new" }, status: 308 } }] },
    ],
  },
};
const changed = JSON.parse(JSON.stringify(mesh).replace('"weight":95', '"weight":80').replace('"weight":5', '"weight":20').replace('"5s"', '"3s"'));
const broken = `{\n  "services": { "a": { "retires": 1 } }\n}\n`;

const cases = `cases:
  - name: beta users get the new search
    request: GET https://shop.example.com/search?q=1
    headers: { x-beta: "1" }
    expect: { rule: beta, service: search-next }
  - request: https://shop.example.com/api/users/7
    expect:
      backends: { stable: 95, canary: 5 }
      timeout: 5s
  - request: https://shop.example.com/old/x
    expect: { status: 308, location: https://shop.example.com/new/x }
  - request: { url: /nowhere, method: POST }
    expect: { reason: no_route }
`;

test("test runs the cases of each kind of file", () => {
  const jsonc = `{ // one\n "cases": [{ "request": "/search", "expect": { "service": "search" }, }] }`;
  const { run } = folder({ "mesh.json": mesh, "cases.yaml": cases, "more.jsonc": jsonc, "more.json": jsonc });
  const { status, out, err } = run("test", "mesh.json", "cases.yaml", "more.jsonc", "more.json");
  assert.deepEqual([status, err], [0, ""]);
  assert.equal(
    out,
    `pass  beta users get the new search
pass  https://shop.example.com/api/users/7
pass  https://shop.example.com/old/x
pass  POST /nowhere
pass  /search
pass  /search
6 passed, 0 failed
`,
  );
  assert.equal(run("test", "mesh.json", "-", { input: cases }).status, 0);
});

test("test says what did not come, where it was expected, and why", () => {
  const { run } = folder({ "mesh.json": changed, "cases.yaml": cases.replace("headers", "# headers") });
  const { status, out } = run("test", "mesh.json", "cases.yaml");
  assert.equal(status, 1);
  assert.equal(
    out,
    `FAIL  beta users get the new search
      rule: expected beta, found search  cases.yaml:5
      service: expected search-next, found search  cases.yaml:5
      rule "search" took it (routing.rules[1]): path /search
      rule "beta" did not: header x-beta is missing; asked for x-beta = "1"
FAIL  https://shop.example.com/api/users/7
      backends.stable: expected 95, found 80  cases.yaml:8
      backends.canary: expected 5, found 20  cases.yaml:8
      timeout of stable: expected 5s, found 3 s  cases.yaml:9
      timeout of canary: expected 5s, found 3 s  cases.yaml:9
      rule "users" took it (routing.rules[2]): path /api/users/*
pass  https://shop.example.com/old/x
pass  POST /nowhere
2 passed, 2 failed
`,
  );
  const json = JSON.parse(run("test", "mesh.json", "cases.yaml", "--json").out);
  assert.deepEqual([json.ok, json.passed, json.failed], [false, 2, 2]);
  const [{ results }] = json.files;
  assert.deepEqual(results.map(({ passed, line }) => [passed, line]), [[false, 2], [false, 6], [true, 10], [true, 12]]);
  assert.deepEqual(results[1].failures.map(({ what, expected, found, line }) => [what, expected, found, line])[0], ["backends.stable", "95", "80", 8]);
});

test("what cannot be tested is exit code 2, with every finding at its place", () => {
  const { run } = folder({
    "mesh.json": mesh,
    "broken.json": broken,
    "typo.yaml": cases.replace("service: search-next", "servce: search-next").replace("rule: beta", "rule: bta"),
    "none.yaml": "cases: []\n",
    "syntax.yaml": "cases: [",
    "scalar.yaml": "7",
    "circle.yaml": "cases: &a [*a]\n",
    "deep.json": `{"cases":${"[".repeat(5000)}${"]".repeat(5000)}}`,
  });
  const failed = (...files) => {
    const { status, out, err } = run("test", ...files);
    assert.deepEqual([status, out], [2, ""], files.join(" "));
    return err;
  };
  const typo = failed("mesh.json", "typo.yaml");
  assert.match(typo, /^typo\.yaml:5:15 error cases\[0\]\.expect\.rule: the unknown rule "bta"; .*did you mean "beta"\?$/m);
  assert.match(typo, /^typo\.yaml:5:26 error cases\[0\]\.expect\.servce: unknown field `servce`; .*did you mean `service`\?$/m);
  assert.match(failed("mesh.json", "none.yaml"), /^none\.yaml:1:1 error cases: no case; expected at least one$/m);
  assert.match(failed("mesh.json", "scalar.yaml"), /^scalar\.yaml:1:1 error \(document\): the number 7/m);
  assert.match(failed("mesh.json", "circle.yaml"), /^circle\.yaml:1:\d+ error /m);
  assert.match(failed("mesh.json", "deep.json"), /^deep\.json:1:1 error nested too deep$/m);
  const both = failed("broken.json", "syntax.yaml", "none.yaml");
  assert.match(both, /^broken\.json:2:24 error services\.a\.retires/m);
  assert.match(both, /^syntax\.yaml:1:\d+ error /m);
  const json = JSON.parse(run("test", "mesh.json", "typo.yaml", "none.yaml", "--json").out);
  assert.deepEqual([json.ok, json.files.map(({ file, diagnostics }) => [file, diagnostics.length])], [false, [["typo.yaml", 2], ["none.yaml", 1]]]);
  for (const args of [["test"], ["test", "mesh.json"], ["test", "mesh.json", "absent.yaml"], ["test", "mesh.json", "typo.yaml", "--jsn"]]) {
    assert.equal(run(...args).status, 2, args.join(" "));
  }
});

/** Rules that do something to their traffic besides sending it on. */
const traffic = (more = {}) => ({
  services: {
    users: { endpoints: [{ address: "binding:USERS", version: "1.0.0" }, { address: "binding:NEXT", version: "2.0.0" }], rateLimits: [{ name: "all", requests: 1000 }] },
    spare: {},
  },
  routing: {
    rules: [
      { name: "closed", path: "/closed", filters: [{ directResponse: { status: 503, body: more.body ?? 'the "shop" is closed' } }] },
      {
        name: "users",
        path: "/users/*",
        methods: ["PUT"],
        backends: [{ service: "users", version: "^1", weight: 95 }, { service: "users", version: "^2", weight: 5, headers: { "x-test": "1" } }],
        filters: [{ cors: { allowOrigins: [more.origin ?? "https://shop.example"] } }, { mirror: { service: "spare", percent: more.copies ?? 5 } }],
        rateLimits: [{ requests: 10, by: "principal" }],
        fallback: more.fallback ?? "spare",
      },
    ],
  },
});

test("explain, test and diff tell of answers, origins, copies, limits, splits and fallbacks", () => {
  const cases = {
    cases: [
      { request: "/closed", expect: { status: 503, body: 'the "shop" is closed', service: "spare" } },
      { request: "PUT /users/1", expect: { backends: { "users ^1": 95, "users ^2": 5 }, limits: { users: 10 }, mirrors: { spare: 5 }, fallback: "service spare" } },
      { request: "PUT /users/1", headers: { "x-test": "1" }, name: "pinned", expect: { backends: { "users ^1": 100 } } },
    ],
  };
  const { run } = folder({ "old.json": traffic(), "new.json": traffic({ body: "gone", origin: "https://other.example", copies: 7, fallback: { directResponse: { status: 200 } } }), "cases.json": cases });
  const answer = run("explain", "old.json", "--url", "/closed").out;
  assert.match(answer, /^answer  503\n  response: set content-type: text\/plain;charset=utf-8\n  body: "the \\"shop\\" is closed"$/m);
  const way = run("explain", "old.json", "--method", "PUT", "--url", "/users/1", "-H", "origin: https://shop.example", "-H", "x-test: 1").out;
  for (const line of [/^  cors: https:\/\/shop\.example may call$/m, /^  limit: users: 10 in 1 s, 10 at once, by principal/m, /^  split: the request meets the conditions of backends\[1\]$/m, /^this one  users$/m, /^not this one  users$/m, /^  sent +\/users\/1$/m, /^  mirror +5 % to spare$/m, /^  fallback +service spare$/m, /^  pinned by +header x-test = "1"$/m, /^  limit +all: 1000 in 1 s/m]) {
    assert.match(way, line);
  }
  const tested = run("test", "old.json", "cases.json");
  assert.deepEqual(
    [tested.status, tested.out.replace(/ {2}cases\.json:\d+/g, "")],
    [
      1,
      `FAIL  /closed
      service: expected spare, found nothing sent: the mesh answered 503
      rule "closed" took it (routing.rules[0]): path /closed
      the mesh answered 503
pass  PUT /users/1
FAIL  pinned
      backends.users ^1: expected 100, found none
      backends.users ^2: expected no share, found 100
      rule "users" took it (routing.rules[1]): path /users/*, method PUT
      the request meets the conditions of backends[1]
1 passed, 2 failed
`,
    ],
  );
  const { out } = run("diff", "old.json", "new.json");
  for (const line of [/^ {4}answer\.body: the "shop" is closed → gone$/m, /^ {4}mirrors\.spare\.percent: 5 → 7$/m, /^ {4}fallback: service spare → direct response 200$/m, /^ {4}cors\.allowed: true → false$/m, /^ {2}OPTIONS \/users\/any \(origin: https:\/\/other\.example, access-control-request-method: PUT\)$/m, /^ {2}PUT \/users\/any \(x-test: 1\)$/m]) {
    assert.match(out, line);
  }
});

test("diff tells for which requests something changes", () => {
  const { run } = folder({ "old.json": mesh, "new.json": { ...changed, name: "shop", services: { ...changed.services, extra: {} } }, "same.yaml": `# the same\n${JSON.stringify(mesh)}\n` });
  const { status, out, err } = run("diff", "old.json", "new.json");
  assert.deepEqual([status, err], [0, ""]);
  assert.match(
    out,
    /^requests\n  GET \/api\/users\/any\n  GET \/api\/users\n    backends: stable 95 %, canary 5 % → stable 80 %, canary 20 %\n    requestTimeout: 5 s → 3 s\nservices\n  extra\n    added, at binding:EXTRA\nsettings\n    name: default → shop\n\d+ requests were tried\n$/,
  );
  assert.equal(run("diff", "old.json", "new.json", "--exit-code").status, 1);
  assert.deepEqual(run("diff", "old.json", "same.yaml", "--exit-code"), { ...run("diff", "old.json", "old.json"), status: 0, out: "no difference: both compile to the same\n" });
  const json = JSON.parse(run("diff", "old.json", "new.json", "--json").out);
  assert.deepEqual(json.requests[0].changes[0], { path: "backends", old: { canary: 5, stable: 95 }, new: { canary: 20, stable: 80 }, message: "backends: stable 95 %, canary 5 % → stable 80 %, canary 20 %" });
});

test("diff of what has errors lists those of both and is exit code 2", () => {
  const { run } = folder({ "mesh.json": mesh, "broken.json": broken, "syntax.yaml": "a: [" });
  const { status, out, err } = run("diff", "broken.json", "syntax.yaml");
  assert.deepEqual([status, out], [2, ""]);
  assert.match(err, /^broken\.json:2:24 error services\.a\.retires/m);
  assert.match(err, /^syntax\.yaml:1:\d+ error /m);
  assert.equal(JSON.parse(run("diff", "mesh.json", "broken.json", "--json").out).files[0].file, "broken.json");
  for (const args of [["diff"], ["diff", "mesh.json"], ["diff", "mesh.json", "mesh.json", "mesh.json"], ["diff", "mesh.json", "absent.json"]]) {
    assert.equal(run(...args).status, 2, args.join(" "));
  }
});

test("documents of thousands of rules end, and it is said what was left out", () => {
  const rules = (service) => Array.from({ length: 4000 }, (_, i) => ({ path: { type: "RegularExpression", value: `/[a-z]+/r${i}/(x|y)*` }, service }));
  const { difference, took } = timed(() => diff({ ...mesh, routing: { rules: rules("stable") } }, { ...mesh, routing: { rules: rules("canary") } }));
  assert.equal(difference.requests[0].changes[0].message, "backends: stable 100 % → canary 100 %");
  assert.deepEqual(difference.stopped, ["not all requests were tried: the documents are too large for that"]);
  assert.ok(took < 60_000, `${took} ms`);
});

function timed(call) {
  const before = performance.now();
  return { difference: call(), took: performance.now() - before };
}

test("the library answers the same, and throws every finding", () => {
  const report = testCases(mesh, { cases: [{ request: "/search", expect: { rule: "search" } }, { request: "/", expect: { rule: "search" } }] });
  assert.deepEqual([report.passed, report.failed, report.results.map(({ path }) => path)], [1, 1, ["cases[0]", "cases[1]"]]);
  const thrown = (call) => {
    try {
      call();
    } catch (error) {
      assert.ok(error instanceof MeshError);
      assert.equal(error.code, "invalid_config");
      return error.diagnostics.map(({ path }) => path);
    }
    return undefined;
  };
  assert.deepEqual(thrown(() => testCases(mesh, { cases: [{ request: "/", expect: { rule: "x" } }, { request: "/" }] })), ["cases[1].expect"]);
  assert.deepEqual(thrown(() => testCases({ services: { a: { x: 1 } } }, { cases: 1 })), ["services.a.x", "cases"]);
  assert.deepEqual(thrown(() => diff({ services: { a: { x: 1 } } }, [])), ["old.services.a.x", "new"]);
  for (const odd of [undefined, null, 7, "x", () => 1, Symbol("x"), new Map([[1, 2]]), 1n]) {
    assert.ok(thrown(() => testCases(mesh, odd)) !== undefined);
    assert.ok(thrown(() => diff(odd, mesh)) !== undefined);
  }
  const itself = { cases: [] };
  itself.cases.push(itself);
  assert.ok(thrown(() => testCases(mesh, itself)) !== undefined);
});

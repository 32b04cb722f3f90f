// `diddy-mesh flags` against an admin API that the test makes up, and against files.
import assert from "node:assert/strict";
import { test } from "node:test";
import { folder } from "../cli.mjs";
import { answering, cliIn, TOKEN } from "../cli-registry.mjs";

const RULES = [{ name: "staff", principal: ["alice", "bob"], variant: "on" }, { country: "DE", percent: 10, variant: "on" }, { headers: { "x-beta": "1" }, split: { on: 1, off: 1 }, by: { header: "x-user" } }];
const FLAGS = {
  "new-checkout": { description: "the checkout of 2027", rules: RULES },
  banner: "hello",
  limit: { enabled: false, variants: { low: 1, high: 10 }, defaultVariant: "low" },
  bright: true,
};
const DOCUMENT = { services: {}, name: "shop", flags: FLAGS };

/** A registry with one document in use; `use` gets the command line and what it was asked to publish. */
async function withApi(use, { document = DOCUMENT, answer = (body) => ({ ok: true, version: 8, changed: true, diagnostics: [], summary: {}, ...body }), config = 7, latest = config, wait = 0 } = {}) {
  const posted = [];
  const status = { mesh: "default", config, latest, snapshot: 9, publishedAt: null, publishError: null, denied: 0, rollout: null };
  const serve = async (request, response) => {
    await new Promise((later) => setTimeout(later, wait));
    const { pathname } = new URL(request.url, "http://a.test");
    let body = "";
    for await (const part of request) {
      body += part;
    }
    const [code, value] = pathname.endsWith("/status") ? [200, status] : request.method === "GET" ? (document === null ? [404, { ok: false, reason: "unknown_version", message: "none" }] : [200, { version: config, document }]) : (posted.push(JSON.parse(body)), ((made) => [made.ok ? 200 : 409, made])(answer()));
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  await answering(serve, (url) => use(cliIn({}, { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: url }).mesh, posted));
}

test("flags are listed and shown, for people and for programs", async () => {
  await withApi(async (mesh) => {
    const { out, status } = await mesh("flags");
    assert.deepEqual([status, out], [0, [
      "flag          type     enabled  default  rules  description",
      "new-checkout  boolean  yes      off      3      the checkout of 2027",
      "banner        string   yes      default  0",
      "limit         number   no       low      0",
      "bright        boolean  yes      on       0",
      "configuration version 7",
      "",
    ].join("\n")]);
    const listed = JSON.parse((await mesh("flags", "--json")).out);
    assert.deepEqual([listed.version, listed.flags[0], listed.flags.length], [7, { key: "new-checkout", type: "boolean", enabled: true, default: "off", rules: 3, description: "the checkout of 2027" }, 4]);
    assert.equal((await mesh("flags", "show", "new-checkout")).out, [
      "new-checkout  boolean, enabled",
      "the checkout of 2027",
      "  variant  on     true",
      "  variant  off    false",
      "  rule 0   staff  principal alice or bob get on",
      "  rule 1   -      country DE get on, 10 % by principal",
      '  rule 2   -      headers {"x-beta":"1"} are split: on 1, off 1 by {"header":"x-user"}',
      "else get off",
      "",
    ].join("\n"));
    assert.match((await mesh("flags", "show", "limit")).out, /^limit {2}number, disabled: callers get their own fallback\n.*low +1\n.*high +10\nall get low\n$/);
    assert.deepEqual(JSON.parse((await mesh("flags", "show", "banner", "--json")).out), { version: 7, key: "banner", flag: "hello" });
  });
});

test("a change is made to what was read, and published if that is still the latest", async () => {
  const flags = (change) => ({ ...DOCUMENT, flags: { ...FLAGS, ...change } });
  const rules = (at, change) => RULES.map((rule, i) => (i === at ? { ...rule, ...change } : rule));
  const checkout = FLAGS["new-checkout"];
  for (const [command, expected, said] of [
    ["disable new-checkout", flags({ "new-checkout": { ...checkout, enabled: false } }), "new-checkout: disabled, callers get their own fallback"],
    ["enable limit", flags({ limit: { ...FLAGS.limit, enabled: true } }), "limit: enabled"],
    ["disable banner", flags({ banner: { variants: { default: "hello" }, defaultVariant: "default", enabled: false } }), "banner: disabled"],
    ["disable bright", flags({ bright: { defaultVariant: "on", enabled: false } }), "bright: disabled"],
    ["default limit high", flags({ limit: { ...FLAGS.limit, defaultVariant: "high" } }), "limit: low → high where no rule applies"],
    ["default bright off", flags({ bright: { defaultVariant: "off" } }), "bright: on → off where no rule applies"],
    ["percent new-checkout 1 25.5", flags({ "new-checkout": { ...checkout, rules: rules(1, { percent: 25.5 }) } }), "new-checkout: rule 1 gives on to 10 → 25.5 %"],
    ["percent new-checkout staff 0", flags({ "new-checkout": { ...checkout, rules: rules(0, { percent: 0 }) } }), "new-checkout: rule staff gives on to 100 → 0 %"],
    ["enable new-checkout", DOCUMENT, ""],
    ["default bright on", DOCUMENT, ""],
    ["percent new-checkout 1 10", DOCUMENT, ""],
  ]) {
    await withApi(async (mesh, posted) => {
      const { err, out, status } = await mesh("flags", ...command.split(" "));
      assert.equal(status, 0, `${command}: ${err}`);
      assert.deepEqual(posted, [{ document: expected, expect: 7, message: `flags ${command}` }], command);
      assert.ok(out.includes(said) && out.endsWith("version 8 published\n"), `${command}: ${out}`);
    });
  }
});

test("messages, dry runs and rollouts go along; a version that nobody uses counts as the latest", async () => {
  await withApi(async (mesh, posted) => {
    assert.match((await mesh("flags", "disable", "bright", "--percent", "10", "-m", "why", "--author", "me")).out, /bright: disabled.*\nversion 8 published to 10 % of isolates\n/);
    assert.match((await mesh("flags", "percent", "new-checkout", "1", "50", "--dry-run")).out, /10 → 50 %\ndry run: this would be version 8\n$/);
    assert.equal(JSON.parse((await mesh("flags", "enable", "limit", "--json")).out).version, 8);
    assert.deepEqual(posted.map(({ document, ...options }) => options), [
      { expect: 9, message: "why", author: "me", percent: 10 },
      { expect: 9, message: "flags percent new-checkout 1 50", dryRun: true },
      { expect: 9, message: "flags enable limit" },
    ]);
  }, { latest: 9 });
});

test("who published in between is not undone", async () => {
  const conflict = () => ({ ok: false, reason: "conflict", message: "version 8 was published since version 7", current: 8 });
  await withApi(async (mesh) => {
    const { err, out, status } = await mesh("flags", "disable", "bright");
    assert.deepEqual([status, out], [1, ""]);
    assert.match(err, /refused: version 8 was published since version 7.*Run it again/);
    assert.equal(JSON.parse((await mesh("flags", "disable", "bright", "--json")).out).reason, "conflict");
  }, { answer: conflict });
  const rollout = () => ({ ok: false, reason: "rollout", message: "the rollout of version 8 is running" });
  await withApi(async (mesh) => {
    const { err, status } = await mesh("flags", "disable", "bright");
    assert.equal(status, 1);
    assert.match(err, /refused: the rollout of version 8[^]*rollout --finish/);
  }, { answer: rollout });
});

test("what is not there is told with the nearest name, and nothing is published", async () => {
  await withApi(async (mesh, posted) => {
    for (const [command, expected] of [
      ["show new-checkot", /no flag "new-checkot"; did you mean new-checkout\?/],
      ["disable constructor", /no flag "constructor"$/m],
      ["disable __proto__", /no flag "__proto__"$/m],
      ["default limit hihg", /limit has no variant "hihg"; did you mean high\?; it has low, high/],
      ["default banner hello", /banner has no variant "hello"; it has default/],
      ["default limit constructor", /no variant "constructor"/],
      ["percent new-checkout staf 10", /no rule "staf"; did you mean staff\?; it has staff, 1, 2/],
      ["percent new-checkout 3 10", /no rule "3"; it has staff, 1, 2/],
      ["percent banner 0 10", /no rule "0"; it has none/],
      ["percent new-checkout 2 10", /rule 2 of new-checkout has split/],
      ["percent new-checkout 1 101", /PERCENT is a number from 0 to 100, not "101"/],
      ["percent new-checkout 1 x", /PERCENT is a number/],
      ["percent new-checkout 1", /it is `diddy-mesh flags percent KEY RULE PERCENT`, with KEY and RULE and PERCENT/],
      ["enable", /flags enable KEY`, with KEY/],
      ["show", /flags show KEY`/],
      ["enabel banner", /flags takes show, .*not "enabel"; did you mean enable\?/],
      ["constructor", /flags takes show/],
      ["--json extra", /it is `diddy-mesh flags`, with options only/],
      ["enable banner --percent 0", /--percent takes a percentage of isolates/],
      ["enable banner --percent 5 --dry-run", /leave --percent away/],
      ["evaluate", /flags evaluate KEY \[FILE\]/],
      ["evaluate new-checkot", /did you mean new-checkout/],
    ]) {
      const { err, out, status } = await mesh("flags", ...command.split(" "));
      assert.deepEqual([status, out], [2, ""], command);
      assert.match(err, expected, command);
    }
    assert.deepEqual(posted, []);
  });
  await withApi(async (mesh) => assert.match((await mesh("flags")).err, /nothing is published yet/), { document: null });
  await withApi(async (mesh) => assert.match((await mesh("flags")).out, /^no flag is configured\n/), { document: { services: {} } });
});

test("what others wrote moves no cursor, and a slow registry is waited for aloud", async () => {
  const flag = { description: "one\ntwo\u001b[31m\u009b0m", variants: { "v\u0007": "\u001b]0;title\u0007" }, defaultVariant: "v\u0007", rules: [{ name: "\u001b[1m", principal: "\u001b[2J", variant: "\u001b[3m" }] };
  // eslint-disable-next-line no-control-regex
  const moves = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
  await withApi(async (mesh) => {
    for (const args of [[], ["--json"], ["show", "f"], ["show", "f", "--json"], ["show", "a\u001b[2J"], ["percent", "f", "0", "1"]]) {
      const { err, out, status } = await mesh("flags", ...args);
      assert.equal(status, 0, err);
      assert.doesNotMatch(out, moves, args.join(" "));
    }
    for (const args of [["default", "f", "v"], ["percent", "f", "1m", "1"], ["show", "a[2J"], ["evaluate", "f"]]) {
      const { err, status } = await mesh("flags", ...args);
      assert.equal(status, 2, args.join(" "));
      assert.doesNotMatch(err, moves, args.join(" "));
    }
  }, { document: { services: {}, flags: { f: flag, "a\u001b[2J": flag } } });
  await withApi(async (mesh) => assert.match((await mesh("flags")).err, /^asking the registry …\n$/), { wait: 1200 });
});

test("a flag of a file is decided as a Worker decides it", () => {
  const { run } = folder({ "mesh.json": DOCUMENT, "mesh.yaml": "services: {}\nflags: { f: { rules: [{ query: { q: '1' }, country: DE, continent: EU, regionCode: BY, colo: FRA, tenant: t, variant: on }] } }\n", "bad.json": { services: {}, flags: { f: { defaultVariant: "x" } } } });
  const decided = (...args) => {
    const { err, out, status } = run("flags", "evaluate", ...args, "--json");
    assert.equal(status, 0, err);
    return JSON.parse(out);
  };
  assert.deepEqual(decided("new-checkout", "mesh.json", "--principal", "alice"), { key: "new-checkout", variant: "on", value: true, reason: "TARGETING_MATCH", rule: 0, ruleName: "staff" });
  assert.deepEqual(decided("new-checkout", "mesh.json"), { key: "new-checkout", variant: "off", value: false, reason: "DEFAULT" });
  assert.deepEqual(decided("limit", "mesh.json"), { key: "limit", reason: "DISABLED" });
  assert.deepEqual(decided("banner", "mesh.json"), { key: "banner", variant: "default", value: "hello", reason: "STATIC" });
  for (const header of [["--header", "x-beta=1"], ["-H", "x-beta: 1"], ["-H", "X-Beta:1"]]) {
    assert.deepEqual(decided("new-checkout", "mesh.json", ...header, "-H", "x-user=a:b=c").reason, "SPLIT");
  }
  const whole = ["--country", "de", "--continent", "eu", "--region-code", "by", "--colo", "fra", "--tenant", "t", "--request", "https://a.test/?q=1"];
  assert.equal(decided("f", "mesh.yaml", ...whole).value, true);
  for (let i = 0; i < whole.length; i += 2) {
    assert.equal(decided("f", "mesh.yaml", ...whole.toSpliced(i, 2)).value, false, `without ${whole[i]}`);
  }
  const { out } = run("flags", "evaluate", "new-checkout", "mesh.json", "--principal", "bob");
  assert.equal(out, "new-checkout = true\nTARGETING_MATCH: rule staff applies; the variant is on\n");
  assert.equal(run("flags", "evaluate", "limit", "mesh.json").out, "limit is disabled: callers get their own fallback\n");
  const bad = run("flags", "evaluate", "f", "bad.json");
  assert.equal(bad.status, 1);
  assert.match(bad.err, /^bad\.json:\d+:\d+ error .*unknown variant/m);
  assert.equal(JSON.parse(run("flags", "evaluate", "f", "bad.json", "--json").out).ok, false);
  for (const [args, expected] of [
    [["bannr", "mesh.json"], /no flag "bannr"; did you mean banner\?/],
    [["banner", "mesh.json", "--url", "https://a.test"], /the URL of the request is --request/],
    [["banner", "mesh.json", "--request", "a.test"], /--request takes the URL/],
    [["banner", "mesh.json", "-H", "no"], /a header is name=value/],
    [["banner", "none.json"], /cannot be read/],
    [["banner", "mesh.json", "more"], /KEY \[FILE\]/],
  ]) {
    const { err, status } = run("flags", "evaluate", ...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(err, expected);
  }
});

test("a flag of a registry is decided from what is in use", async () => {
  await withApi(async (mesh) => {
    assert.equal((await mesh("flags", "evaluate", "new-checkout", "--principal", "alice")).out.split("\n")[0], "new-checkout = true");
  });
  await withApi(async (mesh) => {
    const { err, status } = await mesh("flags", "evaluate", "f");
    assert.equal(status, 2);
    assert.match(err, /what is published does not compile here: .*unknown variant/);
  }, { document: { services: {}, flags: { f: { defaultVariant: "x" } } } });
});

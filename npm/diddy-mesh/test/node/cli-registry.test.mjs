// Commands that talk to a registry: their arguments, and answers that no registry gives.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answering, cliIn, document, TOKEN } from "../cli-registry.mjs";

const COMMANDS = ["flags", "flags enable a", "publish mesh.json", "history", "rollback", "rollout", "services", "register --service a --address https://a.example", "deregister 0123456789abcdef", "diff mesh.json", "diff --from 1"];
const files = { "mesh.json": document(1) };
const json = (response, status, body, headers = {}) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(typeof body === "string" ? body : JSON.stringify(body));

test("without a registry each command names both ways to one, and with two of them asks which", async () => {
  const { mesh } = cliIn(files, { MESH_ADMIN_TOKEN: TOKEN });
  for (const command of COMMANDS) {
    const { status, err } = await mesh(...command.split(" "));
    assert.equal(status, 2, command);
    assert.match(err, /--url URL.*MESH_REGISTRY_URL[^]*--kv NAMESPACE_ID.*MESH_KV_NAMESPACE_ID/, command);
  }
  assert.match((await mesh("history", "--url", "https://a.example", "--kv", "b")).err, /not by several/);
  const both = cliIn(files, { MESH_REGISTRY_URL: "https://a.example", MESH_KV_NAMESPACE_ID: "b" });
  assert.match((await both.mesh("history")).err, /not by several/);
});

test("wrong use is told before anything is asked", async () => {
  const { mesh } = cliIn({ ...files, "empty.json": "[]" }, { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: "http://127.0.0.1:9" });
  for (const [command, expected] of [
    ["history --limit 0", /--limit takes a number from 1 to 100, not "0"/],
    ["history extra", /takes options only/],
    ["publish", /publish takes one FILE/],
    ["publish mesh.json --percent 100", /--percent takes a percentage above 0 and below 100/],
    ["publish mesh.json --percent 5 --dry-run", /leave --percent away/],
    ["publish mesh.json --expect x", /--expect takes the number of a version/],
    ["rollback 3", /--to/],
    ["rollback --to 0", /--to takes the number of a version/],
    ["rollout --stop --finish", /one of --percent, --stop and --finish/],
    ["rollout --percent 0", /--percent takes a percentage above 0, up to 100/],
    ["rollout --stop --token secret", /Unknown option '--token'/],
    ["register", /register takes one FILE/],
    ["register --service a", /needs both --service and --address/],
    ["register mesh.json --service a --address b", /not both/],
    ["register --service a --address b --metadata novalue", /KEY=VALUE/],
    ["register empty.json", /holds no registration/],
    ["deregister", /takes an ID or more/],
    ["deregister nonsense", /16 hex digits/],
    ["deregister --address https://a.example", /--service and --address/],
    ["deregister --service Not_A_Name --address https://a.example", /service: the string "Not_A_Name"/],
    ["diff --to 3", /--from/],
    ["diff mesh.json mesh.json --url https://a.example", /asks no registry/],
    ["services --mesh No_Label", /--mesh takes a lowercase DNS label/],
    ["services --timeout 0", /--timeout takes seconds/],
    ["services --local", /for --kv/],
    ["services --url ftp://a.example", /--url takes a URL/],
    ["services --url http://a.example", /in the clear/],
    ["services --url http://127.0.0.1.example.com", /in the clear/],
    ["services --url https://me:secret@a.example", /nothing else: https:\/\/a\.example$/m],
    ["services --url https://a.example/base", /origin of a Worker/],
    ["services --kv abc --persist-to here", /--persist-to goes with --local/],
  ]) {
    const { status, err, out } = await mesh(...command.split(" "));
    assert.deepEqual([status, out], [2, ""], command);
    assert.match(err, expected, command);
    assert.doesNotMatch(err, /127\.0\.0\.1:9 cannot be reached/, command);
  }
});

test("the token comes from the environment, is needed, and is never printed", async () => {
  assert.match((await cliIn().mesh("status")).err, /unknown command/);
  assert.match((await cliIn().mesh("history", "--url", "https://a.example")).err, /set MESH_ADMIN_TOKEN/);
  const odd = await cliIn({}, { MESH_ADMIN_TOKEN: "odd secret\r\nx: y" }).mesh("history", "--url", "https://a.example");
  assert.deepEqual([odd.status, /odd secret/.test(odd.err)], [2, false]);

  const seen = [];
  const echo = (request, response) => {
    seen.push([request.method, request.url, request.headers.authorization]);
    json(response, 503, { ok: false, reason: "unavailable", message: `what is ${request.headers.authorization}` });
  };
  await answering(echo, async (url) => {
    const { mesh } = cliIn(files, { MESH_ADMIN_TOKEN: `${TOKEN}\n`, MESH_REGISTRY_URL: url });
    const { status, out, err } = await mesh("history", "--mesh", "other");
    assert.deepEqual([status, out], [2, ""]);
    assert.match(err, /status 503: what is Bearer \*\*\*/);
    assert.deepEqual(seen, [["GET", "/_mesh/api/history?mesh=other&limit=20", `Bearer ${TOKEN}`]]);
  });
});

test("a file with errors is refused here, and nothing is sent", async () => {
  let asked = 0;
  await answering((_, response) => (asked++, json(response, 200, {})), async (url) => {
    const { mesh } = cliIn({ "bad.yaml": "services:\n  users: { retires: 3 }\n" }, { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: url });
    const { status, err } = await mesh("publish", "bad.yaml");
    assert.equal(status, 1);
    assert.match(err, /^bad\.yaml:2:12 error services\.users\.retires/m);
    const asJson = await mesh("publish", "bad.yaml", "--json");
    assert.deepEqual([asJson.status, JSON.parse(asJson.out).diagnostics[0].line], [1, 2]);
    assert.equal((await mesh("diff", "bad.yaml")).status, 2);
    assert.equal(asked, 0);
  });
});

test("what the registry finds is shown at its place in the file, and a refusal with what to do", async () => {
  const found = { severity: "error", code: "no-effect", path: "services.users.retries", found: "", expected: "", message: "services.users.retries: too many\u001b[2J here" };
  let refusal = { ok: false, reason: "invalid", message: "it has errors", diagnostics: [found] };
  const answer = (_, response) => json(response, { invalid: 422, conflict: 409, rollout: 409, no_rollout: 409, unknown_version: 404, invalid_request: 400 }[refusal.reason], refusal);
  await answering(answer, async (url) => {
    const { mesh } = cliIn(files, { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: url });
    const invalid = await mesh("publish", "mesh.json");
    assert.equal(invalid.status, 1);
    assert.match(invalid.err, /^mesh\.json:7:7 error services\.users\.retries: too many\ufffd\[2J here$/m);
    assert.match(invalid.err, /^refused: it has errors/m);
    assert.equal(JSON.parse((await mesh("publish", "mesh.json", "--json")).out).diagnostics[0].line, 7);

    refusal = { ok: false, reason: "conflict", message: "version 8 was published since version 7", current: 8 };
    assert.match((await mesh("publish", "mesh.json", "--expect", "7")).err, /refused: version 8 was[^]*--expect 8/);
    refusal = { ok: false, reason: "no_rollout", message: "no rollout is running" };
    const none = await mesh("rollout", "--finish");
    assert.deepEqual([none.status, none.out], [1, ""]);
    assert.deepEqual(JSON.parse((await mesh("rollout", "--finish", "--json")).out), refusal);
    refusal = { ok: false, reason: "unknown_version", message: "there is no version 9" };
    assert.equal((await mesh("rollback", "--to", "9")).status, 1);
    assert.equal((await mesh("diff", "--from", "1", "--to", "9")).status, 2);
    assert.match((await mesh("diff", "mesh.json")).err, /nothing is published yet/);
    refusal = { ok: false, reason: "invalid_request", message: "limit is odd" };
    assert.match((await mesh("history")).err, /refuses: limit is odd/);
  });
});

test("answers that no registry gives end in one line, whichever command asked", async () => {
  const big = "x".repeat(1024 * 1024);
  const endless = (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const more = () => response.write(big) && setImmediate(more);
    response.on("drain", more).on("error", () => undefined);
    more();
  };
  const cases = [
    ["a page", (response) => response.writeHead(404, { "content-type": "text/html" }).end("<h1>no\u001b[31m</h1>"), /\(status 404\) is not from an admin API/],
    ["no JSON", (response) => json(response, 200, "{"), /\(status 200\) is not from an admin API/],
    ["nothing", (response) => response.writeHead(200).end(), /\(status 200\) is not from/],
    ["null", (response) => json(response, 200, null), /\(status 200\) is not from/],
    ["another shape", (response) => json(response, 200, { ok: true, history: [null], registered: [{}], endpoints: {}, rollout: 3, version: "1" }), /\(status 200\) is not from/],
    ["deep", (response) => json(response, 200, `${"[".repeat(200_000)}${"]".repeat(200_000)}`), /\(status 200\) is not from/],
    ["a broken refusal", (response) => json(response, 409, { ok: false, reason: "conflict" }), /\(status 409\) is not from/],
    ["no token known", (response) => json(response, 401, { ok: false, reason: "unauthorized", message: "no" }), /does not know the token in MESH_ADMIN_TOKEN/],
    ["another token wanted", (response) => json(response, 403, { ok: false, reason: "forbidden", message: "no" }), /may not do this/],
    ["too large", (response) => json(response, 413, { ok: false, reason: "too_large", message: "up to 9 bytes" }), /status 413: up to 9 bytes/],
    ["a redirect", (response) => response.writeHead(302, { location: "http://127.0.0.1:1/elsewhere" }).end(), /redirects to http:\/\/127\.0\.0\.1:1\/elsewhere/],
    ["endless", endless, /more than 32 MiB/],
    ["half", (response) => (response.writeHead(200, { "content-length": "100" }), response.write("{"), setImmediate(() => response.destroy())), /cannot be reached: /],
    ["nobody", (response) => response.destroy(), /cannot be reached: /],
    ["silence", () => undefined, /no whole answer within 0\.5 s/, "--timeout", "0.5"],
    ["half a silence", (response) => void response.writeHead(200).write("{"), /no whole answer within 0\.5 s/, "--timeout", "0.5"],
  ];
  for (const [name, answer, expected, ...options] of cases) {
    await answering((request, response) => (request.resume(), request.on("end", () => answer(response))), async (url) => {
      const { mesh } = cliIn(files, { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: url });
      for (const command of name === "endless" ? ["history"] : COMMANDS) {
        const { status, out, err } = await mesh(...command.split(" "), ...options);
        assert.deepEqual([status, out], [2, ""], `${name}: ${command}`);
        assert.match(err, expected, `${name}: ${command}`);
        assert.match(err, /^diddy-mesh: [^\n]+\n$/, `${name}: ${command}`);
        assert.ok(!err.includes(TOKEN) && !err.includes("\u001b"), `${name}: ${command}`);
      }
    });
  }
});

test("a host that is not there is named with the cause", async () => {
  let gone;
  await answering(() => undefined, async (url) => (gone = url));
  const { err, status } = await cliIn({}, { MESH_ADMIN_TOKEN: TOKEN }).mesh("services", "--url", gone);
  assert.equal(status, 2);
  assert.match(err, new RegExp(`^diddy-mesh: ${gone.slice(7)} cannot be reached: .*ECONNREFUSED`));
});

test("only what takes long says so, once where nobody watches, and never with --json", async () => {
  const held = [];
  await answering((_, response) => held.push(response), async (url) => {
    const { mesh } = cliIn({}, { MESH_ADMIN_TOKEN: TOKEN, MESH_REGISTRY_URL: url });
    const { err } = await mesh("history", "--timeout", "2.5");
    assert.match(err, /^asking the registry …\ndiddy-mesh: /);
    assert.match((await mesh("history", "--json", "--timeout", "1.5")).err, /^diddy-mesh: /);
  });
});

test("there is help for each command, and the usage lists it", async () => {
  const { mesh } = cliIn();
  const usage = (await mesh("help")).out;
  assert.match(usage, /^Configuration:$[^]*^Registry:$/m);
  for (const name of ["publish", "history", "rollback", "rollout", "services", "register", "deregister", "diff"]) {
    assert.match(usage, new RegExp(`^  ${name} `, "m"));
    const { out, status } = await mesh(name, "--help");
    assert.deepEqual([status, out], [0, (await mesh("help", name)).out]);
    for (const option of ["--url", "--kv", "MESH_ADMIN_TOKEN", "--mesh", "--json"]) {
      assert.ok(out.includes(option), `${name} ${option}`);
    }
    assert.ok(out.split("\n").every((line) => line.length <= 120), name);
  }
});

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DiddyMesh } from "diddy-mesh";
import "diddy-mesh/config";

/** What the callee behind a mesh with observability sees. */
async function pass(headers) {
  let seen;
  const inner = { fetch: (request) => ((seen = request.headers), new Response()) };
  const mesh = new DiddyMesh({ serviceName: "s", config, observability: true, local: { INNER: inner } });
  const answer = await mesh.handle(new Request("https://a.test/", { headers }));
  assert.equal(answer.status, 200);
  const [, version, id, parent, flags] = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(seen.get("traceparent")) ?? assert.fail(`no valid traceparent: ${seen.get("traceparent")}`);
  assert.equal(version, "00");
  assert.doesNotMatch(id, /^0+$/);
  assert.doesNotMatch(parent, /^0+$/);
  return { id, parent, flags, state: seen.get("tracestate") };
}
const config = { services: { inner: { endpoints: ["local:INNER"] } }, routing: { rules: [{ service: "inner" }] } };

const ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

test("a valid traceparent is continued with a new span", async () => {
  const first = await pass({ traceparent: `00-${ID}-${PARENT}-01`, tracestate: "a=1,b=2" });
  const second = await pass({ traceparent: `00-${ID}-${PARENT}-00` });
  assert.deepEqual([first.id, first.flags, first.state], [ID, "01", "a=1,b=2"]);
  assert.deepEqual([second.id, second.flags, second.state], [ID, "00", null]);
  assert.equal(new Set([PARENT, first.parent, second.parent]).size, 3);
});

test("an absent or broken one begins a new trace and drops the tracestate", async () => {
  const ids = new Set([ID]);
  for (const traceparent of [undefined, `ff-${ID}-${PARENT}-01`, `00-${"0".repeat(32)}-${PARENT}-01`, `00-${ID}-${"0".repeat(16)}-01`, `00-${ID}-${PARENT}-01-more`, `00-${ID.toUpperCase()}-${PARENT}-01`, "nonsense"]) {
    const { id, state } = await pass({ ...(traceparent && { traceparent }), tracestate: "a=1" });
    assert.ok(!ids.has(id), traceparent);
    ids.add(id);
    assert.equal(state, null);
  }
});

test("many requests never share a span", async () => {
  const spans = await Promise.all(Array.from({ length: 500 }, () => pass({ traceparent: `00-${ID}-${PARENT}-01` })));
  assert.equal(new Set(spans.map(({ parent }) => parent)).size, 500);
});

// The W3C's own cases, where the folder with the material of others is at hand.
const suites = process.env["MESH_SUITES"] ?? resolve(fileURLToPath(import.meta.url), "../../../../../../shared/suites");
const file = resolve(suites, "trace-context/cases.json");
const there = existsSync(file);
if (!there) {
  console.error(`not run: the cases of the W3C harness, as ${file} is not there (MESH_SUITES names the folder)`);
}
const testWhereThere = there ? test : () => {};
testWhereThere("the cases of the W3C harness", async () => {
  let checked = 0;
  for (const { test: name, steps } of JSON.parse(readFileSync(file, "utf8")).tests) {
    for (const { request_headers, asserts } of steps) {
      if (!Array.isArray(request_headers)) {
        continue;
      }
      const headers = new Headers();
      request_headers.forEach(([key, value]) => headers.append(key, value));
      const { id, parent, flags, state } = await pass(headers);
      const members = new Map((state ?? "").split(",").map((member) => member.trim().split("=")).filter(([key]) => key));
      for (const text of asserts) {
        const verdict = judge(text, { id, parent, flags, state: state ?? "", members });
        assert.notEqual(verdict, false, `${name}: ${text}, with ${JSON.stringify(request_headers)} → ${id} ${state}`);
        checked += verdict === true ? 1 : 0;
      }
    }
  }
  assert.ok(checked > 100, `${checked} assertions were checked`);
});

/** One of the suite's Python assertions; undefined where it is of a kind that needs the harness itself. */
function judge(text, { id, parent, flags, state, members }) {
  const rules = [
    [/^self\.assert(Not)?Equal\(traceparent\.trace_id\.hex\(\), '(.*)'\)$/, ([, not, value]) => (id === value) === (not === undefined)],
    [/^self\.assertNotEqual\(traceparent\.parent_id\.hex\(\), '(.*)'\)$/, ([, value]) => parent !== value],
    [/^self\.assertIn\(["'](.*)["'], tracestate\)$/, ([, key]) => members.has(key)],
    [/^self\.assertEqual\(tracestate\['(.*)'\], '(.*)'\)$/, ([, key, value]) => members.get(key) === value],
    [/^self\.assertRaises\(KeyError, lambda: tracestate\['(.*)'\]\)$/, ([, key]) => !members.has(key)],
    [/^self\.assertTrue\('([^']*)' in str\(tracestate\)\)$/, ([, part]) => state.includes(part)],
    [/^self\.assertTrue\('(.*)' in str\(tracestate\) or '(.*)' in str\(tracestate\)\)$/, ([, one, other]) => state.includes(one) || state.includes(other)],
    [/^self\.assertTrue\(str\(tracestate\)\.index\('(.*)'\) < str\(tracestate\)\.index\('(.*)'\)\)$/, ([, one, other]) => state.indexOf(one) < state.indexOf(other)],
    [/^self\.assertEqual\(len\(tracestate\), (\d+)\)$/, ([, count]) => members.size === Number(count)],
    [/^self\.assert_bit_set\(traceparent\.trace_flags, (\d+)/, ([, bit]) => (Number.parseInt(flags, 16) & Number(bit)) !== 0],
  ];
  for (const [pattern, check] of rules) {
    const found = pattern.exec(text);
    if (found !== null) {
      return check(found);
    }
  }
  return undefined;
}

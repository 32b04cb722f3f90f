// What a host keeps of a Snapshot is text from outside: of another shape it is refused, and nothing is half taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const stdin = { contents: `export * from "./tables.ts"; export * from "./traffic/tables.ts";`, resolveDir: fileURLToPath(new URL("../../src", import.meta.url)), loader: "ts" };
const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "error" });
const { isTraffic, tablesOf } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

const read = (tables) => tablesOf(typeof tables === "string" ? tables : JSON.stringify(tables), 1, isTraffic);
const good = { version: 1, name: "", needs: 0, headers: [], services: ["a"], serviceEndpoints: [0], endpoints: ["binding:A"], versions: [""], rules: [], ruleServices: [], backends: { 0: { host: "", request: [["=", "x-a", "1"]], response: [] } } };
/** The same with what only some Snapshots have. */
const whole = { ...good, cors: [{ preflight: [["^", "access-control-allow-origin", "origin"]], actual: [] }], limits: ['"a";q=1;w=1'], cookies: { 0: ["split", "; Path=/"] }, flags: [["f", [["on", true], ["off", null]]], ["g", []]], predicates: { 0: [["?", "x-a", ""], ["=", "x-a", "1"], ["!", "any name", ""]] } };

test("the compiler's own text is read", () => {
  assert.deepEqual(read(good), good);
});

test("anything else is refused", () => {
  for (const text of ["", "{", "null", "[]", "7", '"text"', "{}"]) {
    assert.equal(read(text), undefined, text);
  }
  for (const key of Object.keys(good).filter((one) => typeof good[one] === "object")) {
    for (const wrong of [undefined, null, 7, "text", [null], [{}], [["a"]], { 0: null }, { 0: {} }]) {
      assert.equal(read({ ...good, [key]: wrong }), undefined, `${key}: ${JSON.stringify(wrong)}`);
    }
  }
  for (const wrong of [{ endpoints: ["binding:A", "binding:B"] }, { versions: [] }, { serviceEndpoints: [0, 1] }, { serviceEndpoints: [0.5] }, { headers: [""] }, { headers: ["a b"] }, { rules: ["r"] }, { backends: { 0: { host: "", request: [["=", "", "1"]], response: [] } } }]) {
    assert.equal(read({ ...good, ...wrong }), undefined, JSON.stringify(wrong));
  }
});

test("what rules do to traffic is read, and refused where it is of another shape", () => {
  assert.deepEqual(read(whole), whole);
  const edits = [[["=", "x-a"]], [["=", "", "1"]], [["=", "x a", "1"]], [["=", "x-a", "a\r\nb"]], [["=", "x-a", 1]], ["="], "text", { length: 0 }, null, 7];
  for (const wrong of [
    { cors: null },
    { cors: 7 },
    { cors: [null] },
    { cors: [{}] },
    { cors: [{ preflight: [] }] },
    ...edits.flatMap((one) => [{ cors: [{ preflight: one, actual: [] }] }, { cors: [{ preflight: [], actual: one }] }, { backends: { 0: { host: "", request: [], response: one } } }]),
    { limits: null },
    { limits: "text" },
    { limits: [1] },
    { limits: [null] },
    { limits: ["a\nb"] },
    { cookies: null },
    { cookies: { 0: null } },
    { cookies: { 0: ["split"] } },
    { cookies: { 0: ["split", 1] } },
    { cookies: { 0: ["", ""] } },
    { cookies: { 0: ["a b", ""] } },
    { cookies: { 0: ["split", "\r\nset-cookie: a=b"] } },
    { flags: 7 },
    { flags: "text" },
    { flags: { 0: ["f", []] } },
    { flags: [null] },
    { flags: ["f"] },
    { flags: [["f"]] },
    { flags: [["f", null]] },
    { flags: [["f", "text"]] },
    { flags: [[7, []]] },
    { flags: [["f", [null]]] },
    { flags: [["f", [[7, true]]]] },
    { flags: [["f", [{ 0: "on", 1: true }]]] },
    { predicates: null },
    { predicates: { 0: null } },
    { predicates: { 0: "text" } },
    { predicates: { 0: [["?", "x-a"]] } },
    { predicates: { 0: [["?", "", ""]] } },
    { predicates: { 0: [["=", "x a", "1"]] } },
    { predicates: { 0: [["!", 1, ""]] } },
    { backends: { 0: { host: "", request: [], response: [], body: 7 } } },
  ]) {
    assert.equal(read({ ...whole, ...wrong }), undefined, JSON.stringify(wrong));
  }
});

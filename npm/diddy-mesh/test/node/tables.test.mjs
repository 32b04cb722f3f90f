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

test("the parts that only some Snapshots have are checked where they are", () => {
  const edits = [["=", "x-a", "1"], ["^", "x-b", "origin"]];
  const more = { cors: [{ preflight: edits, actual: [] }], limits: ['"a";q=1;w=1'], cookies: { 0: ["split", "; Path=/"] }, predicates: { 0: [["?", "x-again", ""], ["!", "any name", ""]] } };
  assert.deepEqual(read({ ...good, ...more }), { ...good, ...more });
  for (const wrong of [{ cors: [{}] }, { cors: [{ preflight: edits }] }, { limits: [7] }, { limits: ["a\nb"] }, { cookies: { 0: ["a b", ""] } }, { cookies: { 0: ["a"] } }, { predicates: { 0: [["?", "a b", ""]] } }, { predicates: { 0: "text" } }, { predicates: 7 }, { cors: null }]) {
    assert.equal(read({ ...good, ...more, ...wrong }), undefined, JSON.stringify(wrong));
  }
});

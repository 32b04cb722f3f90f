// What a host keeps of a Snapshot is text from outside: of another shape it is refused, and nothing is half taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL("../../src/tables.ts", import.meta.url))], bundle: true, format: "esm", write: false, logLevel: "error" });
const { tablesOf } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

const read = (tables) => tablesOf(typeof tables === "string" ? tables : JSON.stringify(tables), 1);
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

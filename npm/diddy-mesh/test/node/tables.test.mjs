// What a host keeps of a Snapshot is text from outside: of another shape it is refused, and nothing is half taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL("../../src/tables.ts", import.meta.url))], bundle: true, format: "esm", write: false, logLevel: "error" });
const { tablesOf } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

const good = { version: 1, name: "", needs: 0, headers: [], services: ["a"], serviceEndpoints: [0], endpoints: ["binding:A"], versions: [""], rules: [], ruleServices: [], backends: {} };

test("the compiler's own text is read", () => {
  assert.deepEqual(tablesOf(JSON.stringify(good)), good);
});

test("anything else is refused", () => {
  for (const text of ["", "{", "null", "[]", "7", '"text"', "{}", ...Object.keys(good).filter((key) => typeof good[key] === "object").map((key) => JSON.stringify({ ...good, [key]: undefined }))]) {
    assert.equal(tablesOf(text), undefined, text);
  }
});

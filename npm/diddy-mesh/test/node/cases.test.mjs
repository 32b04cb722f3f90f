// The shared cases under Node, with the engine and the compiler of the built package.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expected, fits, runUnderNode } from "../cases/under-node.mjs";

test("every case has the answer that the brain has in Rust", (t) => {
  const { names, findings } = runUnderNode();
  assert.equal(findings.length, 0, findings.join("\n"));
  assert.deepEqual(names, expected);
  t.diagnostic(`${names.length} cases`);
});

test("two runs see the very same steps", () => {
  assert.deepEqual(runUnderNode().steps, runUnderNode().steps);
});

test("the comparison finds what does not fit", () => {
  for (const [wanted, got] of [[1, 2], [[1, 2], 3], [["a"], "b"], [{ a: 1 }, { a: 2 }], [{ a: 1 }, null], [["a", "b"], ["a"]], ["x", null], [null, "x"], [[1, 2], null]]) {
    assert.equal(fits(wanted, got), false, JSON.stringify([wanted, got]));
  }
});

// The shared cases in workerd: the same runner, and step by step what Node sees.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expected, runUnderNode } from "../cases/under-node.mjs";
import { running, worker } from "../harness.mjs";

test("every case has the answer that the brain has in Rust and under Node", async (t) => {
  const source = `
    import engine from "diddy-mesh/engine.wasm";
    import { compile } from "diddy-mesh/config";
    import { run } from "./cases/runner.mjs";
    export default { fetch: () => Response.json(run(engine, compile)) };`;
  await running([await worker("cases", source)], async (fetch) => {
    const { names, findings, steps } = await (await fetch("/")).json();
    assert.equal(findings.length, 0, findings.join("\n"));
    assert.deepEqual(names, expected);
    assert.deepEqual(steps, JSON.parse(JSON.stringify(runUnderNode().steps)));
    t.diagnostic(`${names.length} cases`);
  });
});

// The small entry: what its engine leaves out is refused by name, and the whole package beside it brings it back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { echo, running, worker } from "../harness.mjs";

const documentOf = (loadBalancer) => ({ services: { users: { endpoints: ["binding:USERS", "binding:USERS#Other"], loadBalancer } }, routing: { rules: [{ service: "users" }] } });
const serviceBindings = { USERS: "users" };
const sourceOf = (imports) => `
  ${imports}
  import config from "./mesh.snapshot";
  const mesh = new DiddyMesh({ serviceName: "gateway", config });
  export default {
    fetch: (request, env, ctx) => mesh.handle(request, {}, env, ctx).then((answer) => new Response("status " + answer.status), (error) => new Response(error.code + ": " + error.message)),
  };`;
const CORE = 'import { DiddyMesh } from "diddy-mesh/core";';

async function answerOf(imports, loadBalancer) {
  let text;
  await running([await worker("gateway", sourceOf(imports), { config: documentOf(loadBalancer), serviceBindings }), await echo("users")], async (fetch) => {
    text = await (await fetch("/")).text();
  });
  return text;
}

test("core serves the balancers that it has and refuses the others by name", async () => {
  for (const balancer of ["p2c", "roundRobin", "weighted", "leastRequest"]) {
    assert.equal(await answerOf(CORE, balancer), "status 200", balancer);
  }
  for (const balancer of ["geographic", { type: "consistentHash", on: "path" }, "adaptive"]) {
    assert.match(await answerOf(CORE, balancer), /^feature_missing: geographic, consistentHash, adaptive and traffic need "diddy-mesh"/, JSON.stringify(balancer));
  }
});

test("with both entries in one Worker every mesh has the whole engine, whichever comes first", async () => {
  const whole = 'import { DiddyMesh as Whole } from "diddy-mesh"; globalThis.whole = Whole;';
  assert.equal(await answerOf(`${CORE}\n${whole}`, "geographic"), "status 200");
  assert.equal(await answerOf(`${whole}\n${CORE}`, "geographic"), "status 200");
});

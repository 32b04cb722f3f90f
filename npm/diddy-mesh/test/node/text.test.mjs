// Text outside ASCII, through what the package ships: compiled documents, and header values of requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DiddyMesh } from "diddy-mesh";
import { compile } from "diddy-mesh/config";

test("names and values outside ASCII are compiled as they are", () => {
  const { snapshot } = compile({ services: { s: {} }, routing: { rules: [{ name: "caf\u00e9 \u{1f680}", service: "s" }] } });
  assert.ok(Buffer.from(snapshot).includes("caf\u00e9 \u{1f680}"));
});

test("a header value outside ASCII meets its rule", async () => {
  const local = Object.fromEntries(["RULE", "ELSE"].map((name) => [name, { fetch: () => new Response(name) }]));
  const config = {
    services: { rule: { endpoints: "local:RULE" }, else: { endpoints: "local:ELSE" } },
    routing: { rules: [{ headers: { "x-name": "caf\u00e9", "x-other": "1" }, service: "rule" }, { service: "else" }] },
  };
  const mesh = new DiddyMesh({ serviceName: "s", config, local });
  const answer = async (name) => (await mesh.handle(new Request("https://a.test/", { headers: { "x-name": name, "x-other": "1" } }))).text();
  assert.deepEqual([await answer("caf\u00e9"), await answer("cafe"), await answer("caf\u00e8")], ["RULE", "ELSE", "ELSE"]);
});

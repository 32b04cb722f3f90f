import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get } from "node:http";
import { test } from "node:test";
import { echo, GATEWAY, running, worker } from "../harness.mjs";

const config = {
  services: { users: { endpoints: ["binding:USERS"], retries: 0 }, orders: { endpoints: ["binding:ORDERS"] } },
  routing: {
    rules: [
      { path: "/api/users/*", service: "users" },
      { path: "/api/orders/*", service: "orders" },
      { path: "/rewritten/*", service: "users", filters: [{ rewrite: { host: "inner.test", path: { prefix: "/new" } } }] },
      {
        path: "/edited/*",
        service: "users",
        filters: [
          { requestHeaders: { set: { "x-set": "a" }, add: { "x-add": "b" }, remove: ["x-remove"] } },
          { responseHeaders: { set: { "x-answer": "c" }, remove: ["x-gone"] } },
        ],
      },
      { path: "/old/*", filters: [{ redirect: { path: { prefix: "/api/users" }, status: 301 } }] },
      { path: "/picky/*", query: { v: "2" }, headers: { "x-team": "blue" }, service: "orders" },
      { path: "/picky/*", service: "users" },
    ],
  },
};
const gateway = () => worker("gateway", GATEWAY, { config, serviceBindings: { USERS: "users", ORDERS: "orders" } });

test("rules send requests over service bindings, untouched where nothing must change", async () => {
  await running([await gateway(), await echo("users"), await echo("orders")], async (fetch) => {
    const seen = await (await fetch("/api/users/1?x=%20y", { headers: { "x-own": "1" }, cf: { marker: "kept" } })).json();
    assert.equal(seen.url, "http://mesh.test/api/users/1?x=%20y");
    assert.equal(seen.headers["x-own"], "1");
    assert.equal(seen.cf, "kept");
    assert.deepEqual(Object.keys(seen.headers).filter((name) => /^(mesh-|trace)/.test(name)), []);
    assert.equal((await (await fetch("/api/orders/1", { method: "PUT", body: "a body" })).json()).body, "a body");
    const answer = await fetch("/api/users/1?status=418");
    assert.deepEqual([answer.status, answer.headers.get("mesh-reason")], [418, null]);
    const none = await fetch("/nowhere");
    assert.deepEqual([none.status, none.headers.get("mesh-reason")], [404, "no_route"]);
  });
});

test("conditions on query and headers pick the rule", async () => {
  await running([await gateway(), await echo("users"), await worker("orders", `export default { fetch: () => new Response("orders") };`)], async (fetch) => {
    assert.equal(await (await fetch("/picky/a?v=2", { headers: { "x-team": "blue" } })).text(), "orders");
    for (const [path, headers] of [["/picky/a?v=1", { "x-team": "blue" }], ["/picky/a?v=2", {}], ["/picky/a?v=2", { "x-team": "blü" }]]) {
      assert.equal((await (await fetch(path, { headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString("latin1")])) })).json()).call >= 1, true);
    }
  });
});

test("filters rewrite, edit headers and redirect", async () => {
  await running([await gateway(), await echo("users"), await echo("orders")], async (fetch) => {
    const moved = await (await fetch("/rewritten/a/b?q=1", { method: "POST", body: "kept" })).json();
    assert.deepEqual([moved.url, moved.body], ["http://inner.test/new/a/b?q=1", "kept"]);
    const answer = await fetch("/edited/a?set=x-gone:1", { headers: { "x-set": "old", "x-add": "1", "x-remove": "1" } });
    const edited = await answer.json();
    assert.equal(edited.headers["x-set"], "a");
    assert.match(edited.headers["x-add"], /^1, ?b$/);
    assert.equal(edited.headers["x-remove"], undefined);
    assert.equal(answer.headers.get("x-answer"), "c");
    assert.equal(answer.headers.get("x-gone"), null);
    const away = await fetch("/old/a?b=1");
    assert.deepEqual([away.status, away.headers.get("location"), away.headers.get("mesh-reason")], [301, "http://mesh.test/api/users/a?b=1", null]);
  });
});

test("hostile paths are matched on their normal form, which is what travels on", async () => {
  await running([await gateway(), await echo("users"), await echo("orders")], async (fetch, { url }) => {
    // The path as written, past any URL parser of a client.
    const ask = (path) =>
      new Promise((resolve, reject) => {
        get({ host: url.hostname, port: url.port, path, headers: { host: "mesh.test" } }, (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part) => (text += part)).on("end", () => resolve({ status: answer.statusCode, reason: answer.headers["mesh-reason"], text }));
        }).on("error", reject);
      });
    const seenAt = async (path) => new URL(JSON.parse((await ask(path)).text).url).pathname;
    assert.equal(await seenAt("/api//users///1"), "/api/users/1");
    assert.equal(await seenAt("/api/orders/../users/1"), "/api/users/1");
    assert.equal(await seenAt("/api/orders/%2e%2e/users/1"), "/api/users/1");
    assert.equal(await seenAt("/api/users/%41%2f%ff"), "/api/users/A%2F%FF");
    assert.equal((await ask("/api/users/%252e%252e/x")).status, 200);
    assert.deepEqual([(await ask("/api/users/%00")).status, (await ask("/api/users/%00")).reason], [400, "bad_path"]);
    const long = await ask(`/api/users/${"a".repeat(16_400)}`);
    assert.ok(long.status === 414);
    assert.equal((await ask(`/api/users/${"a".repeat(15_000)}`)).status, 200);
  });
});

test("redirects of a callee go back to the caller", async () => {
  await running([await gateway(), await echo("users"), await echo("orders")], async (fetch) => {
    const answer = await fetch("/api/users/1?redirect=https://elsewhere.test/");
    assert.deepEqual([answer.status, answer.headers.get("location")], [302, "https://elsewhere.test/"]);
  });
});

test("a WebSocket passes through, also where response headers are edited", async () => {
  await running([await gateway(), await echo("users"), await echo("orders")], async (fetch) => {
    for (const path of ["/api/users/socket", "/edited/socket"]) {
      const { status, webSocket } = await fetch(path, { headers: { upgrade: "websocket" } });
      assert.equal(status, 101);
      webSocket.accept();
      webSocket.send("hello");
      const [{ data }] = await once(webSocket, "message");
      assert.equal(data, "echo hello");
      webSocket.close();
    }
  });
});

test("streams pass chunk by chunk, from a URL through two Workers", async () => {
  let sent;
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("first");
    sent = () => response.end("second");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  const inner = await worker("users", GATEWAY, { config: { services: { origin: { endpoints: [`${origin}/base`] } }, routing: { rules: [{ service: "origin" }] } } });
  try {
    await running([await gateway(), inner, await echo("orders")], async (_, { url }) => {
      await new Promise((resolve, reject) => {
        const chunks = [];
        get(new URL("/api/users/stream", url), (answer) => {
          answer.setEncoding("utf8");
          answer.on("data", (chunk) => {
            chunks.push(chunk);
            // The second chunk is written only after the first arrived.
            if (chunks.length === 1) {
              sent();
            }
          });
          answer.on("end", () => resolve(assert.equal(chunks.join("|"), "first|second")));
        }).on("error", reject);
      });
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

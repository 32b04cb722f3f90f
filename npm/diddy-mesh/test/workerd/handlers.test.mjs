import assert from "node:assert/strict";
import { test } from "node:test";
import { echo, running, worker } from "../harness.mjs";

const config = { services: { users: { endpoints: ["binding:USERS"] } } };

test("the example of the design works as written, with a mesh per request", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    const handleUsers = (request) => new Response("users of " + new URL(request.url).pathname);
    export default {
      async fetch(request, env, ctx) {
        const mesh = new DiddyMesh({ serviceName: "user-service", version: "1.0.0", registry: env.KV_NAMESPACE, observability: true });
        return mesh.handle(request, {
          "/api/users": () => handleUsers(request),
          "/api/health": () => new Response("OK"),
        });
      },
    };`;
  for (const options of [{ kvNamespaces: ["KV_NAMESPACE"] }, {}]) {
    await running([await worker("user-service", source, options)], async (fetch) => {
      for (let i = 0; i < 3; i++) {
        assert.equal(await (await fetch("/api/users")).text(), "users of /api/users");
        assert.equal(await (await fetch("/api/health")).text(), "OK");
      }
      const missing = await fetch("/api/none");
      assert.deepEqual([missing.status, missing.headers.get("mesh-reason")], [404, "no_route"]);
    });
  }
});

test("handler maps take exact paths, names, open ends and methods", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh/core";
    const mesh = new DiddyMesh({ serviceName: "s" });
    const tell = (name) => (request, { params }) => Response.json({ name, params });
    export default {
      fetch: (request, env, ctx) =>
        mesh.handle(request, {
          "/exact": tell("exact"),
          "/users/me": tell("me"),
          "/users/{id}": tell("user"),
          "/users/{id}/orders/{order}": tell("order"),
          "/files/*": tell("files"),
          "POST /only": tell("only"),
          "/both": { GET: tell("get"), POST: tell("post") },
        }, env, ctx),
    };`;
  await running([await worker("s", source)], async (fetch) => {
    const ask = async (path, method = "GET") => {
      const answer = await fetch(path, { method });
      return answer.status === 200 ? answer.json() : [answer.status, answer.headers.get("mesh-reason"), answer.headers.get("allow")];
    };
    assert.deepEqual(await ask("/exact?query=1"), { name: "exact", params: {} });
    assert.deepEqual(await ask("/users/me"), { name: "me", params: {} });
    assert.deepEqual(await ask("/users/42"), { name: "user", params: { id: "42" } });
    assert.deepEqual(await ask("/users/a%20b%2Fc/orders/%C3%A9"), { name: "order", params: { id: "a b/c", order: "é" } });
    assert.deepEqual(await ask("/users/%ff"), { name: "user", params: { id: "%FF" } });
    for (const [path, rest] of [["/files", ""], ["/files/", ""], ["/files/a/b%20c", "a/b c"], ["/files/x", "x"]]) {
      assert.deepEqual(await ask(path), { name: "files", params: { "*": rest } }, path);
    }
    assert.deepEqual(await ask("/only", "POST"), { name: "only", params: {} });
    assert.deepEqual(await ask("/only"), [405, "method_not_allowed", "POST"]);
    assert.equal((await ask("/both")).name, "get");
    assert.equal((await ask("/both", "POST")).name, "post");
    assert.deepEqual(await ask("/both", "DELETE"), [405, "method_not_allowed", "GET, POST"]);
    assert.deepEqual(await ask("/none"), [404, "no_route", null]);
    assert.deepEqual(await ask("/exact/"), [404, "no_route", null]);
  });
});

test("a fresh map per request closes over its own request", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    const mesh = new DiddyMesh({ serviceName: "s" });
    export default {
      fetch(request, env, ctx) {
        const id = new URL(request.url).searchParams.get("id");
        const extra = id === "7" ? { "/seven": () => new Response("seven") } : {};
        return mesh.handle(request, { "/who": () => new Response(id), ...extra }, env, ctx);
      },
    };`;
  await running([await worker("s", source)], async (fetch) => {
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, i) => (await fetch(`/who?id=${i}`)).text()));
    assert.deepEqual(answers, Array.from({ length: 20 }, (_, i) => String(i)));
    assert.equal(await (await fetch("/seven?id=7")).text(), "seven");
    assert.equal((await fetch("/seven?id=8")).status, 404);
  });
});

test("a handler that throws is a bare 500 with its event, also when it answers nothing", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    const events = [];
    const mesh = new DiddyMesh({ serviceName: "s", onEvent: (event) => events.push(event) });
    export default {
      fetch: (request, env, ctx) =>
        mesh.handle(request, {
          "/throws": () => { throw new Error("a secret"); },
          "/rejects": async () => { throw new Error("a secret"); },
          "/nothing": () => undefined,
          "/events": () => Response.json(events.map(({ type, detail, cause }) => [type, detail, cause?.message])),
        }, env, ctx),
    };`;
  await running([await worker("s", source)], async (fetch) => {
    for (const path of ["/throws", "/rejects", "/nothing"]) {
      const answer = await fetch(path);
      assert.deepEqual([answer.status, answer.headers.get("mesh-reason")], [500, "handler_exception"]);
      assert.doesNotMatch(await answer.text(), /secret/);
    }
    const events = await (await fetch("/events")).json();
    assert.deepEqual(events.slice(0, 2), [["handler_exception", "/throws", "a secret"], ["handler_exception", "/rejects", "a secret"]]);
    assert.equal(events[2][1], "/nothing");
  });
});

test("a wrong pattern is an error that names it", async () => {
  const source = `
    import { DiddyMesh, MeshError } from "diddy-mesh";
    const mesh = new DiddyMesh({ serviceName: "s" });
    export default {
      async fetch(request, env, ctx) {
        try {
          return await mesh.handle(request, { "/fine": () => new Response(), "/a/{b": () => new Response() }, env, ctx);
        } catch (error) {
          return new Response((error instanceof MeshError) + " " + error.code + " " + error.message);
        }
      },
    };`;
  await running([await worker("s", source)], async (fetch) => {
    assert.match(await (await fetch("/fine")).text(), /^true invalid_handlers .*"\/a\/\{b"/);
  });
});

test("the context's fetch carries trace, deadline and depth", async () => {
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const mesh = new DiddyMesh({ serviceName: "s", config, observability: true, callers: "mesh" });
    export default {
      fetch: (request, env, ctx) =>
        mesh.handle(request, {
          "/call": (_, { fetch, traceId }) => fetch("users", "/x?y=1", { method: "POST", body: traceId, headers: { "x-mine": "1" } }),
          "/slowly": (_, { fetch }) => fetch("users", "/x?wait=5000", { timeoutMs: 30 }),
          "/unknown": (_, { fetch }) => fetch("nobody", "/"),
          "/wrong": (_, { fetch }) => fetch("users", "x").catch((error) => new Response(error.code)),
        }, env, ctx),
    };`;
  await running([await worker("s", source, { config, serviceBindings: { USERS: "users" } }), await echo("users")], async (fetch) => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const seen = await (await fetch("/call", { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, "mesh-depth": "3", "mesh-timeout-ms": "5000" } })).json();
    assert.equal(seen.method, "POST");
    assert.equal(seen.url, "https://users/x?y=1");
    assert.equal(seen.body, traceId);
    assert.equal(seen.headers["x-mine"], "1");
    assert.match(seen.headers.traceparent, new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    assert.equal(seen.headers["mesh-depth"], "4");
    assert.ok(Number(seen.headers["mesh-timeout-ms"]) <= 5000 && Number(seen.headers["mesh-timeout-ms"]) > 0);
    // The time that is left says that there is one hop; what came with it and no count has that one behind it.
    const first = (await (await fetch("/call")).json()).headers;
    assert.deepEqual([first["mesh-timeout-ms"] > 0, first["mesh-depth"]], [true, undefined]);
    const second = (await (await fetch("/call", { headers: { "mesh-timeout-ms": "5000" } })).json()).headers;
    assert.equal(second["mesh-depth"], "2");
    assert.match(first.traceparent, /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/);
    assert.notEqual(first.traceparent.slice(3, 35), second.traceparent.slice(3, 35));

    const late = await fetch("/slowly");
    assert.equal(late.status, 504);
    assert.ok(["timeout", "deadline"].includes(late.headers.get("mesh-reason")));
    const unknown = await fetch("/unknown");
    assert.deepEqual([unknown.status, unknown.headers.get("mesh-reason")], [503, "no_service"]);
    assert.equal(await (await fetch("/wrong")).text(), "invalid_target");
    const loop = await fetch("/call", { headers: { "mesh-depth": "16" } });
    assert.deepEqual([loop.status, loop.headers.get("mesh-reason")], [508, "depth_exceeded"]);
  });
});

test("a call from a handler is placed by who asked, not by the handler", async () => {
  const place = (latitude, longitude) => ({ latitude, longitude });
  const config = { services: { users: { endpoints: [{ address: "binding:TOKYO", location: place(35.7, 139.7) }, { address: "binding:PARIS", location: place(48.9, 2.4) }], loadBalancer: "geographic" } } };
  const source = `
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const mesh = new DiddyMesh({ serviceName: "s", config });
    export default { fetch: (request, env, ctx) => mesh.handle(request, { "/call": (_, { fetch }) => fetch("users", "/") }, env, ctx) };`;
  const named = (name) => worker(name, `export default { fetch: () => new Response("${name}") };`);
  await running([await worker("s", source, { config, serviceBindings: { TOKYO: "tokyo", PARIS: "paris" } }), await named("tokyo"), await named("paris")], async (fetch) => {
    for (const [latitude, longitude, expected] of [["34.7", "135.5", "tokyo"], ["51.5", "-0.1", "paris"]]) {
      for (let i = 0; i < 5; i++) {
        assert.equal(await (await fetch("/call", { cf: { latitude, longitude } })).text(), expected);
      }
    }
  });
});

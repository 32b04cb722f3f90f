// A WebSocket upgrade goes through both hops, whatever they do with the answer, and so does all that its two ends say.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { chain, EDIT, exchange, send, ways } from "../fixtures/chain.mjs";

const limit = { timeout: 30_000 };

const UPGRADE = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "bWVzaCBtZXNoIG1lc2ggbQ==" };

const BACKEND = `
  export default {
    async fetch(request, env, ctx) {
      const id = new URL(request.url).searchParams.get("id");
      if (request.headers.get("upgrade") !== "websocket" || id === "refused") {
        return new Response("an upgrade, please", { status: 426 });
      }
      const [client, server] = Object.values(new WebSocketPair());
      server.binaryType = "arraybuffer";
      server.accept();
      server.addEventListener("message", ({ data }) => {
        if (data === "leave") {
          server.close(4002, "the backend left");
        } else {
          server.send(typeof data === "string" ? "echo " + data : data);
        }
      });
      server.addEventListener("close", ({ code, reason }) => {
        ctx.waitUntil(env.GATE.fetch("http://gate/open/" + id, { method: "POST", body: code + " " + reason }));
      });
      const headers = { "x-backend": "kept" };
      if (request.headers.has("sec-websocket-protocol")) {
        headers["sec-websocket-protocol"] = request.headers.get("sec-websocket-protocol");
      }
      return new Response(null, { status: 101, webSocket: client, headers });
    },
  };`;

test("a WebSocket carries text and bytes both ways, and each end sees how the other closed", limit, async () => {
  await chain(BACKEND, async ({ gate, fetch }) => {
    for (const [id, way] of ways().entries()) {
      const open = async (door, headers) => {
        const answer = await fetch(`${way}/socket?id=${door}`, { headers: { upgrade: "websocket", ...headers } });
        assert.deepEqual([answer.status, answer.headers.get("x-backend")], [101, "kept"], way);
        assert.equal(answer.headers.get(EDIT), /edited|all/.test(way) ? "1" : null, way);
        answer.webSocket.accept();
        return { answer, socket: answer.webSocket };
      };
      const { answer, socket } = await open(`${id}-client`, { "sec-websocket-protocol": "chat.mesh.test" });
      assert.equal(answer.headers.get("sec-websocket-protocol"), "chat.mesh.test", way);
      socket.send("hellö");
      assert.equal((await once(socket, "message"))[0].data, "echo hellö", way);
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      socket.send(bytes);
      assert.deepEqual(new Uint8Array((await once(socket, "message"))[0].data), bytes, way);
      socket.close(4001, "x");
      assert.equal(await gate.passed(`${id}-client`), "4001 x", way);

      const { socket: left } = await open(`${id}-backend`);
      left.send("leave");
      const [{ code, reason }] = await once(left, "close");
      assert.deepEqual([code, reason], [4002, "the backend left"], way);
    }
  });
});

test("a connection that breaks is told to the backend as 1006", limit, async () => {
  await chain(BACKEND, async ({ gate, gateway }) => {
    for (const [id, way] of ways().entries()) {
      const { sent } = send(new URL(`${way}/socket?id=${id}`, gateway), { headers: UPGRADE });
      sent.end();
      const [answer, socket] = await once(sent, "upgrade");
      assert.equal(answer.statusCode, 101, way);
      socket.destroy();
      assert.match(await gate.passed(String(id)), /^1006 /, way);
    }
  });
});

test("an upgrade that the backend refuses is an answer like any other", limit, async () => {
  await chain(BACKEND, async ({ gateway }) => {
    for (const way of ways()) {
      const { status, body } = await exchange(new URL(`${way}/socket?id=refused`, gateway), { headers: UPGRADE });
      assert.deepEqual([status, String(body)], [426, "an upgrade, please"], way);
    }
  });
});

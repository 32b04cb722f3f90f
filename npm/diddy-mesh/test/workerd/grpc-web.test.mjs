// gRPC-web: frames of a flag, four bytes of length and the message; the trailers are the last frame, with flag 0x80.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chain, exchange, reading, send, ways } from "../fixtures/chain.mjs";

const limit = { timeout: 30_000 };
const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1", te: "trailers" };

function frame(flag, message) {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

// Every byte there is, which is no UTF-8.
const message = frame(0, Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)));
const trailers = frame(0x80, Buffer.from("grpc-status: 0\r\ngrpc-message: all%20well\r\n"));
const hex = (bytes) => bytes.toString("hex");

/** Answers with the request's own frames, one more chunk each time the test lets it, and trailers at the end. */
const BACKEND = `
  const raw = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const calls = new Map();
  export default {
    async fetch(request, env) {
      const url = new URL(request.url);
      const own = { "content-type": request.headers.get("content-type"), "x-te": String(request.headers.get("te")) };
      const asked = new Uint8Array(await request.arrayBuffer());
      if (url.searchParams.has("fails")) {
        calls.set(url.pathname, (calls.get(url.pathname) ?? 0) + 1);
        return new Response(null, { headers: { ...own, "x-calls": String(calls.get(url.pathname)), "grpc-status": "14", "grpc-message": "caf%C3%A9%20is%20closed" } });
      }
      let sent = 0;
      const body = new ReadableStream({
        async pull(to) {
          if (sent++ < 2) {
            to.enqueue(asked);
            await env.GATE.fetch("http://gate/wait/" + url.searchParams.get("id") + "-" + sent);
            return;
          }
          to.enqueue(raw("${hex(trailers)}"));
          to.close();
        },
      });
      return new Response(body, { headers: own });
    },
  };`;

test("frames pass byte by byte both ways as they are sent, the trailers' too", limit, async () => {
  await chain(BACKEND, async ({ gate, gateway }) => {
    const all = ways().map(async (way, id) => {
      const { sent, answered } = send(new URL(`${way}/Shop/List?id=${id}`, gateway), { method: "POST", headers });
      sent.end(message);
      const answer = await answered;
      assert.deepEqual([answer.statusCode, answer.headers["content-type"], answer.headers["x-te"]], [200, "application/grpc-web+proto", "trailers"], way);
      const body = reading(answer);
      for (const turn of [1, 2]) {
        assert.equal(hex(await body.take(message.length)), hex(message), way);
        gate.open(`${id}-${turn}`);
      }
      assert.equal(hex(await body.rest()), hex(trailers), way);
    });
    await Promise.all(all);
  });
});

test("an answer of trailers alone keeps its status and message, also after retries for that status", limit, async () => {
  await chain(BACKEND, async ({ gateway }) => {
    for (const way of ways()) {
      const answer = await exchange(new URL(`${way}/Shop/List?fails=1`, gateway), { method: "POST", headers, body: message });
      const got = Object.fromEntries(answer.headers);
      assert.deepEqual([answer.status, got["grpc-status"], got["grpc-message"], answer.body.length], [200, "14", "caf%C3%A9%20is%20closed", 0], way);
      assert.equal(got["mesh-reason"], undefined, way);
      assert.equal(Number(got["x-calls"]) > 1, /retried|all/.test(way), way);
    }
  });
});

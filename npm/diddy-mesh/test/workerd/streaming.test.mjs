// Bodies pass chunk by chunk. Each side goes on only when the other has told that it has what was sent before:
// a body that is held back anywhere never ends, and its test runs into the time limit.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { constants, createGzip } from "node:zlib";
import { chain, KINDS, reading, send, ways } from "../fixtures/chain.mjs";
import { running, worker } from "../harness.mjs";

const limit = { timeout: 30_000 };

/** What every backend here begins with. `id` tells the ways apart. */
const TOOLS = `
  const bytes = (text) => new TextEncoder().encode(text);
  const wait = (env, door) => env.GATE.fetch("http://gate/wait/" + door);
  const tell = (env, door, text = "") => env.GATE.fetch("http://gate/open/" + door, { method: "POST", body: text });
  const idOf = (request) => new URL(request.url).searchParams.get("id");
`;

/** Goes every way, all at once; each has an id. */
const everyWay = (gateway, go, kinds) => Promise.all(ways(kinds).map((way, id) => go(new URL(`${way}/x?id=${id}`, gateway), String(id), way)));

test("the first chunk of an answer is at the client before the backend has the second one", limit, async () => {
  const backend = `${TOOLS}
    export default {
      fetch(request, env) {
        let sent = 0;
        return new Response(new ReadableStream({
          async pull(to) {
            if (sent++ === 0) {
              return to.enqueue(bytes("first,"));
            }
            await wait(env, idOf(request) + "-arrived");
            to.enqueue(bytes("second"));
            to.close();
          },
        }));
      },
    };`;
  await chain(backend, async ({ gate, gateway }) => {
    await everyWay(gateway, async (url, id, way) => {
      const { sent, answered } = send(url);
      sent.end();
      const body = reading(await answered);
      assert.equal(String(await body.take(6)), "first,", way);
      gate.open(`${id}-arrived`);
      assert.equal(String(await body.rest()), "second", way);
    });
  });
});

/** Answers with the length of the body, and tells of each chunk as it comes. */
const LISTENER = `${TOOLS}
  export default {
    async fetch(request, env) {
      let length = 0;
      for await (const chunk of request.body) {
        length += chunk.byteLength;
        await tell(env, idOf(request) + "-seen", String(length));
      }
      return new Response(request.method + " " + length);
    },
  };`;

/** Sends six bytes, and the rest when the backend has seen these. */
async function upload(gate, url, id, way, headers, whole) {
  const { sent, answered } = send(url, { method: "POST", headers });
  sent.write("first,");
  assert.equal(await gate.passed(`${id}-seen`), "6", way);
  sent.end("x".repeat(whole - 6));
  assert.equal(String(await reading(await answered).rest()), `POST ${whole}`, way);
}

test("the backend sees the first chunk of a request's body before the client has the second one", limit, async () => {
  await chain(LISTENER, ({ gate, gateway }) => everyWay(gateway, (url, id, way) => upload(gate, url, id, way, {}, 12)));
});

test("a body whose length is told streams too, where no retry may need it or it is larger than what is kept for one", limit, async () => {
  for (const [whole, kinds] of [[12, ["plain", "edited", "idle"]], [70_000, KINDS]]) {
    await chain(LISTENER, ({ gate, gateway }) => everyWay(gateway, (url, id, way) => upload(gate, url, id, way, { "content-length": whole }, whole), kinds));
  }
});

test("a request's stream is neither held for a retry nor sent again", limit, async () => {
  const backend = `${TOOLS}
    const calls = new Map();
    export default {
      async fetch(request, env) {
        const id = idOf(request);
        calls.set(id, (calls.get(id) ?? 0) + 1);
        const { value } = await request.body.getReader().read();
        return new Response(new TextDecoder().decode(value) + " call " + calls.get(id), { status: 503 });
      },
    };`;
  await chain(backend, async ({ gateway }) => {
    await everyWay(gateway, async (url, _, way) => {
      const { sent, answered } = send(url, { method: "PUT" });
      // The body goes on after this; the answer is here nevertheless.
      sent.write("first");
      const answer = await answered;
      assert.deepEqual([answer.statusCode, String(await reading(answer).rest())], [503, "first call 1"], way);
      sent.destroy();
    });
  });
});

// The platform tells a backend at its next write, or its next read, that nobody is there.
test("server-sent events arrive one by one, and a client that leaves ends the backend's stream", limit, async () => {
  const backend = `${TOOLS}
    async function speak(writable, env, id) {
      const writer = writable.getWriter();
      try {
        for (let n = 0; ; n++) {
          await wait(env, id + "-" + n);
          await writer.write(bytes("id: " + n + "\\ndata: event\\n\\n"));
        }
      } catch (error) {
        await tell(env, id + "-ended", error.message);
      }
    }
    export default {
      fetch(request, env, ctx) {
        const { readable, writable } = new IdentityTransformStream();
        ctx.waitUntil(speak(writable, env, idOf(request)));
        return new Response(readable, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
      },
    };`;
  await chain(backend, async ({ gate, gateway }) => {
    await everyWay(gateway, async (url, id, way) => {
      const { sent, answered } = send(url, { headers: { accept: "text/event-stream" } });
      sent.end();
      gate.open(`${id}-0`);
      const answer = await answered;
      assert.deepEqual([answer.headers["content-type"], answer.headers["cache-control"]], ["text/event-stream", "no-cache"], way);
      const body = reading(answer);
      for (let n = 0; n < 3; n++) {
        const event = `id: ${n}\ndata: event\n\n`;
        assert.equal(String(await body.take(event.length)), event, way);
        gate.open(`${id}-${n + 1}`);
      }
      sent.destroy();
      for (let n = 4; n < 12; n++) {
        gate.open(`${id}-${n}`);
      }
      assert.equal(await gate.passed(`${id}-ended`), "Network connection lost.", way);
    });
  });
});

test("a caller that leaves in the middle of its upload ends the backend's request", limit, async () => {
  const backend = `${TOOLS}
    async function read(body, env, id) {
      try {
        for await (const chunk of body) {
          await tell(env, id + "-seen");
        }
        await tell(env, id + "-ended", "as if it were whole");
      } catch (error) {
        await tell(env, id + "-ended", error.message);
      }
    }
    export default {
      async fetch(request, env, ctx) {
        const done = read(request.body, env, idOf(request));
        ctx.waitUntil(done);
        await done;
        return new Response();
      },
    };`;
  await chain(backend, async ({ gate, gateway }) => {
    await everyWay(gateway, async (url, id, way) => {
      const { sent } = send(url, { method: "POST" });
      sent.write("a part");
      await gate.passed(`${id}-seen`);
      sent.destroy();
      assert.equal(await gate.passed(`${id}-ended`), "Network connection lost.", way);
    });
  });
});

test("a compressed answer arrives chunk by chunk, in the bytes that the backend made", limit, async () => {
  // The fastest level, which no runtime would choose: a body that was compressed anew has other bytes.
  const gzip = createGzip({ level: 1 });
  const whole = [];
  gzip.on("data", (chunk) => whole.push(chunk));
  gzip.write("one event ".repeat(50));
  await new Promise((flushed) => gzip.flush(constants.Z_SYNC_FLUSH, flushed));
  const first = Buffer.concat(whole.splice(0));
  gzip.end("another ".repeat(50));
  await once(gzip, "end");
  const second = Buffer.concat(whole);

  const backend = `${TOOLS}
    const raw = (text) => Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
    export default {
      fetch(request, env) {
        let sent = 0;
        const body = new ReadableStream({
          async pull(to) {
            if (sent++ === 0) {
              return to.enqueue(raw("${first.toString("base64")}"));
            }
            await wait(env, idOf(request) + "-arrived");
            to.enqueue(raw("${second.toString("base64")}"));
            to.close();
          },
        });
        return new Response(body, { headers: { "content-encoding": "gzip" }, encodeBody: "manual" });
      },
    };`;
  await chain(backend, async ({ gate, gateway }) => {
    await everyWay(gateway, async (url, id, way) => {
      const { sent, answered } = send(url, { headers: { "accept-encoding": "gzip" } });
      sent.end();
      const answer = await answered;
      assert.equal(answer.headers["content-encoding"], "gzip", way);
      const body = reading(answer);
      assert.deepEqual(await body.take(first.length), first, way);
      gate.open(`${id}-arrived`);
      assert.deepEqual(await body.rest(), second, way);
    });
  });
});

test("timeout.idle watches a stream of values too, which only a service in the same Worker has", limit, async () => {
  const gateway = `${TOOLS}
    import { DiddyMesh } from "diddy-mesh";
    import config from "./mesh.snapshot";
    const stream = (chunks, last) => new ReadableStream({
      pull(to) {
        if (chunks.length > 0) {
          return to.enqueue(bytes(chunks.shift()));
        }
        return last(to);
      },
    });
    const streams = {
      whole: () => stream(["a", "b", "c"], (to) => to.close()),
      silent: () => stream(["a"], () => new Promise(() => undefined)),
    };
    const local = { VALUES: { fetch: (request) => new Response(streams[new URL(request.url).pathname.slice(1)]()) } };
    const mesh = new DiddyMesh({ serviceName: "gateway", config, local });
    export default {
      async fetch(request) {
        const answer = await mesh.fetch("values", new URL(request.url).pathname);
        return new Response(await answer.text().catch((error) => "ended: " + error.message));
      },
    };`;
  const config = { services: { values: { endpoints: ["local:VALUES"], timeout: { idle: 50 } } } };
  await running([await worker("gateway", gateway, { config })], async (fetch) => {
    assert.equal(await (await fetch("/whole")).text(), "abc");
    assert.equal(await (await fetch("/silent")).text(), "ended: local:VALUES sent nothing for 50 ms");
  });
});

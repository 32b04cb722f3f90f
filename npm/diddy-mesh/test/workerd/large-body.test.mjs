// Bodies of up to 1 GiB through gateway and service, with the memory of workerd watched: what is held anywhere shows in it.
// The backend sends one 64 KiB buffer again and again, and counts what it gets; so does the client.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { chain, send } from "../fixtures/chain.mjs";
import { residentOf, workerdOf } from "../fixtures/rss.mjs";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const limit = { timeout: 120_000, skip: process.platform === "linux" ? false : "resident memory is read from /proc" };

/** What workerd may grow by, in MiB. A body that passes untouched never enters the heap. */
const GROWTH_MAX = 64;
/** The same where `timeout.idle` watches: every chunk is garbage of a heap, which its collector takes when it likes. */
const GROWTH_WATCHED_MAX = 192;

const BACKEND = `
  const chunk = new Uint8Array(65536);
  async function fill(writable, bytes) {
    const writer = writable.getWriter();
    for (let n = 0; n < bytes; n += chunk.length) {
      await writer.write(chunk);
    }
    await writer.close();
  }
  async function count(body) {
    const reader = body.getReader({ mode: "byob" });
    let bytes = 0;
    let buffer = new ArrayBuffer(65536);
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done) {
        return bytes;
      }
      bytes += value.byteLength;
      buffer = value.buffer;
    }
  }
  export default {
    async fetch(request, env, ctx) {
      if (request.method === "PUT") {
        return new Response(String(await count(request.body)));
      }
      const { readable, writable } = new IdentityTransformStream();
      ctx.waitUntil(fill(writable, Number(new URL(request.url).searchParams.get("bytes"))));
      return new Response(readable);
    },
  };`;

/** Reads an answer of so many bytes; `passing` is called now and then on the way. Returns the bytes that came. */
async function download(url, bytes, passing) {
  const { sent, answered } = send(`${url}?bytes=${bytes}`);
  sent.end();
  let seen = 0;
  for await (const chunk of await answered) {
    passing(seen, (seen += chunk.length));
  }
  return seen;
}

/** Sends so many bytes, whose number is not told before. Returns the bytes that the backend got. */
async function upload(url, bytes, passing) {
  const { sent, answered } = send(url, { method: "PUT" });
  const chunk = Buffer.alloc(65_536);
  for (let written = 0; written < bytes; ) {
    if (!sent.write(chunk)) {
      await once(sent, "drain");
    }
    passing(written, (written += chunk.length));
  }
  sent.end();
  return Number(Buffer.concat(await (await answered).toArray()));
}

/** Carries a body that way, after a smaller one to warm up. Memory is looked at every 16 MiB and at the end; it may grow by less than that. */
async function flat(carry, way, bytes, growthMax) {
  await chain(BACKEND, async ({ gateway }) => {
    const pid = workerdOf();
    const url = new URL(`${way}/body`, gateway);
    await carry(url, 64 * MIB, () => undefined);
    const before = residentOf(pid);
    assert.ok(before > 0, `no memory of process ${pid}`);
    let most = before;
    const arrived = await carry(url, bytes, (from, to) => {
      if (Math.floor(from / (16 * MIB)) !== Math.floor(to / (16 * MIB))) {
        most = Math.max(most, residentOf(pid));
      }
    });
    most = Math.max(most, residentOf(pid));
    assert.equal(arrived, bytes);
    assert.ok(most - before < growthMax, `workerd grew from ${before.toFixed(0)} to ${most.toFixed(0)} MiB`);
  });
}

const named = (bytes) => (bytes === GIB ? "1 GiB" : `${bytes / MIB} MiB`);

for (const [way, bytes] of [["/plain/context", GIB], ["/edited/mesh", 256 * MIB], ["/retried/rules", 256 * MIB]]) {
  test(`an answer of ${named(bytes)} leaves memory flat: ${way}`, limit, () => flat(download, way, bytes, GROWTH_MAX));
}

for (const [way, bytes] of [["/plain/mesh", GIB], ["/edited/rules", 256 * MIB], ["/retried/context", 256 * MIB]]) {
  test(`a request of ${named(bytes)} leaves memory flat: ${way}`, limit, () => flat(upload, way, bytes, GROWTH_MAX));
}

test("an answer of 512 MiB is not held where it is watched for silence", limit, () => flat(download, "/all/context", 512 * MIB, GROWTH_WATCHED_MAX));

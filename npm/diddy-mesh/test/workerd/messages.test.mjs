// Whatever the shape of a message, the client gets what the backend sent: the answer of a backend that is asked directly is
// compared with the one that came over two hops, on each way.
//
// Not here, as the platform has none of it: 1xx answers other than 101. A Worker cannot make one, and workerd takes an
// origin's 103 for its final answer.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { chain, chainTo, EDIT, exchange, ways } from "../fixtures/chain.mjs";

const limit = { timeout: 30_000 };
const TEXT = "what the backend sent ".repeat(40);
const gzip = gzipSync(TEXT, { level: 1 });
const brotli = brotliCompressSync(TEXT);

/** The last segment of a path says which answer is wished. */
const BACKEND = `
  const raw = (text) => Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
  const encoded = (encoding, text) => new Response(raw(text), { headers: { "content-encoding": encoding, "content-type": "text/plain" }, encodeBody: "manual" });
  const many = (prefix) => Array.from({ length: 100 }, (_, i) => [prefix + i, "v".repeat(100)]);
  const answers = {
    head: (request) => new Response(request.method === "HEAD" ? null : "x".repeat(1234), { headers: { "content-length": "1234", etag: '"a"' } }),
    options: () => new Response(null, { status: 204, headers: { allow: "GET, OPTIONS", "access-control-allow-origin": "*" } }),
    200: () => new Response("text", { headers: { "x-own": "1" } }),
    201: () => new Response(null, { status: 201, statusText: "Made", headers: { location: "/made" } }),
    204: () => new Response(null, { status: 204, headers: { "x-own": "1" } }),
    205: () => new Response(null, { status: 205, headers: { "x-own": "1" } }),
    206: () => new Response("part", { status: 206, headers: { "content-range": "bytes 4-7/100", "accept-ranges": "bytes" } }),
    302: () => new Response(null, { status: 302, headers: { location: "https://elsewhere.test/" } }),
    304: () => new Response(null, { status: 304, headers: { etag: '"a"', "cache-control": "max-age=60" } }),
    418: () => new Response("no coffee", { status: 418 }),
    599: () => new Response("the last status", { status: 599 }),
    cookies: () => new Response("cookies", { headers: [["set-cookie", "a=1; Path=/"], ["set-cookie", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"], ["set-cookie", "c=3"], ["x-many", "1"], ["x-many", "2"]] }),
    large: () => new Response("large", { headers: [...many("x-large-"), ["x-huge", "w".repeat(14 * 1024)]] }),
    names: () => new Response("names", { headers: { "x-name": "caf\\u00e9" } }),
    gzip: () => encoded("gzip", "${gzip.toString("base64")}"),
    br: () => encoded("br", "${brotli.toString("base64")}"),
    zstd: () => encoded("zstd", "${gzip.toString("base64")}"),
    compressed: () => new Response("${TEXT}", { headers: { "content-encoding": "gzip" } }),
    empty: () => new Response(""),
    echo: async (request) => Response.json([request.method, [...request.headers].filter(([name]) => name.startsWith("x-")), await request.text()]),
  };
  export default { fetch: (request) => answers[new URL(request.url).pathname.split("/").at(-1)](request) };`;

const edited = (way) => /edited|all/.test(way);
const watched = (way) => /idle|all/.test(way);

/** The headers that the backend sent: without the mesh's edit, in one order. Where a body is watched its length is not told. */
function sent(way, headers) {
  // A failure whose attempts are used up says so to its caller.
  const left = headers.filter(([name]) => name !== EDIT && name !== "mesh-retry" && !(watched(way) && /^(content-length|transfer-encoding)$/.test(name)));
  return left.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Asks the backend directly and on each way, and expects the same. */
async function same(wish, init) {
  await chain(BACKEND, async ({ gateway, direct }) => {
    for (const name of [wish].flat()) {
      const plain = await exchange(new URL(`/x/x/${name}`, direct), init);
      for (const way of ways()) {
        const got = await exchange(new URL(`${way}/${name}`, gateway), init);
        assert.deepEqual([got.status, got.body], [plain.status, plain.body], `${way} ${name}`);
        assert.deepEqual(sent(way, got.headers), sent(way, plain.headers), `${way} ${name}`);
        assert.equal(got.headers.some(([header]) => header === EDIT), edited(way), `${way} ${name}`);
      }
    }
  });
}

test("a HEAD keeps its headers and the length of the body that it does not have", limit, async () => {
  await same("head", { method: "HEAD" });
  await chain(BACKEND, async ({ gateway }) => {
    for (const way of ways()) {
      const { headers, body } = await exchange(new URL(`${way}/head`, gateway), { method: "HEAD" });
      assert.deepEqual([Object.fromEntries(headers)["content-length"], body.length], ["1234", 0], way);
    }
  });
});

test("an OPTIONS passes like any other method", limit, () => same("options", { method: "OPTIONS", headers: { origin: "https://page.test" } }));

test("answers of every kind keep status, headers and body", limit, () => same(["200", "201", "206", "302", "418", "599", "empty"]));

test("answers that may have no body have none, also where their headers are edited", limit, () => same(["204", "205", "304"]));

test("repeated headers stay apart, each Set-Cookie for itself", limit, async () => {
  await same("cookies");
  await chain(BACKEND, async ({ gateway }) => {
    for (const way of ways()) {
      const { headers } = await exchange(new URL(`${way}/cookies`, gateway));
      assert.deepEqual(headers.filter(([name]) => name === "set-cookie").map(([, value]) => value), ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "c=3"], way);
    }
  });
});

test("a hundred headers of a hundred bytes and one of 14 KiB pass both ways", limit, async () => {
  await same("large");
  const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-large-${i}`, "v".repeat(100)]));
  headers["x-huge"] = "w".repeat(14 * 1024);
  await chain(BACKEND, async ({ gateway }) => {
    for (const way of ways()) {
      const [, seen] = JSON.parse((await exchange(new URL(`${way}/echo`, gateway), { headers })).body);
      const kept = seen.filter(([name]) => name !== EDIT);
      assert.deepEqual(Object.fromEntries(kept), headers, way);
    }
  });
});

test("compressed bodies pass as the backend compressed them", limit, async () => {
  await same(["gzip", "br", "zstd", "compressed"], { headers: { "accept-encoding": "gzip, br, zstd" } });
  await chain(BACKEND, async ({ gateway }) => {
    for (const way of ways()) {
      const { headers, body } = await exchange(new URL(`${way}/gzip`, gateway), { headers: { "accept-encoding": "gzip" } });
      assert.deepEqual([Object.fromEntries(headers)["content-encoding"], body], ["gzip", gzip], way);
    }
  });
});

test("header values outside ASCII keep their bytes", limit, () => same("names"));

/** Answers with what it got, byte by byte; under `/error` with sixteen bytes that are no UTF-8, and no brotli under `/encoded`. */
async function origin(use) {
  const sixteen = Buffer.from("\xef\xbb\xbf\xff\xfe no utf-8 !", "latin1");
  const error = { "content-type": "text/plain", "content-length": sixteen.length };
  const answers = {
    error: [500, error, sixteen],
    encoded: [500, { ...error, "content-encoding": "br" }, sixteen],
    bytes: [200, { "x-bytes": "caf\xe9 \xff" }, ""],
  };
  const server = createServer({ maxHeaderSize: 1 << 20 }, async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const seen = JSON.stringify({ headers: request.rawHeaders, body: body.toString("hex") });
    const [status, headers, text] = answers[request.url.split("/").at(-1)] ?? [200, {}, seen];
    response.writeHead(status, headers).end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = `http://127.0.0.1:${server.address().port}`;
  try {
    await chainTo(at, ({ gateway }) => use(at, gateway));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("what a client sends is at the origin byte by byte: a compressed body, headers that are no UTF-8", limit, async () => {
  await origin(async (_, gateway) => {
    for (const way of ways()) {
      const { body } = await exchange(new URL(`${way}/seen`, gateway), { method: "POST", headers: { "content-encoding": "gzip", "x-bytes": "caf\xe9 \xff" }, body: gzip });
      const seen = JSON.parse(body);
      assert.equal(seen.body, gzip.toString("hex"), way);
      const header = (name) => seen.headers[seen.headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name) + 1];
      assert.deepEqual([header("content-encoding"), header("content-length"), header("x-bytes")], ["gzip", String(gzip.length), "caf\xe9 \xff"], way);
    }
  });
});

test("what an origin answers is at the client byte by byte, also an error as long as Cloudflare's own", limit, async () => {
  await origin(async (at, gateway) => {
    for (const name of ["error", "encoded", "bytes"]) {
      const plain = await exchange(new URL(`/${name}`, at));
      for (const way of ways()) {
        const got = await exchange(new URL(`${way}/${name}`, gateway));
        assert.deepEqual([got.status, got.body], [plain.status, plain.body], `${way} ${name}`);
        assert.equal(Object.fromEntries(got.headers)["x-bytes"], Object.fromEntries(plain.headers)["x-bytes"], `${way} ${name}`);
      }
    }
  });
});

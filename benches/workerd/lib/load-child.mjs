// The load generator where wrk is absent: `connections` kept sockets, one request at a time on each, for `seconds`.
// Reads only answers with a content-length, which is what the benches' backend sends. Prints one line of JSON.
import { connect } from "node:net";

import { quantile } from "./stats.mjs";

const SAMPLES_MAX = 1_000_000;
const { url, connections, seconds, headers } = JSON.parse(process.argv[2]);
const { hostname, port, pathname, search, host } = new URL(url);
const lines = [`GET ${pathname}${search} HTTP/1.1`, `host: ${host}`, ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`)];
const request = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);

const latencies = [];
let requests = 0;
let errors = 0;
const started = performance.now();
const deadline = started + seconds * 1000;

/** The length of one whole answer at the start of the text, or 0 while it is incomplete. */
function answerLength(text) {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head));
  const whole = head + 4 + Number(length?.[1] ?? 0);
  return text.length >= whole ? whole : 0;
}

function run() {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let sent = 0;
    let unread = "";
    const send = () => {
      sent = performance.now();
      socket.write(request);
    };
    socket.on("connect", send);
    socket.on("data", (chunk) => {
      unread += chunk.toString("latin1");
      const length = answerLength(unread);
      if (length === 0) return;
      const now = performance.now();
      requests += 1;
      if (latencies.length < SAMPLES_MAX) latencies.push((now - sent) * 1000);
      if (!/^HTTP\/1\.1 [23]/.test(unread)) errors += 1;
      unread = unread.slice(length);
      if (now < deadline) send();
      else socket.end();
    });
    socket.on("error", () => {
      errors += 1;
      resolve();
    });
    socket.on("close", resolve);
  });
}

await Promise.all(Array.from({ length: connections }, run));
const perSecond = requests / ((performance.now() - started) / 1000);
const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => quantile(latencies, q));
process.stdout.write(`${JSON.stringify({ perSecond, requests, p50, p90, p99, errors })}\n`);

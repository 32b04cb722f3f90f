// One bounded run of load against a loopback URL: by wrk, else by a small generator of our own (load-child.mjs), whose
// figures are lower than wrk's because it needs more CPU itself; the report says which one was used.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";

import { HERE } from "./bundle.mjs";
import { pinned } from "./cpu.mjs";

const GRACE_MS = 15_000;
const INSTALL_MS_MAX = 60_000;
const MICROSECONDS = { us: 1, ms: 1e3, s: 1e6 };

const has = (program, argument) => spawnSync(program, [argument], { stdio: "ignore" }).error === undefined;

/** "wrk" or "node": what generates the load. Tries Debian's package once where wrk is absent and installing is allowed. */
export const generator = (() => {
  if (has("wrk", "--version")) return "wrk";
  if (process.getuid?.() === 0 && has("apt-get", "--version")) {
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "wrk"], { stdio: "ignore", timeout: INSTALL_MS_MAX });
    if (has("wrk", "--version")) return "wrk";
  }
  return "node";
})();

/** Runs a program to its end and gives its stdout; ends it by its handle when it takes too long. */
function output(argv, msMax) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    child.stderr.on("data", (chunk) => (text += chunk));
    const timer = setTimeout(() => child.kill("SIGKILL"), msMax);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(text);
      else reject(new Error(`${argv.join(" ")} ended with ${code}: ${text}`));
    });
  });
}

function readWrk(text) {
  const percentile = (name) => {
    const [, number, unit] = new RegExp(`\\s${name}%\\s+([\\d.]+)(us|ms|s)`).exec(text);
    return Number(number) * MICROSECONDS[unit];
  };
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text);
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    requests: Number(/(\d+) requests in/.exec(text)[1]),
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
    errors: (bad ? Number(bad[1]) : 0) + (socket ? socket.slice(1).reduce((sum, n) => sum + Number(n), 0) : 0),
  };
}

/**
 * Loads `url` for `seconds` over `connections` kept connections, pinned to `core`.
 * @returns {Promise<{ perSecond, requests, p50, p90, p99, errors }>} latencies in µs
 */
export async function load(url, { connections, seconds, headers = {}, core }) {
  const msMax = seconds * 1000 + GRACE_MS;
  if (generator === "node") {
    const task = JSON.stringify({ url, connections, seconds, headers });
    return JSON.parse(await output(pinned(core, [process.execPath, join(HERE, "lib/load-child.mjs"), task]), msMax));
  }
  const argv = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "--timeout", "5s"];
  for (const [name, value] of Object.entries(headers)) argv.push("-H", `${name}: ${value}`);
  return readWrk(await output(pinned(core, [...argv, url]), msMax));
}

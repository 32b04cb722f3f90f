/** The demo: the shop under load while some of it breaks, without the mesh and with it. See README.md. */
import { parseArgs } from "node:util";
import { compile } from "./demo/compile.mjs";
import { run } from "./demo/run.mjs";
import { percent, table } from "./demo/table.mjs";
import { buildAll, start } from "./demo/workers.mjs";

const SUCCESS_MIN = 0.995;
const REQUESTS_MAX = 20_000;

const USAGE = `Usage: node demo.mjs [--json] [--requests N] [--seed N]   both runs, and the table
       node demo.mjs --serve [--port N]                  the shop with the mesh on, until Ctrl-C

  --json        print only JSON on standard output
  --requests N  page loads a run, default 600
  --seed N      what the shoppers do, default 1
  --port N      where to serve, default 8787; 0 is any free port`;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    serve: { type: "boolean", default: false },
    port: { type: "string", default: "8787" },
    requests: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false, short: "h" },
  },
});

/**
 * @param {string} name
 * @param {string} text
 * @param {number} min
 * @param {number} max
 */
function number(name, text, min, max) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    console.error(`--${name} must be a whole number from ${min} to ${max}`);
    process.exit(2);
  }
  return value;
}

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const options = {
  port: number("port", values.port, 0, 65_535),
  requests: number("requests", values.requests, 10, REQUESTS_MAX),
  seed: number("seed", values.seed, 0, 1_000_000),
};
const say = (/** @type {string} */ line) => void (values.json ? console.error(line) : console.log(line));

say("compiling mesh.json");
await compile();
say("bundling the Workers");
const built = await buildAll();

if (values.serve) {
  const shop = await start(built, { mode: "on", port: options.port });
  say(`The shop is open at ${shop.url.href} (mesh on). Ctrl-C closes it.`);
  // Miniflare would end this process at once; stopping it first leaves nothing behind. A second Ctrl-C does not wait.
  await new Promise((resolve) => ["SIGINT", "SIGTERM"].forEach((signal) => process.removeAllListeners(signal).once(signal, resolve)));
  await shop.stop();
  say("closed");
} else {
  say(`${built.length} Workers, ${options.requests} page loads a run, seed ${options.seed}`);
  const off = await run(built, { mode: "off", say, ...options });
  const on = await run(built, { mode: "on", say, ...options });
  if (values.json) {
    console.log(JSON.stringify({ off, on }));
  } else {
    say(`\n${table({ off, on })}\n`);
    say(`pages: times are of those that succeeded, attempts are per page; below both are per call.`);
    say(`Success that the faults imply without a mesh: ${percent(off.implied)} (measured ${percent(off.success)}). With it, at least ${percent(SUCCESS_MIN)} (measured ${percent(on.success)}).`);
  }
  if (on.success < SUCCESS_MIN) {
    const failures = Object.entries(on.failures).map(([what, count]) => `${count} × ${what}`);
    console.error(`with the mesh on only ${percent(on.success)} of the pages succeeded: ${failures.join(", ")}`);
    process.exitCode = 1;
  }
}

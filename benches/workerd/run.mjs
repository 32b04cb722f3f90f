// Measures every row of the budget table, ours and the peers side by side in one run.
//
//   node benches/workerd/run.mjs [--quick] [--json] [--only ROW] [--peers-only]
//
// --quick       fewer rounds and peers; ends within two minutes
// --json        prints only JSON on stdout
// --only ROW    one group of rows: size, cold-start, decision, route-match, gateway, memory, scale
// --peers-only  measures without our package, which otherwise must have been built
//
// Exits non-zero when something could not be measured; a missed budget is shown and does not change the exit code.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const results = join(here, "../results");
const GROUPS = ["size", "cold-start", "decision", "route-match", "gateway", "memory", "scale"];
/** How long a whole run may wait for other processes to become quiet. */
const PATIENCE_MS = { quick: 15_000, full: 200_000 };
const INSTALL_MS_MAX = 300_000;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string" },
    "peers-only": { type: "boolean", default: false },
  },
});
const say = (text) => process.stderr.write(`${text}\n`);

/** The peers, in the versions of the lock file. */
function install() {
  if (existsSync(join(here, "node_modules/hono/package.json"))) return;
  say("$ npm ci  (in benches/workerd)");
  const { status } = spawnSync("npm", ["ci"], { cwd: here, stdio: ["ignore", 2, 2], timeout: INSTALL_MS_MAX });
  if (status !== 0) throw new Error("the peers could not be installed: npm ci failed");
}

async function main() {
  const groups = options.only === undefined ? GROUPS : GROUPS.filter((group) => group === options.only);
  if (groups.length === 0) throw new Error(`--only takes one of: ${GROUPS.join(", ")}`);
  install();
  const { patience } = await import("./lib/cpu.mjs");
  const { loadOurs } = await import("./lib/ours.mjs");
  const { sampleRequest } = await import("./lib/peers.mjs");
  const { machine, table } = await import("./lib/report.mjs");
  const { closeConnections } = await import("./lib/workerd.mjs");

  const ours = options["peers-only"] ? null : await loadOurs();
  if (ours === null && !options["peers-only"]) {
    throw new Error("npm/diddy-mesh is not built: run `cargo xtask npm` first, or measure with --peers-only");
  }
  const context = {
    quick: options.quick, ours, request: await sampleRequest(),
    quiet: patience({ budgetMs: options.quick ? PATIENCE_MS.quick : PATIENCE_MS.full }),
  };
  const rows = [];
  const raw = {};
  for (const group of groups) {
    const started = performance.now();
    const { measure } = await import(`./rows/${group}.mjs`);
    const measured = await measure(context);
    rows.push(...measured.rows);
    raw[group] = measured.raw;
    say(`${group}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  closeConnections();
  mkdirSync(results, { recursive: true });
  const file = { measured: new Date().toISOString(), quick: options.quick, machine: machine(), rows, raw };
  writeFileSync(join(results, "latest.json"), `${JSON.stringify(file, null, 1)}\n`);
  process.stdout.write(options.json ? `${JSON.stringify(rows)}\n` : `${table(rows)}\n`);
}

try {
  await main();
} catch (error) {
  say(`bench: ${error.message}`);
  process.exitCode = 1;
}

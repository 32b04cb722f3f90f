// The Gateway API's conformance suite end to end in workerd, after `cargo xtask conformance` decided it in Rust.
//
//   node run.mjs WORLDS CASES [--json]
//
// WORLDS  what the Rust half wrote: the imported documents, which one a case belongs to, and its own results
// CASES   cases.json of the suite
//
// Each world is a gateway Worker with its document; behind it stands one echo Worker for each service, by binding.
import { readFileSync } from "node:fs";
import { echoes, gateways, running } from "./cluster.mjs";
import { differs } from "./judge.mjs";

const [worldsFile, casesFile] = process.argv.slice(2);
const json = process.argv.includes("--json");
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const { worlds, cases, decision } = read(worldsFile);
const requests = new Map(read(casesFile).tests.flatMap((test) => test.cases.filter(({ request }) => request).map((one) => [one.id, one])));

/** What is wrong with the shares that backends got of many requests, in the best of some tries. */
async function shares(one, asked, names, send) {
  const { weights, total_requests: total, tolerance_abs: tolerance, max_attempts: tries } = one.expect.distribution;
  let why;
  for (let turn = 0; turn < tries; turn++) {
    const counts = {};
    for (let i = 0; i < total; i++) {
      const answer = await send();
      why = differs(one, asked, answer);
      if (why !== undefined) {
        return why;
      }
      const name = names[answer.seen.service];
      counts[name] = (counts[name] ?? 0) + 1;
    }
    why = [...new Set([...Object.keys(weights), ...Object.keys(counts)])]
      .map((name) => [name, weights[name] ?? 0, (counts[name] ?? 0) / total])
      .filter(([, wished, share]) => Math.abs(share - wished) > tolerance || (wished === 0 && share > 0))
      .map(([name, wished, share]) => `${name} got ${share.toFixed(3)} of the requests, expected ${wished}`)[0];
    if (why === undefined) {
      return undefined;
    }
  }
  return why;
}

const failed = [];
let passed = 0;
await running([...(await gateways(worlds)), ...(await echoes(worlds))], async (ask) => {
  for (const asked of cases) {
    const one = requests.get(asked.id);
    const send = () => ask(asked.world, one);
    let why = asked.lacks ?? asked.why;
    if (why === undefined) {
      try {
        why = one.expect.distribution === undefined ? differs(one, asked, await send()) : await shares(one, asked, worlds[asked.world].names, send);
      } catch (error) {
        why = String(error);
      }
    }
    if (why === undefined) {
      passed += 1;
    } else {
      failed.push({ case: asked.id, host: "workerd", why: asked.unsupported === undefined || why === asked.lacks ? why : `not built yet: ${asked.unsupported} (${why})` });
    }
  }
});

const workerd = { passed, total: cases.length };
const all = [...decision.failed, ...failed];
if (json) {
  process.stdout.write(`${JSON.stringify({ decision: { passed: decision.passed, total: decision.total }, workerd, failed: all })}\n`);
} else {
  for (const { case: id, host, why } of all) {
    process.stdout.write(`  ${host} ${id}: ${why}\n`);
  }
  process.stdout.write(`decision: ${decision.passed} of ${decision.total}\nworkerd: ${workerd.passed} of ${workerd.total}\n`);
}
process.exitCode = all.some(({ why }) => !why.startsWith("not built yet")) ? 1 : 0;

// Micro-benchmarks inside workerd. Its clock stands still within a request, so a case is timed from outside: the CPU
// time of workerd's main thread for a request that repeats the step `n` times, less that of a request that repeats it
// 0 times. Each case has an isolate of its own, so that inline caches are not shared. Rounds alternate over the cases
// in shuffled order. V8 tiers differently from launch to launch, so the whole is launched several times.
import { join } from "node:path";

import { BUILD, bundle } from "./bundle.mjs";
import { cpuMain, pinning } from "./cpu.mjs";
import { shuffled } from "./stats.mjs";
import { get, startWorkerd } from "./workerd.mjs";
import { CHUNK } from "../suites/loops.mjs";

const WARM_NS = 2e7;
const ITERATIONS_MAX = 2 ** 28;

/** A worker around one suite: `?n=` says how often the case named by its binding repeats its step. */
const entryOf = (suite) => `
import { cases } from "./suites/${suite}.mjs";
let run;
export default {
  async fetch(request, env) {
    try {
      run ??= await cases[env.CASE]({ env });
      const count = Number(new URL(request.url).searchParams.get("n"));
      return new Response(String(count === 0 ? 0 : await run(count)));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};`;

/**
 * Measures the named cases together.
 * cases: { name: { suite, data? } }, each the case of that name in suites/`suite`.mjs
 * @returns {Promise<Record<string, number[]>>} per case the ns per iteration of each round, rounds in the same order
 */
export async function micro(id, cases, { rounds, launches, targetMs, quiet }) {
  const names = Object.keys(cases);
  const services = {};
  for (const name of names) {
    const { suite, data } = cases[name];
    const { modules } = await bundle(`micro-${suite}`, { source: entryOf(suite), data });
    services[name] = { modules, bindings: { CASE: { text: name } }, flags: ["nodejs_compat"] };
  }
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let launch = 0; launch < launches; launch++) {
    const server = await startWorkerd(join(BUILD, `micro-${id}`), {
      services, sockets: Object.fromEntries(names.map((name) => [name, name])),
    }, { core: pinning?.server });
    try {
      await measureLaunch(server, names, samples, { rounds, targetMs, quiet });
    } finally {
      await server.stop();
    }
  }
  return samples;
}

async function measureLaunch(server, names, samples, { rounds, targetMs, quiet }) {
  const cpuOf = async (name, count) => {
    const before = cpuMain(server.pid);
    const { status, text } = await get(server.ports[name], `/?n=${count}`);
    if (status !== 200) throw new Error(`${name}: ${text}`);
    return cpuMain(server.pid) - before;
  };
  const counts = {};
  for (const name of names) {
    await cpuOf(name, 0);
    let count = CHUNK;
    let ns = await cpuOf(name, count);
    while (ns < WARM_NS && count < ITERATIONS_MAX) {
      count *= 4;
      ns = await cpuOf(name, count);
    }
    const hot = Math.min(await cpuOf(name, count), await cpuOf(name, count));
    counts[name] = Math.max(CHUNK, Math.round((count * targetMs * 1e6) / hot / CHUNK) * CHUNK);
  }
  for (let round = 0; round < rounds; round++) {
    await quiet([server.pid]);
    for (const name of shuffled(names)) {
      const idle = await cpuOf(name, 0);
      const busy = await cpuOf(name, counts[name]);
      samples[name].push((busy - idle) / counts[name]);
    }
  }
}

// Gateways end to end inside one workerd, in alternating rounds: the same request to each, the bare proxy and a direct
// hit of the backend among them. Figures of a variant are compared with another's of the same round only.
import { join } from "node:path";

import { BUILD } from "./bundle.mjs";
import { cpuAll, pinning, watchOthers } from "./cpu.mjs";
import { load } from "./load.mjs";
import { median, shuffled } from "./stats.mjs";
import { get, startWorkerd } from "./workerd.mjs";
import { worker } from "./peers.mjs";

const CHECKS = 100;
const WARM_CONNECTIONS = 8;
/** A round in which others used this many cores or more is left out, as long as enough rounds remain. */
const OTHERS_CORES_MAX = 0.25;
const ROUNDS_MIN = 3;

/**
 * variants: { name: { modules, flags } | { service } }; plan: [{ connections, names }].
 * @returns {Promise<{ of: (name, connections) => object[] }>} samples { perSecond, p50, p90, p99, cpuUs, errors, others }
 */
export async function gateways(variants, { plan, rounds, seconds, request, quiet }) {
  const names = Object.keys(variants);
  const backend = { modules: (await worker("backend")).modules };
  const sink = { modules: (await worker("sink")).modules };
  const bindings = { SVC_A: { service: "A" }, SVC_B: { service: "B" }, SVC_C: { service: "C" } };
  const services = { A: backend, B: backend, C: backend, sink };
  for (const name of names) {
    if (variants[name].modules) services[name] = { ...variants[name], bindings, outbound: "sink" };
  }
  const server = await startWorkerd(join(BUILD, "gateways"), {
    services, sockets: Object.fromEntries(names.map((name) => [name, variants[name].service ?? name])),
  }, { core: pinning?.server });
  const samples = {};
  try {
    for (const name of names) await warm(server, name, request);
    for (let round = 0; round < rounds; round++) {
      for (const { connections, names: chosen } of plan) {
        for (const name of shuffled(chosen)) {
          await quiet([server.pid]);
          (samples[`${name}@${connections}`] ??= []).push(await sample(server, name, { connections, seconds, request }));
        }
      }
    }
  } finally {
    await server.stop();
  }
  return { of: (name, connections) => samples[`${name}@${connections}`] ?? [], samples };
}

const urlOf = (server, name, request) => `http://127.0.0.1:${server.ports[name]}${request.path}`;

/** Right first: a gateway that answers wrongly is not measured. */
async function warm(server, name, request) {
  for (let i = 0; i < CHECKS; i++) {
    const { status, text } = await get(server.ports[name], request.path, request.headers);
    if (status !== 200 || text !== request.expected) {
      throw new Error(`${name} answered ${status}: ${text.slice(0, 300)} ${server.log().slice(-500)}`);
    }
  }
  await load(urlOf(server, name, request), {
    connections: WARM_CONNECTIONS, seconds: 1, headers: request.headers, core: pinning?.load,
  });
}

async function sample(server, name, { connections, seconds, request }) {
  const cpu = cpuAll(server.pid);
  const others = watchOthers([server.pid]);
  const result = await load(urlOf(server, name, request), {
    connections, seconds, headers: request.headers, core: connections === 1 ? pinning?.server : pinning?.load,
  });
  if (result.errors > 0) throw new Error(`${name}: ${result.errors} of ${result.requests} requests failed`);
  return { ...result, cpuUs: (cpuAll(server.pid) - cpu) / result.requests / 1e3, others: others() };
}

const isCalm = ([a, b]) => a.others < OTHERS_CORES_MAX && b.others < OTHERS_CORES_MAX;
const paired = (samples, base) => samples.map((sample, round) => [sample, base[round]]).filter(([, b]) => b !== undefined);

/** Requests/s of one variant over another's; in noise, the CPU time per request the other way round. */
export const share = {
  calm: (a, b) => a.perSecond / b.perSecond,
  noisy: (a, b) => b.cpuUs / a.cpuUs,
  inNoise: "by CPU time",
};

/**
 * What one variant adds to another's median latency, µs. In noise too: with one connection the median request is
 * seldom interrupted, and it is steadier than the CPU time, which pays for the caches that others emptied.
 */
export const added = {
  calm: (a, b) => a.p50 - b.p50,
  noisy: (a, b) => a.p50 - b.p50,
  inNoise: "all rounds count",
};

/**
 * The median over rounds of a figure (`share`, `added`) of two variants' samples; NaN for no rounds. Only calm rounds
 * count. Where there are too few, all count: a share by CPU time, which another process's use of a core touches less
 * (workerd has one core and is what limits every gateway, so that the two agree when nothing else runs).
 */
export function compare(samples, base, figure) {
  const pairs = paired(samples, base);
  const calm = pairs.filter(isCalm);
  return calm.length >= ROUNDS_MIN
    ? median(calm.map(([a, b]) => figure.calm(a, b)))
    : median(pairs.map(([a, b]) => figure.noisy(a, b)));
}

/** Says so where there were not enough calm rounds, so that a noisy figure is not taken for a good one. */
export function noise(samples, base, figure) {
  const pairs = paired(samples, base);
  const calm = pairs.filter(isCalm).length;
  return calm >= ROUNDS_MIN ? "" : `others used the CPU in ${pairs.length - calm} of ${pairs.length} rounds: ${figure.inNoise}`;
}

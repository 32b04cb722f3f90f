// Rows "memory": growth of workerd's anonymous resident memory per isolate, each having served some requests, less a
// hello world's; and the size of the wasm memory before and after a million requests.
import { join } from "node:path";

import { BUILD } from "../lib/bundle.mjs";
import { rowOf } from "../lib/budgets.mjs";
import { anonKib } from "../lib/cpu.mjs";
import { startLoader } from "../lib/isolates.mjs";
import { LARGE_PATH } from "../lib/ours.mjs";
import { FOUR, flagsOf, peer, worker } from "../lib/peers.mjs";
import { medianDifference } from "../lib/stats.mjs";
import { get, startWorkerd } from "../lib/workerd.mjs";

const HELLO = "hello world";
const OURS = "diddy-mesh";
/** The first isolates pay for the process's own caches and are not counted. */
const ISOLATES_FIRST = 6;
const ISOLATES = 30;
const REQUESTS_EACH = 10;
const REQUESTS_LINEAR = 1_000_000;
/** One call serves so many: a request of a Worker must end. */
const BATCH = 50_000;

export async function measure({ quick, ours, request }) {
  const stacks = quick ? ["hono", FOUR] : ["hono", "hono+cockatiel", "hono+cockatiel+jose", FOUR];
  const variants = { [HELLO]: { modules: (await worker("hello")).modules, path: request.path } };
  for (const name of stacks) variants[name] = { modules: (await peer(name)).modules, flags: flagsOf(name), path: request.path };
  if (ours) variants[OURS] = { modules: (await ours.worker("ours", "large")).modules, path: LARGE_PATH };
  const names = Object.keys(variants);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const name of names) samples[name].push(await kibPerIsolate(name, variants[name], request));
  }
  const addedTo = (name) => medianDifference(samples[name], samples[HELLO]);
  const peers = Object.fromEntries(stacks.map((name) => [name, addedTo(name)]));
  const linear = ours && (await linearKib(ours));
  return {
    rows: [
      rowOf("memory", { ours: ours && addedTo(OURS), peers, ratio: ours && addedTo(OURS) / peers[FOUR] }),
      rowOf("memory-linear", {
        ours: linear && linear.last, grown: linear && linear.last - linear.first,
        note: linear ? `${linear.first} KiB after the first ${BATCH} requests` : undefined,
      }),
    ],
    raw: { samples, linear },
  };
}

async function kibPerIsolate(name, variant, request) {
  const loader = await startLoader("memory", { [name]: variant }, request);
  const serve = async (from, to) => {
    for (let isolate = from; isolate < to; isolate++) {
      for (let i = 0; i < REQUESTS_EACH; i++) await loader.call(name, isolate);
    }
  };
  try {
    await serve(0, ISOLATES_FIRST);
    const before = anonKib(loader.pid);
    await serve(ISOLATES_FIRST, ISOLATES_FIRST + ISOLATES);
    return (anonKib(loader.pid) - before) / ISOLATES;
  } finally {
    await loader.stop();
  }
}

/** The engine's linear memory after the first batch and after a million requests. */
async function linearKib(ours) {
  const server = await startWorkerd(join(BUILD, "memory-linear"), {
    services: { memory: { modules: (await ours.worker("ours-memory", "large")).modules } }, sockets: { memory: "memory" },
  });
  const serve = async () => {
    const { status, text } = await get(server.ports.memory, `/?n=${BATCH}`);
    if (status !== 200) throw new Error(`linear memory: ${text}`);
    return Number(text) / 1024;
  };
  try {
    const first = await serve();
    let last = first;
    for (let served = BATCH; served < REQUESTS_LINEAR; served += BATCH) last = await serve();
    return { first, last };
  } finally {
    await server.stop();
  }
}

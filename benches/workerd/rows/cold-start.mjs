// Rows "cold start": the first request to a fresh isolate, less that of a hello world made in the same round. The figure
// is isolate + compile + module evaluation + first answer, without the start of a process.
import { rowOf } from "../lib/budgets.mjs";
import { startLoader } from "../lib/isolates.mjs";
import { LARGE_PATH } from "../lib/ours.mjs";
import { FOUR, flagsOf, peer, worker } from "../lib/peers.mjs";
import { median, medianDifference, shuffled } from "../lib/stats.mjs";

const HELLO = "hello world";
const OURS = "diddy-mesh";
const CODE = "engine, not instantiated";
const LOADED = "engine, instantiated and loaded";
/** Isolates of each kind per process: workerd keeps them all, so a process is not used for ever. */
const PER_PROCESS = 12;

const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

export async function measure({ quick, ours, request, quiet }) {
  const stacks = ["hono", ...(quick ? [] : ["hono+cockatiel"]), "hono+cockatiel+jose", FOUR];
  const variants = { [HELLO]: { modules: (await worker("hello")).modules, path: request.path } };
  for (const name of stacks) variants[name] = { modules: (await peer(name)).modules, flags: flagsOf(name), path: request.path };
  if (ours) {
    variants[OURS] = { modules: (await ours.worker("ours", "large")).modules, path: LARGE_PATH };
    for (const [name, LOAD] of [[CODE, "false"], [LOADED, "true"]]) {
      variants[name] = { modules: (await ours.worker("ours-load", "large", { LOAD })).modules, path: LARGE_PATH };
    }
  }
  const names = Object.keys(variants);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  const rounds = quick ? 12 : 36;
  for (let done = 0; done < rounds; ) {
    const loader = await startLoader("cold-start", variants, request);
    try {
      for (const name of names) await loader.call(name, "first"); // the process's own first-time costs
      for (let i = 0; i < PER_PROCESS && done < rounds; i++, done++) {
        for (const name of shuffled(names)) {
          await quiet([loader.pid]);
          const started = nowMs();
          await loader.call(name, i);
          samples[name].push(nowMs() - started);
        }
      }
    } finally {
      await loader.stop();
    }
  }
  const addedTo = (name) => medianDifference(samples[name], samples[HELLO]);
  const peers = Object.fromEntries(stacks.map((name) => [name, addedTo(name)]));
  return {
    rows: [
      rowOf("cold-start", {
        ours: ours && addedTo(OURS), peers, ratio: ours && addedTo(OURS) / peers["hono+cockatiel+jose"],
        note: `hello world's own first request: ${median(samples[HELLO]).toFixed(2)} ms`,
      }),
      rowOf("cold-load", {
        ours: ours && medianDifference(samples[LOADED], samples[CODE]),
        note: "difference of two fresh isolates with the same code, one of which instantiates and loads",
      }),
    ],
    raw: samples,
  };
}

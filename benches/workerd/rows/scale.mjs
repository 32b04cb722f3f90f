// Rows "scale": a mesh of 1000 services with ten endpoints each beside smaller ones. The smaller ones stand where other
// rows have peers; the ratio is the largest over the one a tenth of it.
import { readFileSync } from "node:fs";

import { rowOf } from "../lib/budgets.mjs";
import { micro } from "../lib/micro.mjs";
import { sizeOf, SIZES } from "../suites/scale.mjs";
import { median, medianRatio } from "../lib/stats.mjs";

const LAUNCHES = 3;
const [SMALL, MIDDLE, LARGE] = SIZES;

export async function measure({ quick, ours, quiet }) {
  if (!ours) return { rows: [], raw: {} };
  const snapshots = ours.scaled(SIZES);
  const data = Object.fromEntries(SIZES.map((services) => [`snapshot-${services}.bin`, snapshots[services].bytes]));
  const cases = Object.fromEntries(SIZES.flatMap((services) => ["decide", "load"].map((what) => [`${what} ${services}`, { suite: "ours-scale", data }])));
  const samples = await micro("scale", cases, { rounds: quick ? 5 : 9, launches: quick ? 1 : LAUNCHES, targetMs: quick ? 20 : 60, quiet });
  const row = (id, values, ratio = values[LARGE] / values[MIDDLE]) =>
    rowOf(id, { ours: values[LARGE], peers: { [sizeOf(SMALL)]: values[SMALL], [sizeOf(MIDDLE)]: values[MIDDLE] }, ratio });
  const each = (value) => Object.fromEntries(SIZES.map((services) => [services, value(services)]));
  const sampled = (what, unit) => each((services) => median(samples[`${what} ${services}`]) / unit);
  return {
    rows: [
      row("scale-compile", each((services) => snapshots[services].compileMs)),
      row("scale-bytes", each((services) => snapshots[services].bytes.length / 1000)),
      row("scale-load", sampled("load", 1e6)),
      row("scale-memory", each((services) => linearKib(snapshots[services].bytes))),
      row("scale-decision", sampled("decide", 1), medianRatio(samples[`decide ${LARGE}`], samples[`decide ${MIDDLE}`])),
    ],
    raw: samples,
  };
}

/** The engine's linear memory with that Snapshot. */
function linearKib(bytes) {
  const module = new WebAssembly.Module(readFileSync(new URL("../../../npm/diddy-mesh/wasm/engine.wasm", import.meta.url)));
  const glue = new Proxy({}, { get: () => () => undefined });
  const { engine_input, engine_load, memory, __wbindgen_start } = new WebAssembly.Instance(module, new Proxy({}, { get: () => glue })).exports;
  __wbindgen_start?.();
  const at = engine_input(bytes.length);
  new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
  const failure = engine_load(bytes.length, 0);
  if (failure !== 0) throw new Error(`the Snapshot was refused: ${failure}`);
  return memory.buffer.byteLength / 1024;
}

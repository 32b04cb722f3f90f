// The rows of the budget table: name, unit, budget in words, and whether a figure keeps it. The budgets are the
// project's design (its section "Budgets"); a row whose budget is on the ratio says so.
import { significant } from "./stats.mjs";

const atMost = (most) => (ours) => ours <= most;
const atLeast = (least) => (ours) => ours >= least;

/** id: { row, unit, budget, keeps(ours, ratio) } in the order of the table. */
export const ROWS = {
  "size": { row: "size of diddy-mesh, min + gzip, JS + wasm", unit: "kB", budget: "≤ 36 kB", keeps: atMost(36) },
  "size-core": { row: "size of diddy-mesh/core, min + gzip, JS + wasm", unit: "kB", budget: "≤ 20 kB", keeps: atMost(20) },
  "cold-start": {
    row: "cold start added to hello world, first request, whole isolate", unit: "ms", budget: "≤ 4 ms", keeps: atMost(4),
  },
  "cold-load": {
    row: "instantiate + load a Snapshot of 100 services, 200 routes", unit: "ms", budget: "≤ 1 ms", keeps: atMost(1),
  },
  "decision": {
    row: "one decision: 203 routes + balance + breaker + retry state", unit: "ns", budget: "≤ 1000 ns", keeps: atMost(1000),
  },
  "route-match": {
    row: "route match alone, GitHub table", unit: "ns", budget: "≤ 0.6 × hono's fastest", keeps: (_, ratio) => ratio <= 0.6,
  },
  "added-p50": {
    row: "added to the bare proxy's p50, everything on", unit: "µs", budget: "≤ 20 µs", keeps: atMost(20),
  },
  "gateway": {
    row: "requests/s of bare: routing + breaker + retry + timeout", unit: "× bare", budget: "≥ 0.90", keeps: atLeast(0.9),
  },
  "gateway-observed": {
    row: "requests/s of bare: + trace header + metrics", unit: "× bare", budget: "≥ 0.85", keeps: atLeast(0.85),
  },
  "gateway-token": {
    row: "requests/s of bare: + token check", unit: "× bare", budget: "≥ 0.80", keeps: atLeast(0.8),
  },
  "gateway-stack": {
    row: "requests/s, everything on, against the four-library stack", unit: "× bare", budget: "≥ 3 × the stack",
    keeps: (_, ratio) => ratio >= 3,
  },
  "memory": {
    row: "memory added to hello world, per isolate", unit: "KiB", budget: "≤ 700 KiB", keeps: atMost(700),
  },
  "memory-linear": {
    row: "linear memory, 100 services, 200 routes, after 1 M requests", unit: "KiB", budget: "≤ 384 KiB, no growth",
    keeps: (ours, _, grown) => ours <= 384 && grown === 0,
  },
  // The larger mesh has ten times the services: linear growth is a ratio of 10.
  "scale-compile": { row: "compile 1000 services of 10 endpoints", unit: "ms", budget: "≤ 15 × a tenth of it", keeps: (_, ratio) => ratio <= 15 },
  "scale-bytes": { row: "Snapshot of 1000 services of 10 endpoints", unit: "kB", budget: "≤ 11 × a tenth of it", keeps: (_, ratio) => ratio <= 11 },
  "scale-load": { row: "load it", unit: "ms", budget: "≤ 12 × a tenth of it", keeps: (_, ratio) => ratio <= 12 },
  "scale-memory": { row: "linear memory with it", unit: "KiB", budget: "≤ 11 × a tenth of it", keeps: (_, ratio) => ratio <= 11 },
  "scale-decision": { row: "one decision with it", unit: "ns", budget: "≤ 1.5 × a tenth of it", keeps: (_, ratio) => ratio <= 1.5 },
};

/**
 * One row of the result. `ratio` is ours over the peer that the row is judged by; null where either is missing.
 * `ok` is null where ours was not measured.
 */
export function rowOf(id, { ours = null, peers = {}, ratio = null, grown, note }) {
  const { row, unit, budget, keeps } = ROWS[id];
  const measured = ours !== null && Number.isFinite(ours);
  return {
    row, unit,
    ours: measured ? significant(ours) : null,
    peers: Object.fromEntries(Object.entries(peers).map(([name, value]) => [name, significant(value)])),
    ratio: measured && ratio !== null ? significant(ratio) : null,
    budget,
    ok: measured ? keeps(ours, ratio, grown) : null,
    ...(note ? { note } : {}),
  };
}

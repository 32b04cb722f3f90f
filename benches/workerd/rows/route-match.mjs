// Row "route match alone": the GitHub table, one request per route, against hono's routers and rou3.
import { rowOf } from "../lib/budgets.mjs";
import { micro } from "../lib/micro.mjs";
import { median, medianRatio } from "../lib/stats.mjs";

const QUICK = ["hono RegExpRouter", "hono TrieRouter", "rou3"];
const FULL = ["hono RegExpRouter", "hono SmartRouter", "hono TrieRouter", "hono PatternRouter", "rou3"];
const OURS = "diddy-mesh";

export async function measure({ quick, ours, quiet }) {
  const cases = Object.fromEntries((quick ? QUICK : FULL).map((name) => [name, { suite: "route-match" }]));
  if (ours) cases[OURS] = { suite: "ours-route-match", data: { "snapshot.bin": ours.snapshots.github, "redirects.bin": ours.snapshots.redirects } };
  const samples = await micro("route-match", cases, {
    rounds: quick ? 7 : 11, launches: quick ? 2 : 5, targetMs: quick ? 20 : 60, quiet,
  });
  const { [OURS]: mine, ...others } = samples;
  const peers = Object.fromEntries(Object.entries(others).map(([name, ns]) => [name, median(ns)]));
  const fastest = Object.keys(peers).filter((name) => name.startsWith("hono")).sort((a, b) => peers[a] - peers[b])[0];
  return {
    rows: [rowOf("route-match", {
      ours: mine ? median(mine) : null, peers, ratio: mine ? medianRatio(mine, others[fastest]) : null,
      note: `hono's fastest in this run: ${fastest}; ours with the path into the wasm, its normal form, `
        + "rule and backend",
    })],
    raw: samples,
  };
}

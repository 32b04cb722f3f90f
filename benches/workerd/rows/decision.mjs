// Row "one decision": begin and resume of a request over the GitHub table, against hono's router with cockatiel.
import { rowOf } from "../lib/budgets.mjs";
import { micro } from "../lib/micro.mjs";
import { median, medianRatio } from "../lib/stats.mjs";

const PEERS = ["hono+cockatiel (retry, breaker)", "hono+cockatiel (retry, breaker, timeout)"];
const OURS = "diddy-mesh";

export async function measure({ quick, ours, quiet }) {
  const cases = Object.fromEntries(PEERS.map((name) => [name, { suite: "decision" }]));
  if (ours) cases[OURS] = { suite: "ours-decision", data: { "snapshot.bin": ours.snapshots.github } };
  const samples = await micro("decision", cases, {
    rounds: quick ? 7 : 11, launches: quick ? 2 : 5, targetMs: quick ? 20 : 60, quiet,
  });
  const { [OURS]: mine, ...others } = samples;
  return {
    rows: [rowOf("decision", {
      ours: mine ? median(mine) : null,
      peers: Object.fromEntries(Object.entries(others).map(([name, ns]) => [name, median(ns)])),
      ratio: mine ? medianRatio(mine, others[PEERS[0]]) : null,
      note: "peers match and await a settled attempt; they do not balance",
    })],
    raw: samples,
  };
}

// Loading and deciding with meshes of several sizes.
import snapshot10 from "./snapshot-10.bin";
import snapshot100 from "./snapshot-100.bin";
import snapshot1000 from "./snapshot-1000.bin";
import { roundRobin, sync } from "./loops.mjs";
import { decisions, loaded, reloaded } from "./ours-engine.mjs";
import { scaledRequests } from "./scale.mjs";

const snapshots = { 10: snapshot10, 100: snapshot100, 1000: snapshot1000 };

export const cases = Object.fromEntries(
  Object.entries(snapshots).flatMap(([services, snapshot]) => [
    [
      `decide ${services}`,
      () => {
        const requests = scaledRequests(Number(services));
        const decide = decisions(loaded(snapshot), requests);
        const next = roundRobin(requests.length);
        return sync(() => decide(next()));
      },
    ],
    [
      `load ${services}`,
      () => {
        const load = reloaded(snapshot);
        return sync(load);
      },
    ],
  ]),
);

// One decision by ours: the route among the 203, balance over three endpoints, breaker and retry state, begin and resume.
import snapshot from "./snapshot.bin";
import { githubRequests } from "./github.mjs";
import { roundRobin, sync } from "./loops.mjs";
import { decisions, loaded } from "./ours-engine.mjs";

export const cases = {
  "diddy-mesh": () => {
    const decide = decisions(loaded(snapshot), githubRequests);
    const next = roundRobin(githubRequests.length);
    return sync(() => decide(next()));
  },
};

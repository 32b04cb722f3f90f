// Route match alone by ours: from the URL string into the wasm, and out with the refusal of a request that has its rule.
import redirects from "./redirects.bin";
import snapshot from "./snapshot.bin";
import { check, githubRequests } from "./github.mjs";
import { roundRobin, sync } from "./loops.mjs";
import { REFUSED, loaded, matches, redirectedTo } from "./ours-engine.mjs";

export const cases = {
  "diddy-mesh": () => {
    // the same routes, each with an answer that names it, say which one takes a request
    const named = redirectedTo(loaded(redirects), githubRequests);
    const index = new Map(githubRequests.map(({ method, path }, i) => [`${method} ${path}`, i]));
    const match = matches(loaded(snapshot), githubRequests);
    check((method, path) => {
      const i = index.get(`${method} ${path}`);
      return match(i) === REFUSED ? named(i) : NaN;
    });
    const next = roundRobin(githubRequests.length);
    return sync(() => match(next()));
  },
};

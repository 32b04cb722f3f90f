// Route match alone by ours: from the URL string into the wasm, and out with the answer of the rule that took it.
import snapshot from "./snapshot.bin";
import { check, githubRequests } from "./github.mjs";
import { roundRobin, sync } from "./loops.mjs";
import { loaded, matches, redirectedTo } from "./ours-engine.mjs";

export const cases = {
  "diddy-mesh": () => {
    const engine = loaded(snapshot);
    const match = matches(engine, githubRequests);
    const index = new Map(githubRequests.map(({ method, path }, i) => [`${method} ${path}`, i]));
    check((method, path) => {
      match(index.get(`${method} ${path}`));
      return redirectedTo(engine);
    });
    const next = roundRobin(githubRequests.length);
    return sync(() => match(next()));
  },
};

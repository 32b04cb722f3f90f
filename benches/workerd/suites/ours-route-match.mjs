// Route match alone by ours: from the URL string into the wasm, and out with the route's number and its parameters.
import snapshot from "./snapshot.bin";
import { check, githubRequests, githubRoutes } from "./github.mjs";
import { roundRobin, sync } from "./loops.mjs";
import { loaded, matches } from "./ours-engine.mjs";

export const cases = {
  "diddy-mesh": () => {
    const patterns = githubRoutes.map(([method, path]) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const match = matches(loaded(snapshot), patterns, githubRequests);
    const index = new Map(githubRequests.map(({ method, path }, i) => [`${method} ${path}`, i]));
    check((method, path) => match(index.get(`${method} ${path}`)));
    const next = roundRobin(githubRequests.length);
    return sync(() => match(next()));
  },
};

// Route match alone: each case is given a URL string, cuts the path out of it and finds the route, as a Worker must.
import { PatternRouter } from "hono/router/pattern-router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { addRoute, createRouter, findRoute } from "rou3";

import { ORIGIN, check, githubRequests, githubRoutes } from "./github.mjs";
import { roundRobin, sync } from "./loops.mjs";

const hono = (router) => {
  githubRoutes.forEach(([method, path], index) => router.add(method, path, index));
  return (method, path) => router.match(method, path)[0][0][0];
};

const matchers = {
  "hono RegExpRouter": () => hono(new RegExpRouter()),
  "hono SmartRouter": () => hono(new SmartRouter({ routers: [new RegExpRouter(), new TrieRouter()] })),
  "hono TrieRouter": () => hono(new TrieRouter()),
  "hono PatternRouter": () => hono(new PatternRouter()),
  "rou3": () => {
    const router = createRouter();
    githubRoutes.forEach(([method, path], index) => addRoute(router, method, path, { index }));
    return (method, path) => findRoute(router, method, path).data.index;
  },
};

export const cases = Object.fromEntries(
  Object.entries(matchers).map(([name, make]) => [name, () => {
    const match = check(make());
    const next = roundRobin(githubRequests.length);
    const start = ORIGIN.length;
    return sync(() => {
      const { method, url } = githubRequests[next()];
      return match(method, url.slice(start));
    });
  }]),
);

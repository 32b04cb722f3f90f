// One decision by the peers: the route among the 203, then retry and breaker around an attempt that succeeds at once.
// Cockatiel is asynchronous throughout, so its cost includes the awaits that its users pay.
import { restore } from "../workers/parts/module-scope.mjs";
import { ConsecutiveBreaker, ExponentialBackoff, TimeoutStrategy, circuitBreaker, handleAll, retry, timeout, wrap } from "cockatiel";
import { RegExpRouter } from "hono/router/reg-exp-router";

import { ORIGIN, check, githubRequests, githubRoutes } from "./github.mjs";
import { awaited, roundRobin } from "./loops.mjs";

restore();

const attempt = () => Promise.resolve(1);
const retrying = () => retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() });
const breaking = () => circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });

const decide = (policy) => () => {
  const router = new RegExpRouter();
  githubRoutes.forEach(([method, path], index) => router.add(method, path, index));
  const match = check((method, path) => router.match(method, path)[0][0][0]);
  const policies = Array.from({ length: 10 }, policy);
  const next = roundRobin(githubRequests.length);
  const start = ORIGIN.length;
  return awaited(async () => {
    const { method, url } = githubRequests[next()];
    return policies[match(method, url.slice(start)) % 10].execute(attempt);
  });
};

export const cases = {
  "hono+cockatiel (retry, breaker)": decide(() => wrap(retrying(), breaking())),
  "hono+cockatiel (retry, breaker, timeout)": decide(() =>
    wrap(retrying(), breaking(), timeout(2000, TimeoutStrategy.Aggressive))),
};

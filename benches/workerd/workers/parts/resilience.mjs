// Retry, breaker and timeout by cockatiel, one policy per service: the settings that ours has in the same runs.
import { restore } from "./module-scope.mjs";
import {
  ConsecutiveBreaker, ExponentialBackoff, TimeoutStrategy, circuitBreaker, handleAll, retry, timeout, wrap,
} from "cockatiel";

restore();

const policy = () =>
  wrap(
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
    timeout(2000, TimeoutStrategy.Aggressive),
  );

const policies = new Map([["SVC_A", policy()], ["SVC_B", policy()], ["SVC_C", policy()]]);

export const via = (service, hop) => policies.get(service).execute(hop);

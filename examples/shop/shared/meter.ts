/** What this Worker counted since it started. Plain numbers, bounded, read by the demo through `/_control/stats`. */
import type { Fetch } from "./calls";

/** Durations kept per service; older ones give way. */
const SAMPLES_MAX = 4096;
/** More names than this are not services of the shop. */
const SERVICES_MAX = 32;

interface CallMeter {
  calls: number;
  /** No answer, or a 5xx. */
  failed: number;
  /** How long each took, in ms, retries included. */
  ms: number[];
  /** How often this Worker's breakers opened for an endpoint of the service. */
  opened: number;
}

const served = { requests: 0, failed: 0 };
const calls = new Map<string, CallMeter>();

function meterOf(service: string): CallMeter {
  const known = calls.get(service);
  if (known !== undefined) {
    return known;
  }
  const fresh = { calls: 0, failed: 0, ms: [], opened: 0 };
  if (calls.size < SERVICES_MAX) {
    calls.set(service, fresh);
  }
  return fresh;
}

/** Counts the requests that reached this Worker: each is one attempt of somebody. */
export async function counted(answer: () => Promise<Response>): Promise<Response> {
  served.requests += 1;
  try {
    const response = await answer();
    served.failed += response.status >= 500 ? 1 : 0;
    return response;
  } catch (error) {
    served.failed += 1;
    throw error;
  }
}

/** Counts the calls this Worker makes. */
export function metered(fetch: Fetch): Fetch {
  return async (service, target, init) => {
    const meter = meterOf(service);
    const number = meter.calls;
    meter.calls += 1;
    const started = performance.now();
    let failed = true;
    try {
      const response = await fetch(service, target, init);
      failed = response.status >= 500;
      return response;
    } finally {
      meter.ms[number % SAMPLES_MAX] = performance.now() - started;
      meter.failed += failed ? 1 : 0;
    }
  };
}

/** Counts a breaker that opened. */
export function opened(service: string): void {
  meterOf(service).opened += 1;
}

/** Everything counted. */
export function readings(): object {
  return { served, calls: Object.fromEntries(calls) };
}

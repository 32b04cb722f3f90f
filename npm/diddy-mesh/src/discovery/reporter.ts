/** While a rollout is running, isolates tell the registry's object what became of their requests: it stops one that does worse. At other times nothing is told. */
import type { IsolateReport } from "../protocol.js";
import type { SourceScene } from "../types.js";

interface Baseline {
  /** Which Snapshot the counts are of. */
  readonly version: number;
  readonly candidate: boolean;
  readonly requests: number;
  readonly failures: number;
}

/** See the head of this file. */
export class Reporter {
  #before: Baseline | undefined;

  /** What happened since the last time; undefined where nothing did, or where it cannot be said of one Snapshot alone. */
  due({ candidate, stats, version }: SourceScene): IsolateReport | undefined {
    const services = Object.values(stats());
    const now: Baseline = {
      version,
      candidate,
      requests: services.reduce((sum, { requests }) => sum + requests, 0),
      failures: services.reduce((sum, { failures }) => sum + failures, 0),
    };
    const before = this.#before;
    this.#before = now;
    if (before === undefined || before.version !== version || before.candidate !== candidate || now.requests <= before.requests) {
      return undefined;
    }
    return { version, candidate, requests: now.requests - before.requests, failures: Math.max(0, now.failures - before.failures) };
  }
}

/**
 * What an isolate tells the registry's object: while a rollout is running what became of its requests, and what it saw of
 * services whose state is shared. Where there is nothing of both, nothing is told.
 */
import type { IsolateReport, ReportAnswer, RolloutReport } from "../protocol.js";
import type { SourceScene } from "../types.js";
import { seenSince, type Seen } from "./seen.js";

interface Baseline {
  /** Which Snapshot the counts are of. */
  readonly version: number;
  readonly candidate: boolean;
  readonly requests: number;
  readonly failures: number;
}

/** After so many reports in a row that were lost, what was not told is given up, and so is what others said. */
const LOST_MAX = 3;
const WHOLE = { retryShare: 1 };

/** See the head of this file. */
export class Reporter {
  #before: Baseline | undefined;
  /** What was told of services that are shared. */
  #told: Seen = new Map();
  /** From when on there may be another report of them: one that is under way is not told twice. */
  #nextAt = -Infinity;
  #lost = 0;
  /** Services of whose budget this isolate holds a share. */
  readonly #sharing = new Set<string>();

  /**
   * Tells what there is to tell, by `ask`, which may take so long; undefined where that is nothing. Of services that are
   * shared `isolate` tells every so often; what is lost is told with the next report.
   */
  tell(scene: SourceScene, isRollout: boolean, isolate: number, everyMs: number, ms: number, ask: (report: IsolateReport) => Promise<ReportAnswer>): Promise<void> | undefined {
    const now = performance.now();
    const shared = scene.shared();
    for (const service of this.#sharing) {
      if (!shared.includes(service)) {
        // Nobody shares it any more: the whole budget is this isolate's again.
        this.#sharing.delete(service);
        scene.hint(service, WHOLE);
      }
    }
    const rollout = isRollout ? this.#rollout(scene) : undefined;
    const { seen, services } = now < this.#nextAt ? { seen: this.#told, services: {} } : seenSince(this.#told, scene);
    const seenShared = Object.keys(services).length > 0 ? { isolate, everyMs, services } : undefined;
    if (seenShared === undefined) {
      return rollout && this.#ask(scene, () => ask(rollout));
    }
    this.#nextAt = now + Math.max(everyMs, ms);
    return this.#ask(scene, () => ask({ ...rollout, shared: seenShared }), seen);
  }

  async #ask(scene: SourceScene, ask: () => Promise<ReportAnswer>, seen = this.#told): Promise<void> {
    try {
      // An object of the release before answers with nothing: it shares nothing, which is as good as no answer.
      const { hints, version } = await ask();
      this.#told = seen;
      this.#lost = 0;
      Object.entries(hints).forEach(([service, hint]) => {
        this.#sharing.add(service);
        scene.hint(service, hint);
      });
      scene.news(version);
    } catch {
      this.#lost += 1;
      if (this.#lost >= LOST_MAX) {
        this.#told = seen;
        scene.shared().forEach((service) => scene.hint(service, WHOLE));
      }
    }
  }

  /** What became of requests since the last time; undefined where nothing did, or where it cannot be said of one Snapshot alone. */
  #rollout({ candidate, stats, version }: SourceScene): RolloutReport | undefined {
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

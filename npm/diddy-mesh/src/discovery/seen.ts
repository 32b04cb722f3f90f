/** What this isolate counted of services whose state is shared, and how much of that is new. */
import type { ServiceReport } from "../protocol.js";
import type { SourceScene } from "../types.js";

/** Counters by what they count. */
export type Seen = ReadonlyMap<string, number>;

/** What was counted by now, and what of it was not before. A service that was not shared before only names itself. */
export function seenSince(before: Seen, scene: SourceScene): { readonly seen: Seen; readonly services: Readonly<Record<string, ServiceReport>> } {
  const seen = new Map<string, number>();
  const services: Record<string, ServiceReport> = {};
  const stats = scene.stats();
  for (const name of scene.shared()) {
    const { concurrency = 0, endpoints = [], requests = 0 } = stats[name] ?? {};
    const isNew = !before.has(name);
    const more = (of: string, now: number): number => {
      let key = of;
      while (seen.has(key)) {
        // The same endpoint stands there twice.
        key += "+";
      }
      seen.set(key, now);
      const told = before.get(key) ?? (isNew ? now : 0);
      // An engine that was made anew counts from 0.
      return now < told ? now : now - told;
    };
    const report: ServiceReport = {
      requests: more(name, requests),
      ...(concurrency > 0 && { limit: concurrency }),
      endpoints: endpoints
        .map(({ address, attempts, breaker, breakerOpened, failures, inFlight, version }) => {
          const key = `${name} ${address} ${version} `;
          // An attempt under way may fail yet: it is told when it is over.
          return { address, version, attempts: more(`${key}attempts`, Math.max(0, attempts - inFlight)), failures: more(`${key}failures`, failures), opened: more(`${key}opened`, breakerOpened), open: breaker !== "closed" };
        })
        .filter(({ attempts, failures, opened }) => attempts + failures + opened > 0),
    };
    if (isNew || report.requests > 0 || report.endpoints.length > 0) {
      services[name] = report;
    }
  }
  return { seen, services };
}

/** The engine's counters as objects by service and endpoint. */
import type { Brain } from "./engine.js";
import { ASK, BREAKERS, ENDPOINT_COLUMNS, HEALTHS, SERVICE_COLUMNS } from "./generated/abi.js";
import { guarded } from "./recovery.js";
import type { Slot } from "./slot.js";
import type { EndpointStats, ServiceStats } from "./types.js";

/** Reads the counters. Empty before the first request. */
export function readStats(slot: Slot): Record<string, ServiceStats> {
  const now = performance.now();
  return slot.endpoints.length === 0 && slot.services.size === 0 ? {} : (guarded(slot, () => read(slot, slot.brain(), now)) ?? {});
}

function read(slot: Slot, brain: Brain, now: number): Record<string, ServiceStats> {
  const count = brain.ask(ASK.STATS, now);
  // Copied: the next call into the engine takes the place.
  const words = brain.words(count).slice();
  const found: Record<string, ServiceStats & { readonly endpoints: EndpointStats[] }> = {};
  const { services, endpoints, versions } = slot.known;
  services.forEach((name, i) => {
    found[name] = { ...row(words, i * SERVICE_COLUMNS.length, SERVICE_COLUMNS), endpoints: [] };
  });
  const first = services.length * SERVICE_COLUMNS.length;
  endpoints.forEach((address, i) => {
    const { service, breaker, health, reachable, ...counters } = row(words, first + i * ENDPOINT_COLUMNS.length, ENDPOINT_COLUMNS);
    found[services[service] ?? ""]?.endpoints.push({
      address,
      version: versions[i] ?? "",
      ...counters,
      breaker: BREAKERS[breaker] ?? "closed",
      health: HEALTHS[health] ?? "healthy",
      reachable: reachable === 1,
    });
  });
  return found;
}

function row<Name extends string>(words: Uint32Array, at: number, names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, words[at + i] ?? 0])) as Record<Name, number>;
}

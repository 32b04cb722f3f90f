/** The engine's table of counters as objects by service and endpoint. */
import { STATS } from "./generated/abi.js";
import { guarded } from "./recovery.js";
import { memory } from "./runtime.js";
import type { Slot } from "./slot.js";
import type { EndpointStats } from "./types.js";

/** Reads the table. Empty before the first request. */
export function readStats(slot: Slot): Record<string, EndpointStats[]> {
  const width = STATS.length;
  const found: Record<string, EndpointStats[]> = Object.fromEntries(slot.serviceNames.map((name) => [name, []]));
  if (slot.stale()) {
    return found;
  }
  const now = performance.now();
  const table = guarded(slot, now, () => new Uint32Array(memory().buffer, slot.brain(now).raw.stats(), width * slot.endpoints.length));
  slot.endpoints.forEach(({ address, version, reachable, service }, i) => {
    const values = Object.fromEntries(STATS.map((name, column) => [name, table?.[i * width + column] ?? 0]));
    found[slot.serviceNames[service] as string]?.push({ address, version, reachable, values });
  });
  return found;
}

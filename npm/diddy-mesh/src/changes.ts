/** What a new Snapshot changed of the endpoints, as events. */
import { readStats } from "./stats.js";
import type { Slot } from "./slot.js";
import type { MeshEvent } from "./types.js";

/** An endpoint as it was told last. */
export interface ToldEndpoint {
  readonly service: string;
  readonly endpoint: string;
  readonly detail: string;
}

/** Events of endpoints that came, left, or changed their health since the last time. What the first Snapshot has is no change. */
export function endpointChanges(slot: Slot): MeshEvent[] {
  const { known, told } = slot;
  if (told?.of === known) {
    return [];
  }
  const now = new Map<string, ToldEndpoint>();
  for (const [service, { endpoints }] of Object.entries(readStats(slot))) {
    for (const { address, health, version } of endpoints) {
      now.set(`${service} ${address} ${version}`, { service, endpoint: address, detail: health });
    }
  }
  const before = told?.endpoints ?? now;
  slot.told = { of: known, endpoints: now };
  const at = performance.now();
  const arrived = [...now].filter(([key]) => !before.has(key)).map(([, one]) => ({ type: "endpoint_added", at, ...one }));
  const turned = [...now].filter(([key, { detail }]) => (before.get(key)?.detail ?? detail) !== detail).map(([, one]) => ({ type: "endpoint_health", at, ...one }));
  const left = [...before].filter(([key]) => !now.has(key)).map(([, one]) => ({ type: "endpoint_removed", at, ...one }));
  return [...arrived, ...turned, ...left];
}

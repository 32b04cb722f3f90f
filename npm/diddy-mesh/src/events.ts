/** Events of the engine and of the host, as typed objects. */
import { DENIALS, EVENT, EVENTS, OUT } from "./generated/abi.js";
import { guarded } from "./recovery.js";
import { reasonName } from "./respond.js";
import { memory } from "./runtime.js";
import type { Slot } from "./slot.js";
import type { MeshEvent } from "./types.js";

/** Hands every waiting event to `sink`, after the current turn. */
export async function drain(slot: Slot, sink: (event: MeshEvent) => void): Promise<void> {
  await Promise.resolve();
  const at = performance.now();
  const events = slot.noticed.splice(0).concat(guarded(slot, at, () => ofEngine(slot, at)) ?? []);
  for (const event of events) {
    try {
      sink(event);
    } catch {
      // An observer must not disturb what it observes.
    }
  }
}

function ofEngine(slot: Slot, now: number): MeshEvent[] {
  const brain = slot.brain(now);
  const found: MeshEvent[] = [];
  for (let count = brain.raw.events(); count > 0; count = brain.raw.events()) {
    const rows = new Int32Array(memory().buffer, brain.slot(OUT.EVENTS), count * EVENT.LEN);
    for (let i = 0; i < count; i++) {
      found.push(event(slot, rows.subarray(i * EVENT.LEN), now));
    }
  }
  return found;
}

function event(slot: Slot, row: Int32Array, at: number): MeshEvent {
  const type = EVENTS[row[EVENT.KIND] as number] ?? "unknown";
  const code = row[EVENT.CODE] as number;
  return {
    type,
    at,
    service: slot.serviceNames[row[EVENT.SERVICE] as number],
    endpoint: slot.endpoints[row[EVENT.ENDPOINT] as number]?.address,
    attempt: row[EVENT.ATTEMPT] as number,
    reason: type === "attempt_end" || type === "request_end" ? reasonName(code) : undefined,
    detail: type === "retry_denied" ? DENIALS[code] : undefined,
    value: row[EVENT.VALUE] as number,
  };
}

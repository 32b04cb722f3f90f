/** Events of the engine and of the host, as typed objects. */
import type { Brain } from "./engine.js";
import { ASK, DENIALS, EVENT, EVENT_WORDS, EVENTS, SNAPSHOT_ERRORS, TELL, TRANSITIONS } from "./generated/abi.js";
import { endpointChanges } from "./changes.js";
import { guarded } from "./recovery.js";
import { reasonName } from "./respond.js";
import type { Slot } from "./slot.js";
import type { MeshEvent } from "./types.js";

/** Hands every waiting event to `sink`, after the current turn. */
export async function drain(slot: Slot, sink: (event: MeshEvent) => unknown): Promise<void> {
  await Promise.resolve();
  const events = slot.noticed.splice(0).concat(guarded(slot, () => ofEngine(slot, slot.brain())) ?? [], endpointChanges(slot));
  const work = events.map((event) => {
    try {
      return sink(event);
    } catch {
      // An observer must not disturb what it observes.
      return undefined;
    }
  });
  await Promise.allSettled(work);
}

function ofEngine(slot: Slot, brain: Brain): MeshEvent[] {
  brain.tell(TELL.LISTEN, 1);
  const words = brain.words(brain.ask(ASK.EVENTS) * EVENT_WORDS);
  return Array.from({ length: words.length / EVENT_WORDS }, (_, i) => event(slot, words.subarray(i * EVENT_WORDS, (i + 1) * EVENT_WORDS)));
}

function event(slot: Slot, words: Uint32Array): MeshEvent {
  const word = (index: number): number => words[index] as number;
  const type = EVENTS[word(EVENT.KIND)] ?? "unknown";
  const code = word(EVENT.CODE);
  return {
    type,
    at: word(EVENT.AT_HIGH) * 2 ** 32 + word(EVENT.AT_LOW),
    service: slot.known.services[word(EVENT.SERVICE)],
    endpoint: slot.endpoints[word(EVENT.ENDPOINT)]?.address,
    attempt: word(EVENT.ATTEMPT),
    reason: /_end$|^fallback/.test(type) ? reasonName(code) : undefined,
    detail: { retry_denied: DENIALS, breaker_opened: TRANSITIONS, snapshot_refused: SNAPSHOT_ERRORS }[type as string]?.[code],
    micros: word(EVENT.VALUE),
  };
}

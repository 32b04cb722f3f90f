/**
 * Limits that are counted for more than this isolate. No request waits for who counts: what was seen is told
 * after the answer, and what comes back holds for the requests after it.
 */
import type { Call } from "../call.js";
import type { Brain } from "../engine.js";
import { bindingOf, keepAlive, offers } from "../env.js";
import { ASK, DEMAND_COLUMNS, TELL } from "../generated/abi.js";
import { guarded } from "../recovery.js";
import type { Slot } from "../slot.js";
import type { LimitDemand, LimitLease } from "../types.js";

/** Who hears nothing asks again after so long. */
const PATIENCE_MS = 2_000;
/** A refusal although there was enough for all makes it ask again, no sooner than this. */
const SOON_MS = 500;
/** A location that refuses a key is asked again after so long: its binding does not say when. */
const CLOSED_MS = 1_000;
/** A location that lets a key through is believed for so long. */
const OPEN_MS = 10_000;
/** Keys that wait to be told; those beyond are counted here alone. */
const KEYS_MAX = 256;
/** Who counts for all. */
const GLOBAL = "*";

/** What an isolate keeps for that. */
export class Sharing {
  /** What was seen of limits that are counted for all, until it is told. */
  readonly demands = new Map<string, LimitDemand>();
  /** From when on a request makes this isolate ask for its part, and one that is refused. */
  askAt = 0;
  refusedAskAt = 0;
}

interface Limiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** Tells of a request that counted at such a limit, and was `refused` or not. */
export function share(call: Call, brain: Brain, refused: boolean): void {
  const { slot, now } = call;
  const sharing = (slot.sharing ??= new Sharing());
  for (const [limiter, demand] of demands(slot, brain, now)) {
    if (limiter !== GLOBAL) {
      keepAlive(call.ctx, ofLocation(call, limiter, demand));
      continue;
    }
    const before = sharing.demands.get(demand.key);
    if (before !== undefined || sharing.demands.size < KEYS_MAX) {
      sharing.demands.set(demand.key, { ...demand, seen: demand.seen + (before?.seen ?? 0), taken: demand.taken + (before?.taken ?? 0) });
    }
  }
  const lease = call.features.registry?.lease;
  if (lease !== undefined && sharing.demands.size > 0 && now >= (refused ? sharing.refusedAskAt : sharing.askAt)) {
    sharing.askAt = sharing.refusedAskAt = now + PATIENCE_MS;
    const asked = [...sharing.demands.values()];
    sharing.demands.clear();
    keepAlive(call.ctx, ofAll(slot, sharing, lease(call, asked)));
  }
}

/** What was seen since the last time, with who counts it. */
function demands(slot: Slot, brain: Brain, now: number): [limiter: string, demand: LimitDemand][] {
  const words = brain.words(brain.ask(ASK.DEMAND, now)).slice();
  const wide = (at: number): number => (words[at] as number) * 2 ** 32 + (words[at + 1] as number);
  const hex = (at: number): string => (words[at] as number).toString(16).padStart(8, "0");
  return Array.from({ length: words.length / DEMAND_COLUMNS.length }, (_, i) => {
    const row = i * DEMAND_COLUMNS.length;
    const limiter = slot.known.tiers?.[words[row] as number] ?? "";
    return [limiter, { key: hex(row + 1) + hex(row + 2), seen: words[row + 3] as number, taken: words[row + 4] as number, intervalUs: wide(row + 5), burstUs: wide(row + 7) }];
  });
}

/** Counts at a rate-limit binding each request that passed. */
async function ofLocation({ env, slot }: Call, limiter: string, { intervalUs, key, taken }: LimitDemand): Promise<void> {
  const binding = bindingOf(env, limiter);
  if (!offers(binding, "limit")) {
    slot.notice({ type: "limiter_missing", at: performance.now(), detail: limiter });
    return;
  }
  for (let i = 0; i < taken; i++) {
    const { success } = await (binding as Limiter).limit({ key });
    grant(slot, success ? { key, intervalUs, ttlMs: OPEN_MS } : { key, intervalUs: 0, ttlMs: CLOSED_MS });
  }
}

async function ofAll(slot: Slot, sharing: Sharing, asking: Promise<readonly LimitLease[]>): Promise<void> {
  try {
    const leases = await asking;
    const now = performance.now();
    leases.forEach((lease) => grant(slot, lease));
    if (leases.length > 0) {
      sharing.askAt = now + 0.8 * Math.min(...leases.map(({ ttlMs }) => ttlMs));
      sharing.refusedAskAt = leases.some(({ plenty }) => plenty) ? now + SOON_MS : sharing.askAt;
    }
  } catch (error) {
    slot.notice({ type: "limits_unavailable", at: performance.now(), detail: String(error) });
  }
}

function grant(slot: Slot, { intervalUs, key, ttlMs }: Pick<LimitLease, "intervalUs" | "key" | "ttlMs">): void {
  guarded(slot, () => {
    const brain = slot.brain();
    brain.tell(TELL.LEASE_KEY, Number.parseInt(key.slice(0, 8), 16), Number.parseInt(key.slice(8), 16));
    brain.tell(TELL.LEASE, intervalUs, performance.now() + ttlMs);
  });
}

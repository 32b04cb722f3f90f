/** One question about a flag, put to the engine of this isolate. In one turn: no other Snapshot comes in between. */
import { begin, TOO_LARGE, type Ground, type Shown } from "../call.js";
import { FLAG_REASONS, FLAG_TARGET, OUT, STEP } from "../generated/abi.js";
import { guarded } from "../recovery.js";
import { reasonName } from "../respond.js";
import { catalogueOf, frozen } from "./catalogue.js";
import { shown, type FlagSubject } from "./subject.js";

/** A key that is not there is shown to so many characters. */
const KEY_CHARS_SHOWN = 100;

/** Why a flag has its value, in OpenFeature's words. */
export type FlagReason = (typeof FLAG_REASONS)[number] | "ERROR";

/**
 * Why a flag was not decided, in OpenFeature's words. `PROVIDER_NOT_READY`: this isolate has no Snapshot.
 * `FLAG_NOT_FOUND`: the Snapshot has no such flag. `TYPE_MISMATCH`: its value is of another type than the fallback.
 * `GENERAL`: everything else; the message says what.
 */
export type FlagErrorCode = "PROVIDER_NOT_READY" | "FLAG_NOT_FOUND" | "TYPE_MISMATCH" | "GENERAL";

/** What a flag comes to. */
export interface Decision {
  /** Of the Snapshot; 0 = one that was compiled by hand, or none. */
  readonly version: number;
  readonly reason: FlagReason;
  /** Absent where the fallback holds. */
  readonly chosen?: { readonly variant: string; readonly value: unknown } | undefined;
  /** The place of the rule that decided, from 0. */
  readonly rule?: number | undefined;
  readonly failure?: { readonly code: FlagErrorCode; readonly message: string } | undefined;
}

/** A decision that could not be made. */
export function failed(code: FlagErrorCode, message: string, version = 0): Decision {
  return { version, reason: "ERROR", failure: { code, message } };
}

/** Decides a flag. Throws only what a mesh throws that is set up wrongly, and what reading a strange context throws. */
export function decide(ground: Ground, key: string, subject: FlagSubject | undefined): Decision {
  // Outside of the guard: what a context throws is no trap.
  const call = shown(ground, subject);
  return guarded(ground.slot, () => decided(call, key)) ?? failed("GENERAL", "the engine trapped and was made anew");
}

function decided(call: Shown, key: string): Decision {
  const { slot } = call;
  // First: making the engine anew loads the Snapshot.
  const brain = slot.brain();
  const { broken, bytes, known } = slot;
  if (bytes === undefined) {
    return failed("PROVIDER_NOT_READY", broken?.message ?? "this isolate has no Snapshot yet; await mesh.ready() first");
  }
  const flag = catalogueOf(known).get(key);
  if (flag === undefined) {
    return failed("FLAG_NOT_FOUND", typeof key === "string" ? `the Snapshot has no flag ${JSON.stringify(key.slice(0, KEY_CHARS_SHOWN))}` : `the key of a flag is a text, not ${typeof key}`, known.version);
  }
  const step = begin(brain, call, FLAG_TARGET - flag.number);
  if (step === TOO_LARGE || step === STEP.RESPOND) {
    const why = step === TOO_LARGE ? "it is too large" : reasonName(brain.slot(OUT.REASON));
    return failed("GENERAL", `the engine does not take such a request: ${why}`, known.version);
  }
  if (step !== STEP.FLAG) {
    // An engine that trapped before answers with nothing.
    throw new RangeError(`no flag is decided by step ${step}`);
  }
  const [variant, value] = flag.variants[brain.slot(OUT.BACKEND)] ?? [];
  const rule = brain.slot(OUT.RULE);
  return {
    version: known.version,
    reason: FLAG_REASONS[brain.slot(OUT.REASON)] ?? "DEFAULT",
    chosen: variant === undefined ? undefined : { variant, value: frozen(value) },
    rule: rule < 0 ? undefined : rule,
  };
}

/** What a rule asks of an answer besides itself: cross-origin headers, the state of a rate limit, a cookie that keeps a caller with its backend. */
import type { Call } from "../call.js";
import { applyEdits } from "../edits.js";
import type { Brain } from "../engine.js";
import { NOTE, OUT, STEP } from "../generated/abi.js";
import { share } from "./leases.js";
import { copyOf, reasonName } from "../respond.js";
import type { Edit } from "../tables.js";

/** What a limit guaranteed for a request, by `OUT.LIMIT_GUARANTEE`. */
const GUARANTEES = ["isolate", "location", "global"];

/** See the head of this file. Read right after a begin, while the engine has it. */
export interface Notes {
  /** Changes of the answer's headers. */
  readonly edits: readonly Edit[];
  /** Numbers of the mirrors that get a copy. */
  readonly mirrors: readonly number[];
}

/** The notes of the request that just began with `step`; undefined where there are none, which is nearly always. */
export function notesOf(call: Call, brain: Brain, step: number): Notes | undefined {
  const bits = brain.slot(OUT.NOTES);
  if (bits === 0) {
    return undefined;
  }
  const { known } = call.slot;
  const edits: Edit[] = [];
  let refused = false;
  if (bits & NOTE.CORS) {
    const row = known.cors?.[brain.slot(OUT.CORS)];
    edits.push(...((bits & NOTE.PREFLIGHT ? row?.preflight : row?.actual) ?? []));
  }
  if (bits & NOTE.LIMIT) {
    const policy = known.limits?.[brain.slot(OUT.LIMIT)] ?? "";
    const counted = known.tiers === undefined ? "" : `;guarantee=${GUARANTEES[brain.slot(OUT.LIMIT_GUARANTEE)]}`;
    edits.push(["=", "ratelimit-policy", policy], ["=", "ratelimit", `${policy.split(";")[0]};r=${brain.slot(OUT.LIMIT_REMAINING)};t=${brain.slot(OUT.LIMIT_RESET)}${counted}`]);
    // Not for a service that refuses: it says itself when to come back.
    refused = step === STEP.RESPOND && reasonName(brain.slot(OUT.REASON)) === "rate_limited";
    if (refused) {
      edits.push(["=", "retry-after", String(brain.slot(OUT.LIMIT_RESET))]);
    }
  }
  if (bits & NOTE.COOKIE) {
    const [name, attributes] = known.cookies?.[brain.slot(OUT.COOKIE_RULE)] ?? ["", ""];
    const secure = call.url.startsWith("https:") ? "; Secure" : "";
    edits.push(["+", "set-cookie", `${name}=${hex(brain.slot(OUT.COOKIE_HIGH))}${hex(brain.slot(OUT.COOKIE_LOW))}${attributes}${secure}`]);
  }
  const mirrors: number[] = [];
  if (bits & NOTE.MIRRORS) {
    const mask = brain.slot(OUT.MIRRORS);
    for (let bit = 0; mask >> bit > 0; bit++) {
      if ((mask >> bit) & 1) {
        mirrors.push(brain.slot(OUT.MIRROR_FIRST) + bit);
      }
    }
  }
  // Last: the answer to its question takes the engine's words.
  if (bits & NOTE.LIMIT && known.tiers !== undefined) {
    share(call, brain, refused);
  }
  return { edits, mirrors };
}

/** An answer with what the notes ask for. */
export function noted(call: Call, notes: Notes, made: Response | Promise<Response>): Response | Promise<Response> {
  const { edits } = notes;
  if (edits.length === 0) {
    return made;
  }
  if (made instanceof Promise) {
    return made.then((answer) => noted(call, notes, answer));
  }
  const fresh = copyOf(made);
  applyEdits(fresh.headers, edits, call.request.headers);
  return fresh;
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}

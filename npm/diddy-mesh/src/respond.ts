/** Answers that the mesh itself makes, which name their reason, and answers that pass through, which do not. */
import { applyEdits } from "./edits.js";
import { REASONS } from "./generated/abi.js";
import type { Edits } from "./tables.js";
import type { Reason } from "./types.js";

/** The name of a reason number of the engine. */
export function reasonName(number: number): Reason {
  return REASONS[number] ?? "internal";
}

/** A failure with its reason. */
export function refuse(status: number, reason: Reason, extra: Record<string, string> = {}): Response {
  return new Response(`${reason}\n`, { status, headers: { "content-type": "text/plain;charset=utf-8", "cache-control": "no-store", "mesh-reason": reason, ...extra } });
}

/** A redirect that a rule asked for. */
export function redirect(status: number, location: string): Response {
  return new Response(null, { status, headers: { location } });
}

/** An answer with the edits of its route; without any it goes back as it came. */
export function finish(answer: Response, edits: Edits | undefined): Response {
  if (edits === undefined || edits.response.length === 0) {
    return answer;
  }
  const fresh = new Response(answer.body, answer);
  applyEdits(fresh.headers, edits.response);
  return fresh;
}

/** Answers that the mesh itself makes, which name their reason, and answers that pass through, which do not. */
import type { Call } from "./call.js";
import { applyEdits } from "./edits.js";
import { REASONS } from "./generated/abi.js";
import { watched } from "./idle.js";
import type { Order } from "./outgoing.js";
import type { Reason } from "./types.js";

/** `never` on a failure that no caller is to try again: the mesh next to it has. Else each layer above would, and one failure would become many requests. */
export const RETRY_HEADER = "mesh-retry";

/** The name of a reason number of the engine. */
export function reasonName(number: number): Reason {
  return REASONS[number] ?? "internal";
}

/** A failure with its reason. */
export function refuse(status: number, reason: Reason, extra: Record<string, string> = {}): Response {
  // A fault may ask for a status that has no body.
  const body = [204, 205, 304].includes(status) ? null : `${reason}\n`;
  return new Response(body, { status, headers: { "content-type": "text/plain;charset=utf-8", "cache-control": "no-store", "mesh-reason": reason, ...extra } });
}

/** A redirect that a rule asked for. */
export function redirect(status: number, location: string): Response {
  return new Response(null, { status, headers: { location } });
}

/** The same answer with headers that may be changed. */
export function copyOf(answer: Response): Response {
  return new Response(answer.body, answer);
}

/** A failure that no caller is to try again. */
export function final(answer: Response): Response {
  if (answer.headers.get(RETRY_HEADER) === "never") {
    return answer;
  }
  const marked = copyOf(answer);
  marked.headers.set(RETRY_HEADER, "never");
  return marked;
}

/** An answer with what its route asks for; without anything it goes back as it came. */
export function finish(call: Call, order: Order, answer: Response): Response {
  const kept = watched(call, order, answer);
  const { edits } = order;
  if (edits === undefined || edits.response.length === 0) {
    return kept;
  }
  const fresh = copyOf(kept);
  applyEdits(fresh.headers, edits.response, call.request.headers);
  return fresh;
}

/** Answers that a rule makes itself: a direct response, or the one to a preflight. */
import type { Call } from "../call.js";
import { applyEdits } from "../edits.js";

/** The answer of a backend that has no service. */
export function direct(call: Call, status: number, backend: number): Response {
  const edits = call.slot.edits(backend);
  const made = new Response(edits?.body ?? null, { status });
  if (edits !== undefined) {
    // Without the type that a text body brings along.
    made.headers.delete("content-type");
    applyEdits(made.headers, edits.response, call.request.headers);
  }
  return made;
}

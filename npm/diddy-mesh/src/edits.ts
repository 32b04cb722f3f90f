/** Header edits are applied to a copy. */
import type { Edit } from "./tables.js";

/** Applies the changes in their order. */
export function applyEdits(headers: Headers, edits: readonly Edit[]): void {
  for (const [verb, name, value] of edits) {
    if (verb === "=") {
      headers.set(name, value);
    } else if (verb === "+") {
      headers.append(name, value);
    } else {
      headers.delete(name);
    }
  }
}

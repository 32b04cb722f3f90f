/** Header edits are applied to a copy. */
import type { Edit } from "./tables.js";

/** Applies the changes in their order. Some copy a header of the request, which is `asked`. */
export function applyEdits(headers: Headers, edits: readonly Edit[], asked?: Headers): void {
  for (const [verb, name, value] of edits) {
    const said = verb === "^" ? asked?.get(value) : value;
    if (verb === "=" || (verb === "^" && said)) {
      headers.set(name, said as string);
    } else if (verb === "+") {
      headers.append(name, value);
    } else {
      headers.delete(name);
    }
  }
}

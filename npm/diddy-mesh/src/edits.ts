/** What a backend changes on requests and responses, as the engine describes it; header edits are applied to a copy. */

/** One change: set, add or remove. */
interface Edit {
  readonly verb: string;
  readonly name: string;
  readonly value: string;
}

/** The changes of one backend with its rule. */
export interface Edits {
  readonly request: readonly Edit[];
  readonly response: readonly Edit[];
  /** The host that goes out; empty = the request's own. */
  readonly host: string;
}

/** Reads the engine's lines: `q` or `s`, then `=`, `+` or `-`, then the name, a tab, the value. */
export function parseEdits(text: string, host: string): Edits {
  const request: Edit[] = [];
  const response: Edit[] = [];
  for (const line of text.split("\n")) {
    if (line === "") {
      continue;
    }
    const [name = "", value = ""] = line.slice(2).split("\t");
    (line[0] === "q" ? request : response).push({ verb: line[1] as string, name, value });
  }
  return { request, response, host };
}

/** Applies the changes in their order. */
export function applyEdits(headers: Headers, edits: readonly Edit[]): void {
  for (const { verb, name, value } of edits) {
    if (verb === "=") {
      headers.set(name, value);
    } else if (verb === "+") {
      headers.append(name, value);
    } else {
      headers.delete(name);
    }
  }
}

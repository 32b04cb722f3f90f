/** Header edits as the engine describes them, applied to a copy of the headers. */

/** One change: set, add or remove. */
interface Edit {
  readonly verb: string;
  readonly name: string;
  readonly value: string;
}

/** The changes of one route, for the request and for the response. */
export interface Edits {
  readonly request: readonly Edit[];
  readonly response: readonly Edit[];
}

/** Reads the engine's lines: `q` or `s`, then `=`, `+` or `-`, then the name, NUL, the value. */
export function parseEdits(text: string): Edits {
  const request: Edit[] = [];
  const response: Edit[] = [];
  for (const line of text.split("\n")) {
    if (line === "") {
      continue;
    }
    const [name = "", value = ""] = line.slice(2).split("\0");
    (line[0] === "q" ? request : response).push({ verb: line[1] as string, name, value });
  }
  return { request, response };
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

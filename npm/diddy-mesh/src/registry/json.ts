/** JSON from strangers: what `JSON.parse` would take in silence is refused. */

/** Deeper than any document is. */
const DEPTH_MAX = 64;

/** Reads a text; `error` says what is wrong with it and where. */
export function parseJson(text: string): { readonly value: unknown; readonly error?: undefined } | { readonly error: string } {
  const found = scan(text);
  if (found !== undefined) {
    return { error: found };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Looks for keys that stand twice in one object and for nesting that is too deep, without recursion. What is no JSON is left to the parser. */
function scan(text: string): string | undefined {
  // Per open bracket: the keys so far of an object, null for a list.
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") {
      if (open.push(character === "{" ? new Set() : null) > DEPTH_MAX) {
        return `nested deeper than ${DEPTH_MAX} levels at character ${at}`;
      }
    } else if (character === "}" || character === "]") {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys && /^\s*:/.test(text.slice(end, end + 32))) {
        const key = keyOf(text.slice(at, end));
        if (keys.has(key)) {
          return `the key ${JSON.stringify(key)} stands twice in one object, again at character ${at}`;
        }
        keys.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Where the string that begins at `start` is over. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') {
    at += text[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}

/** A key without its escapes, so that one that is spelled in another way is the same. */
function keyOf(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}

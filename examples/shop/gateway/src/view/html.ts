/** HTML by tagged templates: text is escaped, markup is only what another template made. */

/** A piece of markup. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template. `false` and `undefined` leave nothing behind. */
export type Part = Html | string | number | false | undefined | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Builds markup. */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(fixed.reduce((text, piece, i) => text + write(parts[i - 1]) + piece));
}

function write(part: Part): string {
  if (part instanceof Html) {
    return part.text;
  }
  if (part === false || part === undefined) {
    return "";
  }
  return typeof part === "object" ? part.map(write).join("") : String(part).replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);
}

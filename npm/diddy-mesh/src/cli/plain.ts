/** Texts of others on a terminal. */

/** Without the characters by which a text could move the cursor or colour what is not its own. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** Parses JSON of which every text is made plain. */
export function parsePlain(json: string): unknown {
  return JSON.parse(json, (_key, value: unknown) => (typeof value === "string" ? plain(value) : value));
}

/** Columns of text. */

/** Rows as lines whose columns begin below one another. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}

/** How long something takes, in its largest unit. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** A time, in UTC to the second. */
export function moment(ms: number): string {
  // Beyond these no date is.
  return Math.abs(ms) > 8.64e15 ? "?" : new Date(ms).toISOString().replace("T", " ").replace(/\.\d+Z$/, "");
}

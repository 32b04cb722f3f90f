/** The two runs side by side, as text. */

/** @typedef {import("./run.mjs").Figures} Figures */
/** @typedef {Pick<Figures, "success" | "p50_ms" | "p99_ms" | "breaker_openings">} Common */
/** @typedef {readonly [title: string, off: string, on: string]} Cell */

/**
 * @param {{ off: Figures, on: Figures }} runs
 * @returns {string}
 */
export function table({ off, on }) {
  const names = [...new Set([...Object.keys(off.services), ...Object.keys(on.services)])].sort();
  const rows = [
    row("pages", off, on, (run) => run.requests, (run) => run.attempts),
    ...names.map((name) => row(name.replace("-service", ""), off.services[name], on.services[name], (service) => service.calls, (service) => service.attempts / Math.max(1, service.calls))),
  ];
  const [first] = rows;
  const head = ["", ...(first?.cells ?? []).flatMap(([title]) => [title, ""])];
  const modes = ["mesh", ...(first?.cells ?? []).flatMap(() => ["off", "on"])];
  const body = rows.map(({ name, cells }) => [name, ...cells.flatMap(([, left, right]) => [left, right])]);
  const width = Math.max(...body.map(([name = ""]) => name.length));
  const write = (/** @type {string[]} */ cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(width) : cell.padStart(i % 2 === 1 ? 11 : 8))).join("").trimEnd();
  const title = (/** @type {string[]} */ cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(width) : i % 2 === 1 ? cell.padStart(19) : "")).join("");
  const all = [title(head), write(modes), ...body.map(write)];
  all.splice(3, 0, "-".repeat(Math.max(...all.map((line) => line.length))));
  return all.join("\n");
}

/**
 * @template {Common} T
 * @param {string} name
 * @param {T | undefined} off
 * @param {T | undefined} on
 * @param {(run: T) => number} count
 * @param {(run: T) => number} attempts
 * @returns {{ name: string, cells: Cell[] }}
 */
function row(name, off, on, count, attempts) {
  const cell = (/** @type {string} */ title, /** @type {(run: T) => string} */ text) => /** @type {Cell} */ ([title, off ? text(off) : "-", on ? text(on) : "-"]);
  return {
    name,
    cells: [
      cell("number", (run) => String(count(run))),
      cell("success", (run) => percent(run.success)),
      cell("p50 ms", (run) => run.p50_ms.toFixed(1)),
      cell("p99 ms", (run) => run.p99_ms.toFixed(0)),
      cell("attempts", (run) => attempts(run).toFixed(2)),
      cell("breaker openings", (run) => String(run.breaker_openings)),
    ],
  };
}

/** @param {number} fraction */
export function percent(fraction) {
  return `${(fraction * 100).toFixed(1)} %`;
}

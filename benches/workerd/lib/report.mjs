// The table that a person reads, and the file that a later run is compared with.
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

import { pinning } from "./cpu.mjs";
import { generator } from "./load.mjs";
import { WORKERD_VERSION } from "./workerd.mjs";

const cell = (value) => (value === null ? "–" : typeof value === "boolean" ? (value ? "yes" : "NO") : String(value));
const peersCell = (peers) => Object.entries(peers).map(([name, value]) => `${name} ${cell(value)}`).join(", ");

/** The rows as lines of text, columns aligned, peers last. */
export function table(rows) {
  const heads = ["row", "unit", "ours", "ratio", "budget", "ok", "peers"];
  const lines = rows.map((r) => [r.row, r.unit, cell(r.ours), cell(r.ratio), r.budget, cell(r.ok), peersCell(r.peers)]);
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i].length)));
  const draw = (line) => line.map((text, i) => (i === line.length - 1 ? text : text.padEnd(widths[i]))).join("  ");
  const notes = rows.filter((r) => r.note).map((r) => `  ${r.row}: ${r.note}`);
  return [draw(heads), ...lines.map(draw), "", "notes:", ...notes].join("\n");
}

/** What was measured on: without it a figure says nothing. */
export function machine() {
  const versions = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).devDependencies;
  return {
    cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version, workerd: WORKERD_VERSION, load: generator, pinned: pinning !== null, packages: versions,
  };
}

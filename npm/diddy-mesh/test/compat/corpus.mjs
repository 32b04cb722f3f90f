// The cases of crates/mesh-config/cases one by one, and what drives the engine of a release in them.
import { readFileSync } from "node:fs";
import { runCases } from "../cases/run.mjs";

const FILES = ["routing", "paths", "precedence", "resilience", "traffic"];

/** Every case: its name, the file that it stands in, itself, and its document where it has one. */
export function corpus() {
  return FILES.flatMap((file) => {
    const { cases } = JSON.parse(readFileSync(new URL(`../../../../crates/mesh-config/cases/${file}.json`, import.meta.url), "utf8"));
    return cases.map((one) => ({ name: `${file}: ${one.name}`, file, one, document: one.document ?? { services: {} } }));
  });
}

/** A module that is there as a text. */
export const driverOf = (text) => import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);

/** What is seen of one case by the engine of `driver`, with Snapshots of `compile`. */
export function play(driver, engine, compile, { file, one }) {
  return runCases(driver, engine, compile, { [file]: { cases: [one] } }).steps;
}

// The case files of crates/mesh-config/cases over engine.wasm, for every JavaScript host.
import routing from "../../../../crates/mesh-config/cases/routing.json";
import paths from "../../../../crates/mesh-config/cases/paths.json";
import precedence from "../../../../crates/mesh-config/cases/precedence.json";
import resilience from "../../../../crates/mesh-config/cases/resilience.json";
import traffic from "../../../../crates/mesh-config/cases/traffic.json";
import * as driver from "./driver.mjs";
import { runCases } from "./run.mjs";

export { fits } from "./run.mjs";

/** Runs every case; `engine` is the compiled engine.wasm, `compile` that of "diddy-mesh/config". */
export const run = (engine, compile) => runCases(driver, engine, compile, { routing, paths, precedence, resilience, traffic });

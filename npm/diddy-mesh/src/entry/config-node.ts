import { readFileSync } from "node:fs";
import { initConfig } from "../config.js";
export * from "../config.js";
initConfig(new WebAssembly.Module(readFileSync(new URL("../../wasm/control.wasm", import.meta.url))));

import { readFileSync } from "node:fs";
import { install } from "../runtime.js";
export * from "../index.js";
install(new WebAssembly.Module(readFileSync(new URL("../../wasm/engine.wasm", import.meta.url))));

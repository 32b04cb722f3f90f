import { readFileSync } from "node:fs";
import { installCore } from "../runtime.js";
export * from "../core.js";
installCore(new WebAssembly.Module(readFileSync(new URL("../../wasm/core.wasm", import.meta.url))));

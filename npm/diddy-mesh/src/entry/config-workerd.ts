import module from "../../wasm/control.wasm";
import { initConfig } from "../config.js";
export * from "../config.js";
initConfig(module);

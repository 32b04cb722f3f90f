import * as platform from "cloudflare:workers";
import module from "../../wasm/control.wasm";
import { initConfig } from "../config.js";
import { runtime } from "../runtime.js";
export * from "../registry.js";
initConfig(module);
runtime.platform = platform;

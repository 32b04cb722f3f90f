import * as platform from "cloudflare:workers";
import module from "../../wasm/engine.wasm";
import { install } from "../runtime.js";
export * from "../core.js";
install(module, platform);

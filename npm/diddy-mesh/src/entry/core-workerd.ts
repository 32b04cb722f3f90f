import * as platform from "cloudflare:workers";
import module from "../../wasm/core.wasm";
import { installCore } from "../runtime.js";
export * from "../core.js";
installCore(module, platform);

/** `diddy-mesh/init`: loads the engine by hand, where no entry of the package fits the bundler. */
import { install } from "./runtime.js";
import type { Platform } from "./types.js";

/**
 * Gives the mesh its wasm module: `diddy-mesh/engine.wasm`, or with `diddy-mesh/core` alone the smaller `diddy-mesh/core.wasm`.
 * Call it once, before the first request; engines that were made stay as they are.
 * In a Worker without the `workerd` condition, pass `cloudflare:workers` as the platform.
 */
export function init(module: WebAssembly.Module, platform?: Platform): void {
  install(module, platform);
}
export type { Platform };

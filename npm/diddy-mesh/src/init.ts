/** `diddy-mesh/init`: loads the engine by hand, where no entry of the package fits the bundler. */
import { install } from "./runtime.js";
import type { Platform } from "./types.js";

/**
 * Gives the mesh its wasm module, the one of `diddy-mesh/engine.wasm`. Call it once, before the first request; a later call changes nothing.
 * In a Worker without the `workerd` condition, pass `cloudflare:workers` as the platform.
 */
export function init(module: WebAssembly.Module, platform?: Platform): void {
  install(module, platform);
}
export type { Platform };

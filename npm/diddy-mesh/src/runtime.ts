/**
 * The one wasm instance of the isolate, and what the runtime offers.
 * Installing is the only effect of importing an entry: no clock, randomness, timer or I/O.
 */
import { __wbg_reset_state, initSync } from "../wasm/engine.js";
import { MeshError } from "./errors.js";
import type { MeshDocument } from "./types.js";

/** The members of `cloudflare:workers` that are used where present. */
export interface Platform {
  readonly env?: object;
  readonly waitUntil?: (promise: Promise<unknown>) => void;
}

/** Turns a document into Snapshot bytes; throws a `MeshError` with all findings. */
export type Compiler = (document: MeshDocument) => Uint8Array;

/** State of the isolate. Plain data only: nothing here belongs to a request. */
export const runtime = {
  module: undefined as WebAssembly.Module | undefined,
  memory: undefined as WebAssembly.Memory | undefined,
  /** Grows with each new instance; what was made under an older number is dead. */
  generation: 0,
  /** Traps seen since the isolate began. */
  traps: 0,
  platform: {} as Platform,
  compiler: undefined as Compiler | undefined,
};

/** Makes the wasm instance. A second call keeps the first one. */
export function install(module: WebAssembly.Module, platform: Platform = {}): void {
  runtime.platform = platform;
  runtime.module ??= module;
  runtime.memory = initSync({ module: runtime.module }).memory;
}

/** The memory of the instance. */
export function memory(): WebAssembly.Memory {
  if (runtime.memory === undefined) {
    throw new MeshError("not_initialized", 'the engine was not loaded: call init(module) of "diddy-mesh/init" with the module of "diddy-mesh/engine.wasm"');
  }
  return runtime.memory;
}

/** Replaces an instance that trapped. Every engine of it is dead afterwards. */
export function reset(): void {
  runtime.traps += 1;
  runtime.generation += 1;
  if (runtime.module !== undefined) {
    __wbg_reset_state();
    // Once there is an instance, the glue hands out its exports.
    runtime.memory = initSync({ module: runtime.module }).memory;
  }
}

/**
 * The wasm module of the isolate, and what the runtime offers.
 * Installing is the only effect of importing an entry: no clock, randomness, timer or I/O.
 *
 * The generated glue is used for its types only. Its class cannot be left out of bundles, checks every call,
 * and holds one instance; the engine takes and gives numbers, so what it imports is never called but to trap.
 */
import type { InitOutput } from "../wasm/engine.js";
import { MeshError } from "./errors.js";
import type { MeshDocument, Platform } from "./types.js";

/** What an instance exports. */
export type Exports = InitOutput;

/** Turns a document and what variables override of it into Snapshot bytes; throws a `MeshError` with all findings. */
export type Compiler = (document: MeshDocument, env: object) => Uint8Array;

/** State of the isolate. Plain data only: nothing here belongs to a request. */
export const runtime = {
  module: undefined as WebAssembly.Module | undefined,
  /** Traps seen since the isolate began. */
  traps: 0,
  platform: {} as Platform,
  compiler: undefined as Compiler | undefined,
};

/** Made while the Worker starts, which costs no request any time; the first engine takes it. */
let spare: Exports | undefined;

/** Takes the module of the whole engine; where the core's was taken before, new engines are made of this one. */
export function install(module: WebAssembly.Module, platform: Platform = {}): void {
  runtime.platform = platform;
  if (runtime.module !== module) {
    runtime.module = module;
    spare = instantiate(module);
  }
}

/** Takes the module of the core's engine, unless there is one already: the whole engine does all that it does. */
export function installCore(module: WebAssembly.Module, platform?: Platform): void {
  install(runtime.module ?? module, platform);
}

/** An instance for one engine, so that a trap touches no other. */
export function instance(): Exports {
  if (runtime.module === undefined) {
    throw new MeshError("not_initialized", 'the engine was not loaded: call init(module) of "diddy-mesh/init"');
  }
  const taken = spare ?? instantiate(runtime.module);
  spare = undefined;
  return taken;
}

function instantiate(module: WebAssembly.Module): Exports {
  // Whatever is asked for: the table of JavaScript objects stays empty, and what reports a bug traps right after.
  const glue = new Proxy({}, { get: () => () => undefined });
  const exports = new WebAssembly.Instance(module, new Proxy({}, { get: () => glue })).exports as unknown as Exports;
  exports.__wbindgen_start?.();
  return exports;
}

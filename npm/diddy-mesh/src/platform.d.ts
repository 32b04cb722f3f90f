/** Modules that only runtimes and bundlers know. */
declare module "cloudflare:workers" {
  export const env: object;
  export function waitUntil(promise: Promise<unknown>): void;
  /** As the platform has it, with what is used of it here. */
  export abstract class DurableObject<Env = object> {
    protected readonly ctx: import("./registry/platform.js").ObjectState;
    protected readonly env: Env;
    constructor(ctx: import("./registry/platform.js").ObjectState, env: Env);
  }
}
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

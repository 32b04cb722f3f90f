/** Modules that only runtimes and bundlers know. */
declare module "cloudflare:workers" {
  export const env: object;
  export function waitUntil(promise: Promise<unknown>): void;
}
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

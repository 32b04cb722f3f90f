/** The type of `diddy-mesh/engine.wasm` and `diddy-mesh/control.wasm`, as bundlers for Workers import them. */
declare const module: WebAssembly.Module;
export default module;

/** The type of the wasm files of the package, as bundlers for Workers import them. */
declare const module: WebAssembly.Module;
export default module;

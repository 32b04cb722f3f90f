// The module comes by init() of "diddy-mesh/init": no way to load wasm works in every bundler.
export * from "../core.js";

// The module comes by initConfig(): no way to load wasm works in every bundler.
export * from "../config.js";

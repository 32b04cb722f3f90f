// What drives an engine in the cases. One module for every JavaScript host: no node: import, no file, no clock.
export { install } from "../../src/runtime.ts";
export { Host } from "./host.mjs";
export { rawPath, requestOf } from "./requests.mjs";
export { play } from "./script.mjs";

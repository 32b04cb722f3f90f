// What loading alone costs: the engine's code is here in both variants; LOAD says whether the first request instantiates
// it and loads the Snapshot.
import snapshot from "./snapshot.bin";
import { loaded } from "../suites/ours-engine.mjs";

let slot;

export default {
  fetch() {
    if (LOAD) slot ??= loaded(snapshot);
    return new Response("hello from backend", { headers: { "x-services": String(LOAD ? slot.serviceNames.length : snapshot.byteLength) } });
  },
};

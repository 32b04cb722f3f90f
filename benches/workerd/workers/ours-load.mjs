// What loading alone costs: the engine's code is in both variants; LOAD says whether the first request instantiates it
// and loads the Snapshot.
import snapshot from "./snapshot.bin";
import { loaded } from "../suites/ours-engine.mjs";

globalThis.loaded = loaded; // keeps the code where LOAD is false

export default {
  fetch() {
    const services = LOAD ? loaded(snapshot).tables.services.length : 0;
    return new Response("hello from backend", { headers: { "x-services": String(services) } });
  },
};

// Serves `?n=` decisions of the large Snapshot and tells the size of the engine's linear memory in bytes.
import snapshot from "./snapshot.bin";
import { decisions, loaded, memoryBytes } from "../suites/ours-engine.mjs";

const SERVICES = 100;
let engine;
let decide;

export default {
  fetch(request) {
    engine ??= loaded(snapshot);
    decide ??= decisions(engine, Array.from({ length: 2 * SERVICES }, (_, i) => ({
      method: "GET", url: `https://api.example.com/api/service-${i >> 1}/583231${i % 2 ? "/items/7" : ""}`,
    })));
    const count = Number(new URL(request.url).searchParams.get("n"));
    for (let i = 0; i < count; i++) decide(i % (2 * SERVICES));
    return new Response(String(memoryBytes(engine)));
  },
};

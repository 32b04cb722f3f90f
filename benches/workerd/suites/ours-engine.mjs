// Our engine as the host drives it, without the host's own work on requests and responses: the modules of the package
// that write a request into the wasm and read its answer. They are internal, so they are taken from its source.
import { begin } from "../../../npm/diddy-mesh/src/call.ts";
import { BODY, OUT, OUTCOME, STEP } from "../../../npm/diddy-mesh/src/generated/abi.ts";
import { tableOf } from "../../../npm/diddy-mesh/src/handlers.ts";
import { install } from "../../../npm/diddy-mesh/src/runtime.ts";
import { slotOf } from "../../../npm/diddy-mesh/src/slot.ts";
import module from "../../../npm/diddy-mesh/wasm/engine.wasm";

/** What one frozen moment of a Worker lasts between two requests, in ms: state that decays sees time pass. */
const STEP_MS = 0.05;
/** How long an attempt takes, in ms. */
const ATTEMPT_MS = 0.25;
/** An answer without a gRPC status. */
const NO_GRPC = -1;

/** Instantiates the engine and loads a Snapshot, all bindings present. */
export function loaded(snapshot) {
  install(module);
  const slot = slotOf(snapshot, "default", () => new Uint8Array(snapshot));
  slot.join({ SVC_A: new Fetcher(), SVC_B: new Fetcher(), SVC_C: new Fetcher() }, undefined, 0);
  return slot;
}

/** Stands for a service binding, which the host knows by the name of its constructor. */
class Fetcher {
  static {
    // the bundler may rename the class
    Object.defineProperty(this, "name", { value: "Fetcher" });
  }
  fetch() {}
}

const callOf = (slot, { method, url }) => ({
  slot, url, method, request: { headers: new Headers() }, body: BODY.NONE, deadline: 0, depth: 0,
});

/** One decision after the other: begin, then resume with the good answer of the endpoint that was picked. */
export function decisions(slot, requests) {
  const brain = slot.brain(0);
  const calls = requests.map((request) => callOf(slot, request));
  let now = 0;
  return (index) => {
    now += STEP_MS;
    const step = begin(brain, calls[index], -1, undefined, now);
    if (step !== STEP.SEND) throw new Error(`${calls[index].method} ${calls[index].url}: step ${step} instead of a send`);
    const endpoint = brain.slot(OUT.ENDPOINT);
    const ticket = brain.slot(OUT.TICKET);
    const last = brain.raw.engine_resume(brain.self, ticket, OUTCOME.RESPONSE, 200, NO_GRPC, 0, 0, now + ATTEMPT_MS);
    if (last !== STEP.DELIVER) throw new Error(`step ${last} instead of the answer's delivery`);
    return endpoint;
  };
}

/** The route of a request alone, by the engine's handler table: normal form of the path, match, parameters. */
export function matches(slot, patterns, requests) {
  const brain = slot.brain(0);
  const table = tableOf(slot, brain, Object.fromEntries(patterns.map((pattern) => [pattern, () => undefined])));
  const calls = requests.map((request) => callOf(slot, request));
  return (index) => {
    const step = begin(brain, calls[index], table.id, undefined, 0);
    return step === STEP.LOCAL ? brain.slot(OUT.HANDLER) : -1;
  };
}

/** Bytes of the engine's linear memory. */
export const memoryBytes = (slot) => slot.brain(0).raw.memory.buffer.byteLength;

/** The way of a request through the mesh: into the engine, and from its first step to an answer. */
import { local } from "./answer.js";
import { order, respond, run, type Sending } from "./attempt.js";
import { begin, TOO_LARGE, type Call } from "./call.js";
import { OUT, STEP, TELL } from "./generated/abi.js";
import { tableOf } from "./handlers.js";
import { guarded, plain } from "./recovery.js";
import { refuse } from "./respond.js";
import type { HandlerMap, MeshFetch } from "./types.js";

/** Where a request goes: to a service, by its name, or to the handlers and rules of this mesh. */
export type Goal = string | HandlerMap | undefined;

/** Answers a request. A trap at its first step costs it retries, not the answer. */
export function answer(call: Call, goal: Goal, fetch: MeshFetch): Response | Promise<Response> {
  const made = carried(call, goal, fetch);
  return (call.notes && call.features.traffic?.noted(call, call.notes, made)) || made;
}

function carried(call: Call, goal: Goal, fetch: MeshFetch): Response | Promise<Response> {
  const { slot } = call;
  const entering = (): Sending | number => enter(call, goal);
  const first = guarded(slot, entering);
  // A second trap means that this very request does it.
  const entered = first ?? guarded(slot, entering);
  if (entered === undefined) {
    const endpoint = typeof goal === "string" ? slot.plain(slot.services.get(goal)) : undefined;
    return endpoint === undefined ? refuse(503, "engine_trap") : plain(call, { endpoint, attempt: 1, timeout: 0, remaining: 0, idle: 0, edits: undefined });
  }
  if (typeof entered === "object" && first === undefined) {
    return aside(call, entered);
  }
  if (entered === TOO_LARGE) {
    return refuse(414, "path_too_long");
  }
  const brain = slot.brain();
  if (call.features.traffic !== undefined && (entered === STEP.WAIT || call.notes?.mirrors.length)) {
    return call.features.traffic.carry(call, brain, entered);
  }
  if (typeof entered === "object") {
    return run(call, entered);
  }
  return entered === STEP.LOCAL && typeof goal === "object" ? local(call, brain, goal, fetch) : respond(call, brain);
}

/** Takes the first step: the first attempt, where there is one. */
function enter(call: Call, goal: Goal): Sending | number {
  const { slot } = call;
  const brain = slot.brain();
  if (slot.bytes === undefined && slot.broken !== undefined) {
    throw slot.broken;
  }
  slot.join(brain, call.env, call.local);
  call.table = typeof goal === "object" ? tableOf(slot, brain, goal) : undefined;
  // A number that no service has gets the engine's own refusal.
  const target = typeof goal === "string" ? -2 - (slot.services.get(goal) ?? slot.services.size) : (call.table?.id ?? -1);
  call.features.traffic?.introduce(call, brain);
  const step = begin(brain, call, target);
  call.notes = step === TOO_LARGE ? undefined : call.features.traffic?.notesOf(call, brain, step);
  if (step === STEP.SEND) {
    return order(call, brain);
  }
  if (step === STEP.WAIT) {
    // Other requests come between this and the first attempt, and the engine has one text.
    call.path = brain.text() || undefined;
  }
  if (step !== STEP.RESPOND && step !== STEP.LOCAL && step !== STEP.WAIT && step !== TOO_LARGE) {
    // An engine that trapped before answers with nothing.
    throw new RangeError(`no request begins with step ${step}`);
  }
  return step;
}

/** The plain path of a request that met a trap: a fresh engine says where it belongs, nothing more. */
function aside(call: Call, sending: Sending): Promise<Response> {
  const { brain, ticket } = sending;
  const endpoint = guarded(call.slot, () => {
    const rule = brain.slot(OUT.RULE);
    brain.tell(TELL.ABANDON, ticket, performance.now());
    return rule < 0 ? undefined : call.slot.plain(call.slot.known.ruleServices[rule]);
  });
  return plain(call, endpoint === undefined ? sending : { ...sending, endpoint });
}

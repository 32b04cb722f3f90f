/** The way of a request through the mesh: into the engine, and from its first step to an answer. */
import { local } from "./answer.js";
import { order, respond, run, type Sending } from "./attempt.js";
import { begin, type Call } from "./call.js";
import type { Brain } from "./engine.js";
import type { Features } from "./features.js";
import { OUT, STEP, TELL } from "./generated/abi.js";
import { tableOf, type HandlerTable } from "./handlers.js";
import { guarded, plain } from "./recovery.js";
import { refuse } from "./respond.js";
import type { HandlerMap, MeshFetch } from "./types.js";

/** Where a request goes: to a service, or to the handlers and rules of this mesh. */
export interface Goal {
  readonly service?: string;
  readonly handlers?: HandlerMap | undefined;
}

/** The first step of a request, and what it was taken with. */
interface Entered {
  readonly brain: Brain;
  readonly table: HandlerTable | undefined;
  /** Undefined when the engine does not take a request of that size. */
  readonly step: number | undefined;
  /** The first attempt, where there is one. */
  readonly sending: Sending | undefined;
}

/** Answers a request. A trap at its first step costs it retries, not the answer. */
export function answer(call: Call, features: Features, goal: Goal, fetch: MeshFetch): Response | Promise<Response> {
  const { slot } = call;
  const entering = (): Entered => enter(call, goal);
  const first = guarded(slot, entering);
  // A second trap means that this very request does it.
  const entered = first ?? guarded(slot, entering);
  if (entered === undefined) {
    const endpoint = goal.service === undefined ? undefined : slot.plain(slot.services.get(goal.service));
    return endpoint === undefined ? refuse(503, "engine_trap") : plain(call, features, { endpoint, attempt: 1, timeout: 0, remaining: 0, edits: undefined });
  }
  const { brain, table, sending, step } = entered;
  if (sending !== undefined) {
    return first === undefined ? aside(call, features, brain, sending) : run(call, features, brain, sending);
  }
  if (step === undefined) {
    return refuse(414, "path_too_long");
  }
  return step === STEP.LOCAL && table !== undefined && goal.handlers !== undefined ? local(call, brain, table, goal.handlers, fetch) : respond(call, brain);
}

function enter(call: Call, { handlers, service }: Goal): Entered {
  const { slot } = call;
  const brain = slot.brain();
  if (slot.bytes === undefined && slot.broken !== undefined) {
    throw slot.broken;
  }
  slot.join(brain, call.env, call.local);
  const table = handlers === undefined ? undefined : tableOf(slot, brain, handlers);
  // A number that no service has gets the engine's own refusal.
  const number = service === undefined ? undefined : (slot.services.get(service) ?? slot.services.size);
  const step = begin(brain, call, table?.id ?? -1, number);
  if (step !== undefined && step !== STEP.SEND && step !== STEP.RESPOND && step !== STEP.LOCAL) {
    // An engine that trapped before answers with nothing.
    throw new RangeError(`no request begins with step ${step}`);
  }
  return { brain, table, step, sending: step === STEP.SEND ? order(call, brain) : undefined };
}

/** The plain path of a request that met a trap: a fresh engine says where it belongs, nothing more. */
function aside(call: Call, features: Features, brain: Brain, sending: Sending): Promise<Response> {
  const endpoint = guarded(call.slot, () => {
    const rule = brain.slot(OUT.RULE);
    brain.tell(TELL.ABANDON, sending.ticket, performance.now());
    return rule < 0 ? undefined : call.slot.plain(call.slot.known.rules[rule]?.[1]);
  });
  return plain(call, features, endpoint === undefined ? sending : { ...sending, endpoint });
}

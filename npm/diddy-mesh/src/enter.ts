/** The way of a request through the mesh: into the engine, and from its first step to an answer. */
import { local } from "./answer.js";
import { order, respond, run } from "./attempt.js";
import { begin, type Call } from "./call.js";
import type { Brain } from "./engine.js";
import type { Features } from "./features.js";
import { OUT, STEP } from "./generated/abi.js";
import { tableOf, type HandlerTable } from "./handlers.js";
import { firstEndpoint, guarded, plain } from "./recovery.js";
import { refuse } from "./respond.js";
import type { HandlerMap, MeshFetch } from "./types.js";

/** Where a request goes: to the handlers and rules of this mesh, or to a service. */
export type Goal =
  | { readonly handlers: HandlerMap | undefined; readonly fetch: MeshFetch }
  | { readonly service: string };

interface Entered {
  readonly brain: Brain;
  readonly table: HandlerTable | undefined;
  /** Undefined when the engine does not take a request of that size. */
  readonly step: number | undefined;
}

/** Answers a request. A trap at its first step costs it retries, not the answer. */
export async function answer(call: Call, features: Features, goal: Goal, now: number): Promise<Response> {
  const { slot } = call;
  const first = guarded(slot, now, () => enter(call, goal, now));
  // A second trap means that this very request does it.
  const entered = first ?? guarded(slot, now, () => enter(call, goal, now));
  if (entered === undefined) {
    const service = "service" in goal ? (slot.services.get(goal.service) ?? -1) : -1;
    const endpoint = service < 0 ? undefined : guarded(slot, now, () => firstEndpoint(call, slot.brain(now), -1, service));
    return endpoint === undefined ? refuse(503, "engine_trap") : plain(call, features, { endpoint, attempt: 1, timeout: 0, remaining: 0, edits: undefined });
  }
  const { brain, table, step } = entered;
  switch (step) {
    case undefined:
      return refuse(414, "path_too_long");
    case STEP.LOCAL:
      return table === undefined || !("fetch" in goal) || goal.handlers === undefined ? refuse(500, "internal") : local(call, brain, table, goal.handlers, goal.fetch);
    case STEP.RESPOND:
      return respond(brain);
    default:
      return first === undefined ? aside(call, features, brain) : run(call, features, brain, step);
  }
}

function enter(call: Call, goal: Goal, now: number): Entered {
  const { slot } = call;
  const brain = slot.brain(now);
  if (slot.bytes === undefined && slot.broken !== undefined) {
    throw slot.broken;
  }
  slot.join(call.env, call.local, now);
  if ("service" in goal) {
    return { brain, table: undefined, step: begin(brain, call, -1, slot.services.get(goal.service) ?? slot.services.size, now) };
  }
  const table = goal.handlers === undefined ? undefined : tableOf(slot, brain, goal.handlers);
  return { brain, table, step: begin(brain, call, table?.id ?? -1, undefined, now) };
}

/** The plain path of a request that met a trap: a fresh engine says where it belongs, nothing more. */
function aside(call: Call, features: Features, brain: Brain): Promise<Response> {
  const found = order(call, brain);
  const rule = brain.slot(OUT.RULE);
  const now = performance.now();
  const endpoint = guarded(call.slot, now, () => {
    brain.raw.engine_abandon(brain.self, found.ticket, now);
    return rule < 0 ? undefined : firstEndpoint(call, brain, rule, 0);
  });
  return plain(call, features, { ...found, endpoint: endpoint ?? found.endpoint });
}

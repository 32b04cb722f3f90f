/** The way of one request from attempt to attempt: the engine decides, the host sends and tells what happened, until there is an answer. */
import { numberIn, type Call } from "./call.js";
import type { Brain } from "./engine.js";
import { BODY, FLAG, OUT, OUTCOME, STEP } from "./generated/abi.js";
import type { Order } from "./outgoing.js";
import { drop, send, sleep } from "./send.js";
import { guarded } from "./recovery.js";
import { finish, reasonName, redirect, refuse } from "./respond.js";

/** Stands for the step of an engine that is gone. */
const LOST = -1;

/** An order with what only the loop needs. */
export interface Sending extends Order {
  readonly brain: Brain;
  readonly ticket: number;
  readonly flags: number;
}

/** Carries a request from an attempt to its answer. */
export function run(call: Call, sending: Sending): Promise<Response> {
  return sending.flags & FLAG.BUFFER_BODY ? runHeld(call, sending) : attempt(call, sending);
}

async function runHeld(call: Call, sending: Sending): Promise<Response> {
  if (await hold(call)) {
    return attempt(call, sending);
  }
  resume(call, sending.brain, sending.ticket, OUTCOME.CANCELLED);
  return refuse(400, "cancelled");
}

/** One attempt and what the engine makes of it. An answer that is good goes on at once. */
function attempt(call: Call, sending: Sending): Promise<Response> {
  const whole = call.root ?? call;
  const counted = sending.endpoint.transport.aborts ? 1 : 0;
  whole.waiting += counted;
  return send(call, sending, (result) => {
    whole.waiting -= counted;
    if (typeof result === "number") {
      return goOn(call, sending, resume(call, sending.brain, sending.ticket, result));
    }
    const step = told(call, sending, result);
    return step === STEP.DELIVER ? finish(call, sending, result) : goOn(call, sending, step, result);
  });
}

/** Every step but the delivery of an answer. */
async function goOn(call: Call, sending: Sending, reached: number, answer?: Response): Promise<Response> {
  const { brain } = sending;
  let step = reached;
  let left = answer;
  if (step === STEP.WAIT) {
    const ticket = brain.slot(OUT.TICKET);
    const delay = brain.slot(OUT.DELAY_MS);
    await drop(left);
    left = undefined;
    await sleep(delay);
    step = resume(call, brain, ticket, OUTCOME.WAITED);
  }
  if (step === STEP.RESPOND) {
    const made = respond(call, brain);
    await drop(left);
    return made;
  }
  const next = step === STEP.SEND ? guarded(call.slot, () => order(call, brain)) : undefined;
  if (next === undefined) {
    // The engine is gone. An answer that is here already is as good as any.
    return left === undefined ? refuse(503, "engine_trap") : finish(call, sending, left);
  }
  await drop(left);
  return run(call, next);
}

/** The answer that the engine asks the host to make. */
export function respond(call: Call, brain: Brain): Response {
  const made = guarded(call.slot, () => {
    const status = brain.slot(OUT.STATUS);
    if (status >= 300 && status < 400) {
      return redirect(status, brain.text());
    }
    return refuse(status, reasonName(brain.slot(OUT.REASON)), status === 405 ? { allow: brain.text() } : undefined);
  });
  return made ?? refuse(503, "engine_trap");
}

/** Reads the OUT slots of a SEND step, before anything is awaited. */
export function order(call: Call, brain: Brain): Sending {
  const endpoint = call.slot.endpoints[brain.slot(OUT.ENDPOINT)];
  const flags = brain.slot(OUT.FLAGS);
  if (flags & FLAG.TARGET) {
    // The first attempt's: other requests come between it and a retry, and the engine has one text.
    call.path ??= brain.text();
  }
  if (endpoint === undefined) {
    throw new RangeError("the engine named an endpoint that does not exist");
  }
  return {
    brain,
    endpoint,
    flags,
    ticket: brain.slot(OUT.TICKET),
    attempt: brain.slot(OUT.ATTEMPT),
    timeout: brain.slot(OUT.TIMEOUT_MS),
    remaining: brain.slot(OUT.REMAINING_MS),
    idle: brain.slot(OUT.IDLE_MS),
    edits: call.slot.edits(brain.slot(OUT.BACKEND)),
  };
}

/** Holds a body that a retry may need. False when the caller went away while it was read. */
async function hold(call: Call): Promise<boolean> {
  if (call.body === BODY.NONE || call.held !== undefined) {
    return true;
  }
  try {
    call.held = await call.request.arrayBuffer();
    call.spent = true;
    return true;
  } catch {
    return false;
  }
}

/** Tells the engine of an answer, with the headers that it wants. Its `headers` are touched for those only: the first touch makes an object. */
function told(call: Call, { brain, flags, ticket }: Sending, answer: Response): number {
  const { status } = answer;
  const wait = flags & FLAG.WANT_RETRY_AFTER && (status === 429 || status === 503) ? answer.headers.get("retry-after") : null;
  const load = flags & FLAG.WANT_LOAD ? answer.headers.get("endpoint-load-metrics") : null;
  const grpc = flags & FLAG.WANT_GRPC ? numberIn(answer.headers, "grpc-status") : 0;
  return resume(call, brain, ticket, OUTCOME.RESPONSE, status, grpc || -1, waitOf(wait), load);
}

/** Goes on at the engine, unless it was replaced: then its ticket is worth nothing. */
function resume(call: Call, brain: Brain, ticket: number, outcome: number, status = 0, grpc = -1, wait = -1, load: string | null = null): number {
  if (call.slot.lost(brain)) {
    return LOST;
  }
  const step = guarded(call.slot, () => {
    const report = load !== null && brain.open(3 * load.length) ? brain.put(load) : 0;
    return brain.resume(ticket, outcome, status, grpc, wait, report, (call.root ?? call).waiting, performance.now());
  });
  return step ?? LOST;
}

/** A `Retry-After` in milliseconds from now, whichever of its forms; below 0 where there is none. */
function waitOf(value: string | null): number {
  const wait = value === null ? -1 : /^\d+$/.test(value) ? Number(value) * 1000 : Math.max(0, Date.parse(value) - Date.now());
  return Number.isNaN(wait) ? -1 : wait;
}

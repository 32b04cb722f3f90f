/** The way of one request from attempt to attempt: the engine decides, the host sends and tells what happened, until there is an answer. */
import { numberIn, type Call } from "./call.js";
import type { Brain } from "./engine.js";
import { BODY, FLAG, NEVER, OUT, OUTCOME, STEP } from "./generated/abi.js";
import type { Order } from "./outgoing.js";
import type { Predicate } from "./tables.js";
import type { Race } from "./traffic/hedge.js";
import type { Endpoint } from "./transport.js";
import { drop, send, sleep } from "./send.js";
import { guarded } from "./recovery.js";
import { final, finish, reasonName, redirect, refuse, RETRY_HEADER } from "./respond.js";

/** Stands for the step of an engine that is gone. */
const LOST = -1;

/** An order with what only the loop needs. */
export interface Sending extends Order {
  readonly brain: Brain;
  readonly ticket: number;
  /** `FLAG` bits. */
  readonly bits: number;
  /** What of an answer asks for another attempt. */
  readonly predicates: readonly Predicate[] | undefined;
  /** Silence in ms after which another attempt may be made beside this one; 0 = never. */
  readonly hedge: number;
  /** The two attempts of which this is one. */
  readonly race?: Race;
}

/** Carries a request from an attempt to its answer. */
export function run(call: Call, sending: Sending): Promise<Response> {
  return sending.bits & FLAG.BUFFER_BODY ? runHeld(call, sending) : attempt(call, sending);
}

async function runHeld(call: Call, sending: Sending): Promise<Response> {
  if (await hold(call)) {
    return attempt(call, sending);
  }
  resume(call, sending.brain, sending.ticket, OUTCOME.CANCELLED);
  return refuse(400, "cancelled");
}

function attempt(call: Call, sending: Sending): Promise<Response> {
  return (sending.hedge > 0 && call.features.traffic?.hedged(call, sending, once)) || once(call, sending);
}

/** One attempt and what the engine makes of it. An answer that is good goes on at once. */
function once(call: Call, sending: Sending): Promise<Response> {
  const whole = call.root ?? call;
  const counted = sending.endpoint.transport.aborts ? 1 : 0;
  whole.waiting += counted;
  return send(call, sending, (result) => {
    whole.waiting -= counted;
    if (sending.race?.over) {
      return goOn(call, sending, STEP.PENDING, typeof result === "number" ? undefined : result);
    }
    if (typeof result === "number") {
      return goOn(call, sending, resume(call, sending.brain, sending.ticket, result));
    }
    const step = told(call, sending, result);
    if (step !== STEP.DELIVER) {
      return goOn(call, sending, step, result);
    }
    sending.race?.end(sending);
    call.features.registry?.heard(call, sending, result);
    if (call.own !== undefined) {
      void drop(call.own);
    }
    // Before anything else asks the engine.
    const last = sending.brain.slot(OUT.LAST_WORD);
    const made = finish(call, sending, result);
    return last ? final(made) : made;
  });
}

/** Every step but the delivery of an answer. Where there is none yet, `brain` is all that is used of `sending`. */
export async function goOn(call: Call, sending: Sending, reached: number, answer?: Response): Promise<Response> {
  const { brain } = sending;
  let step = reached;
  let left = answer;
  if (step === STEP.WAIT) {
    // Read before anything is awaited: other requests write there.
    const ticket = brain.slot(OUT.TICKET);
    const delay = brain.slot(OUT.DELAY_MS);
    await drop(left);
    left = undefined;
    await sleep(delay);
    step = resume(call, brain, ticket, OUTCOME.WAITED);
  }
  if (step === STEP.PENDING) {
    await drop(left);
    // The other attempt of the race has the answer.
    return new Promise(() => undefined);
  }
  if (step === STEP.RESPOND) {
    if (reasonName(brain.slot(OUT.REASON)) === "upstream_status" && call.own === undefined && left !== undefined) {
      // The fallback could not even be asked.
      call.own = finish(call, sending, left);
      left = undefined;
    }
    const made = respond(call, brain);
    await drop(left);
    return made;
  }
  const next = step === STEP.SEND ? guarded(call.slot, () => order(call, brain)) : undefined;
  if (next === undefined) {
    // The engine is gone. An answer that is here already is as good as any; the request's own goes before a fallback's that failed.
    const { own } = call;
    if (left !== undefined && (own === undefined || left.status < 500)) {
      void drop(own);
      return finish(call, sending, left);
    }
    await drop(left);
    return own ?? refuse(503, "engine_trap");
  }
  if (next.bits & FLAG.FALLBACK && left !== undefined && call.own === undefined) {
    call.own = finish(call, sending, left);
  } else {
    await drop(left);
  }
  return run(call, next);
}

/** The answer that the engine asks the host to make. */
export function respond(call: Call, brain: Brain): Response {
  const made = guarded(call.slot, () => {
    const status = brain.slot(OUT.STATUS);
    const reason = reasonName(brain.slot(OUT.REASON));
    if (call.own !== undefined && reason === "upstream_status") {
      return brain.slot(OUT.LAST_WORD) ? final(call.own) : call.own;
    }
    void drop(call.own);
    const text = brain.text();
    // A Location, or for 405 an Allow. A rule's own answer or a fault may have any status, and neither.
    if (text !== "" && status !== 405) {
      return redirect(status, text);
    }
    if (reason === "none" && call.features.traffic !== undefined) {
      return call.features.traffic.direct(call, status, brain.slot(OUT.BACKEND));
    }
    const made = refuse(status, reason, reason === "method_not_allowed" ? { allow: text } : undefined);
    return brain.slot(OUT.LAST_WORD) ? final(made) : made;
  });
  return made ?? refuse(503, "engine_trap");
}

/** Reads the OUT slots of a SEND step, before anything is awaited. */
export function order(call: Call, brain: Brain): Sending {
  const bits = brain.slot(OUT.FLAGS);
  if (bits & FLAG.TARGET) {
    // The first attempt's: other requests come between it and a retry, and the engine has one text.
    call.path ??= brain.text();
  }
  const sending: Sending = {
    brain,
    bits,
    ticket: brain.slot(OUT.TICKET),
    attempt: brain.slot(OUT.ATTEMPT),
    timeout: brain.slot(OUT.TIMEOUT_MS),
    remaining: brain.slot(OUT.REMAINING_MS),
    idle: brain.slot(OUT.IDLE_MS),
    edits: call.slot.edits(brain.slot(OUT.BACKEND)),
    predicates: bits & FLAG.WANT_PREDICATES ? call.slot.known.predicates?.[brain.slot(OUT.POLICY)] : undefined,
    hedge: brain.slot(OUT.HEDGE_MS),
    // Last: code that is asked may ask the engine in its turn, and the slots are another request's then.
    endpoint: call.slot.endpoints[call.features.traffic?.choose(call, brain) ?? brain.slot(OUT.ENDPOINT)] as Endpoint,
  };
  if (sending.endpoint === undefined) {
    throw new RangeError("the engine named an endpoint that does not exist");
  }
  return sending;
}

/** Holds a body that a retry may need. False when the caller went away while it was read. */
export async function hold(call: Call): Promise<boolean> {
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
function told(call: Call, { brain, bits, predicates, ticket }: Sending, answer: Response): number {
  const { status } = answer;
  const wait = bits & FLAG.WANT_RETRY_AFTER && (status === 429 || status === 503) ? waitOf(answer.headers.get("retry-after")) : -1;
  const last = (status === 429 || status > 499) && answer.headers.get(RETRY_HEADER) === "never";
  const load = bits & FLAG.WANT_LOAD ? answer.headers.get("endpoint-load-metrics") : null;
  const grpc = bits & FLAG.WANT_GRPC ? numberIn(answer.headers, "grpc-status") : 0;
  const again = predicates !== undefined && call.features.traffic?.again(call, predicates, answer);
  return resume(call, brain, ticket, OUTCOME.RESPONSE, status, grpc || -1, last ? NEVER : wait, load, again);
}

/** Goes on at the engine, unless it was replaced: then its ticket is worth nothing. */
export function resume(call: Call, brain: Brain, ticket: number, outcome: number, status = 0, grpc = -1, wait = -1, load: string | null = null, again = false): number {
  if (call.slot.lost(brain)) {
    return LOST;
  }
  const step = guarded(call.slot, () => {
    const report = load !== null && brain.open(3 * load.length) ? brain.put(load) : 0;
    return brain.resume(ticket, outcome, status, grpc, wait, report, (call.root ?? call).waiting, again ? 1 : 0, performance.now());
  });
  return step ?? LOST;
}

/** A `Retry-After` in milliseconds from now, whichever of its forms; below 0 where there is none. */
function waitOf(value: string | null): number {
  const wait = value === null ? -1 : /^\d+$/.test(value) ? Number(value) * 1000 : Math.max(0, Date.parse(value) - Date.now());
  return Number.isNaN(wait) ? -1 : wait;
}

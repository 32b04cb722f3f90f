// Our engine without the host around it: the exports of engine.wasm, called as the TypeScript host calls them. Nothing of
// the host's source is used but the generated numbers of the boundary, so that a change to the host leaves this alone.
import { ASK, BODY, DEPTH_MAX, IN, METHODS, OUT, OUTCOME, SLOTS, STEP, TELL } from "../../../npm/diddy-mesh/src/generated/abi.ts";
import module from "../../../npm/diddy-mesh/wasm/engine.wasm";
import { ORIGIN } from "./github.mjs";

/** What one frozen moment of a Worker lasts between two requests, in ms: state that decays sees time pass. */
const STEP_MS = 0.05;
/** How long an attempt takes, in ms. */
const ATTEMPT_MS = 0.25;
/** Stands for a gRPC status, a `Retry-After` or a remaining time that is not there. */
const NOT_SAID = -1;
/** The target that stands for the rules alone. */
const RULES = -1;
/** Bytes for one request: more than any URL of the benches has. */
const REQUEST_BYTES = 4096;

const decoder = new TextDecoder();

/** One instance of the engine with its area and its slots. */
class Engine {
  constructor() {
    const glue = new Proxy({}, { get: () => () => undefined });
    this.wasm = new WebAssembly.Instance(module, new Proxy({}, { get: () => glue })).exports;
    this.wasm.__wbindgen_start?.();
    this.wasm.engine_tell(TELL.SEED, 0x6d657368, 0x62656e63);
    this.open(REQUEST_BYTES);
  }

  /** Room for `length` bytes, and views of the memory as it is now: it may have grown. */
  open(length) {
    const at = this.wasm.engine_input(length);
    if (at === 0) throw new Error(`no room for ${length} bytes`);
    this.input = new Uint8Array(this.wasm.memory.buffer, at, length);
    this.slots = new Int32Array(this.wasm.memory.buffer, this.wasm.engine_slots(), SLOTS);
  }

  /** One OUT slot. */
  slot(index) {
    if (this.slots.length === 0) this.open(REQUEST_BYTES);
    return this.slots[index];
  }

  /** Writes the ASCII `text[from..to]` at `at` of the input area; the bytes written. */
  put(text, from, to, at) {
    if (this.input.length === 0) this.open(REQUEST_BYTES);
    const { input } = this;
    for (let i = from; i < to; i++) input[at + i - from] = text.charCodeAt(i);
    return to - from;
  }

  /** Writes bytes of any length; how many. */
  set(bytes) {
    this.open(bytes.length);
    this.input.set(bytes);
    return bytes.length;
  }

  /** Begins a request by the rules, without query, body, headers or a caller's deadline; `depth` is its hops so far. */
  begin(method, host, path, now, depth = 0) {
    const { slots } = this;
    slots[IN.TARGET] = RULES;
    slots[IN.METHOD] = method;
    slots[IN.HOST] = host;
    slots[IN.PATH] = path;
    slots[IN.QUERY] = 0;
    slots[IN.BODY] = BODY.NONE;
    slots[IN.CALLER] = depth;
    slots[IN.REMAINING_MS] = NOT_SAID;
    return this.wasm.engine_begin(now);
  }

  /** Tells of a response. */
  answered(ticket, status, now) {
    const { slots } = this;
    slots[IN.TICKET] = ticket;
    slots[IN.OUTCOME] = OUTCOME.RESPONSE;
    slots[IN.STATUS] = status;
    slots[IN.GRPC] = NOT_SAID;
    slots[IN.RETRY_AFTER_MS] = NOT_SAID;
    slots[IN.LOAD] = 0;
    slots[IN.WAITING] = 0;
    return this.wasm.engine_resume(now);
  }

  text() {
    const [at, length] = [this.slot(OUT.TEXT_PTR), this.slot(OUT.TEXT_LEN)];
    return decoder.decode(new Uint8Array(this.wasm.memory.buffer, at, length));
  }
}

/** Instantiates the engine, loads a Snapshot and reads the tables that a host keeps. All endpoints can be reached, which the engine takes for granted. */
export function loaded(snapshot) {
  const engine = new Engine();
  const failure = engine.wasm.engine_load(engine.set(new Uint8Array(snapshot)), 0);
  if (failure !== 0) throw new Error(`the Snapshot was refused: ${failure}`);

  engine.open(REQUEST_BYTES);
  engine.wasm.engine_ask(ASK.TABLES, 0);
  engine.tables = JSON.parse(engine.text());
  return engine;
}

/** Loads a Snapshot into one engine again and again, and reads the tables that a host keeps. What was learned is carried over each time. */
export function reloaded(snapshot) {
  const engine = new Engine();
  const bytes = new Uint8Array(snapshot);
  return () => {
    const failure = engine.wasm.engine_load(engine.set(bytes), 0);
    if (failure !== 0) throw new Error(`the Snapshot was refused: ${failure}`);
    engine.open(REQUEST_BYTES);
    engine.wasm.engine_ask(ASK.TABLES, 0);
    return JSON.parse(engine.text()).services.length;
  };
}

const methods = new Map(METHODS.map((name, number) => [name, number]));
const numbered = (requests) => requests.map(({ method, url }) => ({ method: methods.get(method), url }));

/** Cuts host and path out of the URL, as a host must that knows neither, and begins. */
function begin(engine, { method, url }, now) {
  const hostAt = url.indexOf("//") + 2;
  const pathAt = url.indexOf("/", hostAt);
  const mark = url.indexOf("?", pathAt);
  const host = engine.put(url, hostAt, pathAt, 0);
  const path = engine.put(url, pathAt, mark < 0 ? url.length : mark, host);
  return engine.begin(method, host, path, now);
}

/** One decision after the other: begin, then resume with the good answer of the endpoint that was picked. */
export function decisions(engine, requests) {
  const calls = numbered(requests);
  let now = 0;
  return (index) => {
    now += STEP_MS;
    const step = begin(engine, calls[index], now);
    if (step !== STEP.SEND) throw new Error(`${requests[index].method} ${calls[index].url}: step ${step}, not a send`);
    const endpoint = engine.slot(OUT.ENDPOINT);
    const ticket = engine.slot(OUT.TICKET);
    const last = engine.answered(ticket, 200, now + ATTEMPT_MS);
    if (last !== STEP.DELIVER) throw new Error(`step ${last}, not the answer's delivery`);
    return endpoint;
  };
}

/**
 * The route of a request alone: each comes at the bound of its hops, so that the engine refuses it as soon as it knows its
 * rule and its backend. It includes the path's way into the wasm and its normal form; no endpoint is looked at.
 */
export function matches(engine, requests) {
  const calls = numbered(requests);
  const start = ORIGIN.length;
  return (index) => {
    const { method, url } = calls[index];
    const path = engine.put(url, start, url.length, 0);
    const step = engine.begin(method, 0, path, 0, DEPTH_MAX);
    if (step !== STEP.RESPOND) throw new Error(`${requests[index].method} ${url}: step ${step}, not an answer`);
    return engine.slot(OUT.STATUS);
  };
}

/** What `matches` answers where a rule took the request: no route would be 404. */
export const REFUSED = 508;

/** The index that the `Location` of a request's redirect ends with, by rules that redirect; NaN where no rule took it. */
export function redirectedTo(engine, requests) {
  const calls = numbered(requests);
  return (index) => {
    const { method, url } = calls[index];
    engine.begin(method, 0, engine.put(url, ORIGIN.length, url.length, 0), 0);
    return Number(/\/(\d+)$/.exec(engine.text())?.[1]);
  };
}

/** Bytes of the engine's linear memory. */
export const memoryBytes = (engine) => engine.wasm.memory.buffer.byteLength;

// A host over the package's own `Brain`: what it is told goes in, what it would do comes out as a plain object.
import { Brain } from "../../src/engine.ts";
import { isTraffic } from "../../src/traffic/tables.ts";
import { ASK, BREAKERS, DENIALS, ENDPOINT_COLUMNS, EVENT, EVENT_WORDS, EVENTS, FLAG, HEALTHS, MIRROR_TARGET, NOTE, OUT, OUTCOME, REASONS, SERVICE_COLUMNS, STEP, TELL, TRANSITIONS } from "../../src/generated/abi.ts";

// Scripts count from here, in ms: an engine whose time begins at 0 takes it for unknown.
const ORIGIN_MS = 1_000_000;
const OUTCOMES = { waited: OUTCOME.WAITED, timeout: OUTCOME.TIMEOUT, connectFailure: OUTCOME.CONNECT_FAILURE, reset: OUTCOME.RESET, exception: OUTCOME.EXCEPTION, cancelled: OUTCOME.CANCELLED };
const CODES = { attempt_end: REASONS, request_end: REASONS, mirror_end: REASONS, fallback: REASONS, fallback_failed: REASONS, retry_denied: DENIALS, breaker_opened: TRANSITIONS, breaker_half_open: TRANSITIONS, breaker_closed: TRANSITIONS };
const NO_TICKET = 0xffff_ffff;

/** Header edits, as they are written in a case. */
const lines = (side, edits) => edits.map(([verb, header, value]) => `${side}${verb}${header}\t${value}`);

/** An engine in an instance of its own, with the dice of the case's seed, then its Snapshot. */
export class Host {
  #brain = new Brain();
  #tickets = new Map();
  #table = -1;
  #origin;
  #compile;
  #known;
  /** The sticky cookie that was set last, as a request sends it. */
  #cookie = "";
  /** Whether the document has rules. */
  #routed = false;

  constructor(compile, { seed = 1, origin = ORIGIN_MS, handlers }, document) {
    this.#compile = compile;
    this.#origin = origin;
    this.#brain.tell(TELL.SEED, 0, seed);
    this.#brain.tell(TELL.LISTEN, 1);
    if (handlers !== undefined) {
      const lines = handlers.join("\n");
      this.#brain.open(lines.length);
      this.#table = this.#brain.raw.engine_handlers(this.#brain.put(lines));
    }
    this.load(document, 0);
    this.drain();
  }

  load(document, at) {
    const { snapshot, diagnostics } = this.#compile(document);
    if (snapshot === undefined) {
      throw new Error(diagnostics.map(({ message }) => message).join("\n"));
    }
    const failure = this.#brain.load(snapshot, this.#origin + at);
    if (failure !== 0) {
      throw new Error(`the Snapshot was refused: ${failure}`);
    }
    this.#known = this.#brain.tables(isTraffic);
    this.#routed = document.routing !== undefined;
  }

  /** Begins by the rules and handlers; in scripts without either, by the name of the first service. */
  begin(name, request, at, { service, of, script = false } = {}) {
    const brain = this.#brain;
    let target = this.#table;
    if (service !== undefined) {
      const number = this.#known.services.indexOf(service);
      target = -2 - (number < 0 ? 0xffff : number);
    } else if (of !== undefined) {
      target = MIRROR_TARGET - of;
    } else if (script && !this.#routed) {
      target = -2;
    }
    const { host, path, query } = request;
    const values = this.#known.headers.map((header) => request.header(header)?.replaceAll("{cookie}", this.#cookie) ?? null);
    const parts = [host, path, query];
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    brain.open(bytes + values.reduce((sum, value) => sum + 2 + 3 * (value?.length ?? 0), 0));
    // The parts are bytes that no text may stand for: a blank first, then themselves.
    brain.put(" ".repeat(bytes));
    values.forEach((value) => brain.putValue(value));
    const area = new Uint8Array(brain.raw.memory.buffer, brain.raw.engine_input(1), bytes);
    parts.reduce((start, part) => (area.set(part, start), start + part.length), 0);
    if (request.place !== undefined) {
      brain.tell(TELL.LOCATION, ...request.place);
    }
    const step = brain.begin(target, request.method, host.length, path.length, query.length, request.body, request.caller, request.remaining, this.#origin + at);
    const notes = this.#notes();
    return { ...this.#seen(name, step), notes };
  }

  /** Tells that the attempt of `first` is slow; `name` is that of the other attempt. */
  hedge(first, name, waiting, at) {
    return this.#seen(name, this.#brain.resume(this.#tickets.get(first) ?? NO_TICKET, OUTCOME.HEDGE, 0, -1, -1, 0, waiting, 0, this.#origin + at));
  }

  resume(name, { outcome, status = 200, retryAfter = -1, grpc = -1, load, waiting = 0, again = false }, at) {
    const brain = this.#brain;
    const report = load !== undefined && brain.open(load.length) ? brain.put(load) : 0;
    const ended = outcome === undefined ? OUTCOME.RESPONSE : OUTCOMES[outcome];
    return this.#seen(name, brain.resume(this.#tickets.get(name) ?? NO_TICKET, ended, status, grpc, retryAfter, report, waiting, again ? 1 : 0, this.#origin + at));
  }

  abandon(name, at) {
    this.#brain.tell(TELL.ABANDON, this.#tickets.get(name) ?? NO_TICKET, this.#origin + at);
  }

  tell(what, address, at) {
    const number = this.#known.endpoints.indexOf(address);
    const now = this.#origin + at;
    const tells = { reachable: [TELL.REACHABLE, 1], unreachable: [TELL.REACHABLE, 0], healthy: [TELL.HEALTHY, now], unhealthy: [TELL.UNHEALTHY, now], draining: [TELL.DRAINING, now] };
    this.#brain.tell(tells[what][0], number, tells[what][1]);
  }

  /** The events since the last call, as `kind:code`. */
  drain() {
    const words = this.#brain.words(this.#brain.ask(ASK.EVENTS) * EVENT_WORDS);
    return Array.from({ length: words.length / EVENT_WORDS }, (_, i) => {
      const kind = EVENTS[words[i * EVENT_WORDS + EVENT.KIND]];
      const codes = CODES[kind];
      return codes === undefined ? kind : `${kind}:${codes[words[i * EVENT_WORDS + EVENT.CODE]]}`;
    });
  }

  /** Counters by service and endpoint, and how many breakers are in which state. */
  stats(at) {
    const { services, endpoints } = this.#known;
    const words = this.#brain.words(this.#brain.ask(ASK.STATS, this.#origin + at));
    const all = { breakers: { closed: 0, open: 0, half_open: 0 } };
    const row = (columns, start) => Object.fromEntries(columns.map((column, i) => [column, words[start + i]]));
    services.forEach((name, i) => (all[name] = row(SERVICE_COLUMNS, i * SERVICE_COLUMNS.length)));
    endpoints.forEach((address, i) => {
      const counters = row(ENDPOINT_COLUMNS, services.length * SERVICE_COLUMNS.length + i * ENDPOINT_COLUMNS.length);
      const breaker = BREAKERS[counters.breaker];
      all[address] = { ...counters, breaker, health: HEALTHS[counters.health] };
      all.breakers[breaker] += 1;
    });
    return all;
  }

  /** What the begin found besides its step; null where there is nothing. */
  #notes() {
    const slot = (index) => this.#brain.slot(index);
    const { cors, limits, cookies } = this.#known;
    const bits = slot(OUT.NOTES);
    const notes = {};
    if (bits & (NOTE.CORS | NOTE.PREFLIGHT)) {
      const kind = bits & NOTE.PREFLIGHT ? "preflight" : "actual";
      notes.cors = { kind, edits: bits & NOTE.CORS ? lines("s", cors[slot(OUT.CORS)][kind]) : [] };
    }
    if (bits & NOTE.LIMIT) {
      notes.limit = { policy: limits[slot(OUT.LIMIT)], remaining: slot(OUT.LIMIT_REMAINING), reset: slot(OUT.LIMIT_RESET), ...(slot(OUT.LIMIT_GUARANTEE) > 0 && { guarantee: slot(OUT.LIMIT_GUARANTEE) }) };
    }
    if (bits & NOTE.COOKIE) {
      const [name, attributes] = cookies[slot(OUT.COOKIE_RULE)];
      notes.cookie = { name, attributes };
      this.#cookie = `${name}=${[OUT.COOKIE_HIGH, OUT.COOKIE_LOW].map((half) => (slot(half) >>> 0).toString(16).padStart(8, "0")).join("")}`;
    }
    if (bits & NOTE.MIRRORS) {
      notes.mirrors = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (slot(OUT.MIRRORS) >> bit) & 1).map((bit) => slot(OUT.MIRROR_FIRST) + bit);
    }
    return bits === 0 ? null : notes;
  }

  #seen(name, step) {
    const brain = this.#brain;
    const slot = (index) => brain.slot(index);
    switch (step) {
      case STEP.DELIVER:
        return { step: "deliver", lastWord: slot(OUT.LAST_WORD) !== 0 };
      case STEP.PENDING:
        return { step: "pending" };
      case STEP.WAIT:
        this.#tickets.set(name, slot(OUT.TICKET));
        return { step: "wait", delay: slot(OUT.DELAY_MS) };
      case STEP.RESPOND: {
        const made = this.#known.backends[slot(OUT.BACKEND)];
        const more = made === undefined ? {} : { body: made.body ?? "", edits: [...lines("q", made.request), ...lines("s", made.response)] };
        return { step: "respond", status: slot(OUT.STATUS), reason: REASONS[slot(OUT.REASON)], location: brain.text() || null, lastWord: slot(OUT.LAST_WORD) !== 0, ...more };
      }
      case STEP.LOCAL: {
        const path = brain.text();
        const part = (i) => path.substr(slot(OUT.PARAM_FIRST + 2 * i), slot(OUT.PARAM_FIRST + 2 * i + 1));
        return { step: "local", handler: slot(OUT.HANDLER), params: Array.from({ length: slot(OUT.PARAMS) }, (_, i) => part(i)), path };
      }
      case STEP.SEND: {
        this.#tickets.set(name, slot(OUT.TICKET));
        const flags = slot(OUT.FLAGS);
        const [endpoint, rule, backend] = [OUT.ENDPOINT, OUT.RULE, OUT.BACKEND].map(slot);
        const seen = { step: "send", attempt: slot(OUT.ATTEMPT), timeout: slot(OUT.TIMEOUT_MS), remaining: slot(OUT.REMAINING_MS), path: flags & FLAG.TARGET ? brain.text() : null, keepBody: (flags & FLAG.BUFFER_BODY) !== 0, fallback: (flags & FLAG.FALLBACK) !== 0, hedge: slot(OUT.HEDGE_MS) };
        const { backends, endpoints, rules, services } = this.#known;
        const changes = backends[backend] ?? { host: "", request: [], response: [] };
        const columns = brain.words(brain.ask(ASK.STATS));
        const service = columns[services.length * SERVICE_COLUMNS.length + endpoint * ENDPOINT_COLUMNS.length + ENDPOINT_COLUMNS.indexOf("service")];
        return { ...seen, edits: [...lines("q", changes.request), ...lines("s", changes.response)], service: services[service], endpoint: endpoints[endpoint], rule: rules[rule] ?? null, host: changes.host || null };
      }
      default:
        throw new Error(`the engine answered with step ${step}`);
    }
  }
}

/**
 * The only caller of the wasm: writes a request into its input area, reads its OUT slots.
 * Views are kept and made again only after the memory grew. Anything here may throw after a trap; `recovery.ts` catches it.
 */
import { ASK, IN, INPUT_BYTES_MAX, OUT, SLOTS, SNAPSHOT_ERRORS, TELL } from "./generated/abi.js";
import { instance } from "./runtime.js";
import { tablesOf, type Tables } from "./tables.js";

const ABSENT = 0xffff;
const TOO_LARGE = SNAPSHOT_ERRORS.indexOf("too_large") + 1;
const INPUT_START = 4096;
/** Times that do not fit a slot are as good as none. */
const SLOT_MAX = 0x7fff_ffff;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One engine in an instance of its own: a Snapshot and the state of its endpoints. */
export class Brain {
  /** What the instance exports. */
  readonly raw = instance();
  readonly #slotsAt = this.raw.engine_slots();
  #slots = new Int32Array(0);
  #input = new Uint8Array(0);
  #at = 0;

  constructor() {
    const [high, low] = crypto.getRandomValues(new Int32Array(2));
    this.tell(TELL.SEED, high as number >>> 0, low as number >>> 0);
  }

  /** What crosses with a call. */
  slots(): Int32Array {
    if (this.#slots.length === 0) {
      this.#slots = new Int32Array(this.raw.memory.buffer, this.#slotsAt, SLOTS);
    }
    return this.#slots;
  }

  /** One OUT slot. */
  slot(index: number): number {
    return this.slots()[index] as number;
  }

  /** Begins the request whose bytes were put; see `IN`. `remaining` is in ms, Infinity = not said. A STEP. */
  begin(target: number, method: number, host: number, path: number, query: number, body: number, caller: number, remaining: number, now: number): number {
    const slots = this.slots();
    slots[IN.TARGET] = target;
    slots[IN.METHOD] = method;
    slots[IN.HOST] = host;
    slots[IN.PATH] = path;
    slots[IN.QUERY] = query;
    slots[IN.BODY] = body;
    slots[IN.CALLER] = caller;
    slots[IN.REMAINING_MS] = remaining < SLOT_MAX ? remaining : -1;
    return this.raw.engine_begin(now);
  }

  /** Goes on with a request; see `IN`. `wait` is in ms, below 0 = none. A STEP. */
  resume(ticket: number, outcome: number, status: number, grpc: number, wait: number, load: number, waiting: number, again: number, now: number): number {
    const slots = this.slots();
    slots[IN.TICKET] = ticket;
    slots[IN.OUTCOME] = outcome;
    slots[IN.STATUS] = status;
    slots[IN.GRPC] = grpc;
    slots[IN.RETRY_AFTER_MS] = Math.min(wait, SLOT_MAX);
    slots[IN.LOAD] = load;
    slots[IN.WAITING] = waiting;
    slots[IN.AGAIN] = again;
    return this.raw.engine_resume(now);
  }

  /** The text of the step at hand. */
  text(): string {
    return decoder.decode(new Uint8Array(this.raw.memory.buffer, this.slot(OUT.TEXT_PTR), this.slot(OUT.TEXT_LEN)));
  }

  /** What a host keeps of the Snapshot; undefined where it carries nothing of that shape. */
  tables(more: (known: Tables) => boolean): Tables | undefined {
    const endpoints = this.ask(ASK.ENDPOINTS);
    this.ask(ASK.TABLES);
    return tablesOf(this.text(), endpoints, more);
  }

  /** Answers one of `ASK`. */
  ask(what: number, at = 0): number {
    return this.raw.engine_ask(what, at);
  }

  /** Says one of `TELL`. */
  tell(what: number, first: number, second = 0): void {
    this.raw.engine_tell(what, first, second);
  }

  /** Counters or events: the words that the call before left. */
  words(count: number): Uint32Array {
    return new Uint32Array(this.raw.memory.buffer, this.ask(ASK.WORDS_AT), count);
  }

  /** Loads a Snapshot; 0 = in use, else the number of a `SNAPSHOT_ERRORS` plus one. */
  load(bytes: Uint8Array, now: number): number {
    if (!this.open(bytes.length)) {
      return TOO_LARGE;
    }
    this.#input.set(bytes);
    const failure = this.raw.engine_load(bytes.length, now);
    // The engine keeps what was written.
    this.#input = new Uint8Array(0);
    return failure;
  }

  /** Starts writing: room for `length` bytes. False when that is more than the engine takes. */
  open(length: number): boolean {
    this.#at = 0;
    if (length > INPUT_BYTES_MAX) {
      return false;
    }
    if (length > this.#input.length) {
      const room = Math.max(length, INPUT_START);
      const at = this.raw.engine_input(room);
      if (at === 0) {
        throw new RangeError("the engine gives no room");
      }
      this.#input = new Uint8Array(this.raw.memory.buffer, at, room);
    }
    return true;
  }

  /** Writes `text[from..to]`, answers the bytes written. The loop is faster than `encodeInto` for the ASCII of a URL. */
  put(text: string, from = 0, to = text.length): number {
    const start = this.#at;
    const input = this.#input;
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.#at = start + encoder.encodeInto(text.slice(from, to), input.subarray(start)).written;
        return this.#at - start;
      }
      input[start + i - from] = code;
    }
    this.#at = start + to - from;
    return to - from;
  }

  /** Writes a value behind its length in two bytes; null is told apart from empty. */
  putValue(value: string | null): void {
    const at = this.#at;
    this.#at += 2;
    let length = value === null ? ABSENT : this.put(value);
    if (value !== null && length >= ABSENT) {
      // Cut, so that its length cannot be taken for that of something else.
      length = ABSENT - 1;
      this.#at = at + 2 + length;
    }
    this.#input[at] = length & 255;
    this.#input[at + 1] = length >> 8;
  }
}

/**
 * The only caller of the wasm: writes a request into its input area, reads its OUT slots.
 * Views are kept and made again only after the memory grew. Anything here may throw after a trap; `recovery.ts` catches it.
 */
import { Engine } from "../wasm/engine.js";
import { OUT, OUT_LEN } from "./generated/abi.js";
import { memory } from "./runtime.js";

const ABSENT = 0xffff;
const INPUT_START = 4096;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One engine: a Snapshot and the state of its endpoints. */
export class Brain {
  readonly raw = new Engine();
  readonly #out: number;
  #slots = new Int32Array(0);
  #input = new Uint8Array(0);
  #inputAt = 0;
  #at = 0;

  constructor() {
    this.#out = this.raw.out();
  }

  /** One OUT slot. */
  slot(index: number): number {
    if (this.#slots.byteLength === 0) {
      this.#slots = new Int32Array(memory().buffer, this.#out, OUT_LEN);
    }
    return this.#slots[index] as number;
  }

  /** The text that the slots `TEXT` and `TEXT_LEN` point at. */
  text(): string {
    return this.read(this.slot(OUT.TEXT), this.slot(OUT.TEXT_LEN));
  }

  /** The text that the slots `TEXT2` and `TEXT2_LEN` point at. */
  text2(): string {
    return this.read(this.slot(OUT.TEXT2), this.slot(OUT.TEXT2_LEN));
  }

  read(at: number, length: number): string {
    return decoder.decode(new Uint8Array(memory().buffer, at, length));
  }

  /** What the engine says of entry `index` of a table. */
  describe(kind: number, index: number): string {
    return this.read(this.slot(OUT.TEXT), this.raw.describe(kind, index));
  }

  /** Starts writing: room for `length` bytes. False when that is more than the engine takes. */
  open(length: number): boolean {
    this.#at = 0;
    if (length > this.#input.byteLength) {
      const room = Math.max(length, INPUT_START, this.#input.byteLength);
      this.#inputAt = this.raw.input(room);
      if (this.#inputAt === 0) {
        this.#input = new Uint8Array(0);
        return false;
      }
      this.#input = new Uint8Array(memory().buffer, this.#inputAt, room);
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
    const length = value === null ? ABSENT : this.put(value);
    this.#input[at] = length & 255;
    this.#input[at + 1] = length >> 8;
  }

  /** Bytes written since `open`. */
  written(): number {
    return this.#at;
  }
}

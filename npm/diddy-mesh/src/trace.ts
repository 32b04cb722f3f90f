/** W3C Trace Context, level 1: a valid `traceparent` is continued, anything else starts a new trace. */

/** The trace a request belongs to. */
export interface Trace {
  /** 32 lower-case hex digits, not all zero. */
  readonly id: string;
  /** Two hex digits: whether it is sampled, and whether its id is random. Other bits are not ours to pass on. */
  readonly flags: string;
  /** Whether it began here, so that a `tracestate` of the caller belongs to something else. */
  readonly fresh: boolean;
}

const HEADER = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Members of a `tracestate` that may travel on. */
const STATE_MEMBERS_MAX = 32;
const STATE_MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const POOL_BYTES = 1024;
/** Filled as bytes are met: all 256 at once would be a part of every cold start. */
const hex: string[] = [];
let pool = new Uint8Array(0);
let used = 0;

/** The trace of an incoming request, given its `traceparent`. */
export function traceOf(header: string | null): Trace {
  const found = header === null ? null : HEADER.exec(header.trim());
  // Version 00 ends after the flags; a later one may go on.
  if (found !== null && (found[1] !== "00" || found[5] === undefined)) {
    return { id: found[2] as string, flags: `0${Number.parseInt(found[4] as string, 16) & 3}`, fresh: false };
  }
  return { id: randomHex(16), flags: "01", fresh: true };
}

/** Writes the headers of one attempt: the same trace, a new span, and the caller's `tracestate` where it belongs to the trace and is well-formed. */
export function writeTrace(headers: Headers, trace: Trace): void {
  headers.set("traceparent", `00-${trace.id}-${randomHex(8)}-${trace.flags}`);
  const state = headers.get("tracestate");
  if (state !== null && (trace.fresh || !isState(state))) {
    headers.delete("tracestate");
  }
}

function isState(text: string): boolean {
  const members = text.split(",").map((member) => member.trim()).filter((member) => member !== "");
  return members.length <= STATE_MEMBERS_MAX && members.every((member) => STATE_MEMBER.test(member));
}

/** Random bytes are drawn in blocks, inside a request: module scope may not draw any. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES));
    used = 0;
  }
  let text = "";
  for (const end = used + bytes; used < end; used++) {
    // Never all zero, which would be no id.
    const byte = (pool[used] as number) || 1;
    text += hex[byte] ??= (byte + 256).toString(16).slice(1);
  }
  return text;
}

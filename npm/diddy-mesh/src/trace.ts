/** W3C Trace Context, level 1: a valid `traceparent` is continued, anything else starts a new trace. */

/** The trace a request belongs to. */
export interface Trace {
  /** 32 lower-case hex digits, not all zero. */
  readonly id: string;
  /** Two hex digits: whether it is sampled, and whether its id is random. Other bits are not ours to pass on. */
  readonly bits: string;
  /** Whether it began here, so that a `tracestate` of the caller belongs to something else. */
  readonly fresh: boolean;
}

const HEADER = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Members of a `tracestate` that may travel on. */
const STATE_MEMBERS_MAX = 32;
const STATE_MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The trace of an incoming request, given its `traceparent`. */
export function traceOf(header: string | null): Trace {
  const found = header === null ? null : HEADER.exec(header.trim());
  // Version 00 ends after the flags; a later one may go on.
  if (found !== null && (found[1] !== "00" || found[5] === undefined)) {
    return { id: found[2] as string, bits: `0${Number.parseInt(found[4] as string, 16) & 3}`, fresh: false };
  }
  return { id: traceId(), bits: "01", fresh: true };
}

/** Writes the headers of one attempt: the same trace, a new span, and the caller's `tracestate` where it belongs to the trace and is well-formed. */
export function writeTrace(headers: Headers, trace: Trace): void {
  headers.set("traceparent", `00-${trace.id}-${spanId()}-${trace.bits}`);
  const state = headers.get("tracestate");
  if (state !== null && (trace.fresh || !isState(state))) {
    headers.delete("tracestate");
  }
}

function isState(text: string): boolean {
  const members = text.split(",").map((member) => member.trim()).filter((member) => member !== "");
  return members.length <= STATE_MEMBERS_MAX && members.every((member) => STATE_MEMBER.test(member));
}

/** A new id of a trace: a UUID without its dashes, which costs less than random bytes do. Its second half is random but for two bits. */
function traceId(): string {
  const text = crypto.randomUUID();
  return text.slice(0, 8) + text.slice(9, 13) + text.slice(14, 18) + text.slice(19, 23) + text.slice(24);
}

/** A new id of a span. */
function spanId(): string {
  const text = crypto.randomUUID();
  return text.slice(0, 8) + text.slice(28);
}

/** One request on its way through the mesh, and how it is shown to the engine. */
import type { Brain } from "./engine.js";
import type { Features } from "./features.js";
import { CALLER, METHODS, NEED, TELL } from "./generated/abi.js";
import type { HandlerTable } from "./handlers.js";
import type { Slot } from "./slot.js";
import type { Trace } from "./trace.js";
import type { Notes } from "./traffic/notes.js";
import type { Scene } from "./transport.js";
import type { ContextLike, MeshOptions } from "./types.js";

export const TIMEOUT_HEADER = "mesh-timeout-ms";
export const DEPTH_HEADER = "mesh-depth";

/** Stands for a step where the engine does not take a request of that size. */
export const TOO_LARGE = -1;

const methods: readonly string[] = METHODS;

/** What calls stand on, and what has no request. */
export interface Ground {
  readonly slot: Slot;
  readonly features: Features;
  readonly options: MeshOptions;
  readonly env: object;
  readonly ctx: ContextLike | undefined;
  /** When it came, in ms of `performance.now()`: the clock stands still until something is awaited. */
  now: number;
}

/** What the engine is shown of a call. */
export type Shown = Pick<Call, "body" | "deadline" | "depth" | "method" | "now" | "options" | "request" | "slot" | "url"> & {
  readonly features: Pick<Features, "traffic">;
  readonly root: Pick<Call, "request"> | undefined;
};

/** Lives as long as its request, and nothing of it longer. */
export interface Call extends Scene, Ground {
  readonly request: Request;
  /** The call that came in from outside, of which this is a part; undefined for that one itself. */
  readonly root: Call | undefined;
  readonly url: string;
  readonly method: string;
  /** Length of the body in bytes, or one of `BODY`. */
  readonly body: number;
  /** When the caller stops waiting, in ms of `performance.now()`; Infinity = it does not say. */
  readonly deadline: number;
  /** Mesh hops so far. */
  readonly depth: number;
  readonly trace: Trace | undefined;
  /** Whether requests that go out carry the mesh's headers. */
  readonly stamped: boolean;
  /** Whether the request was made here, so that its headers may be changed in place. */
  readonly owned: boolean;
  /** Of the root: attempts of this invocation that wait for response headers on one of the platform's six connections. */
  waiting: number;
  /** The handlers it may end at. */
  table: HandlerTable | undefined;
  /** A body that may be sent again. */
  held: BodyInit | undefined;
  /** Whether the body of `request` was used, so that only `held` is left. */
  spent: boolean;
  /** The path that goes out in place of the request's own. */
  path: string | undefined;
  /** What the rule asks of the answer. */
  notes: Notes | undefined;
  /** The answer that stands where the fallback has none. */
  own: Response | undefined;
  /** What an attempt threw last. */
  error: unknown;
}

const CLIENT_ADDRESS_HEADER = "cf-connecting-ip";

/** A header of ours as a number; anything but a whole number counts as 0. */
export function numberIn(headers: Headers, name: string): number {
  const text = headers.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/** Begins at the engine: with a handler table (-1 = none), or with a service (-2 and below). One crossing. */
export function begin(brain: Brain, call: Shown, target: number): number {
  const { slot, url, request, now, body, deadline } = call;
  // That one knows who asks and from where.
  const outer = call.root?.request ?? request;
  const hostAt = url.indexOf("//") + 2;
  const pathAt = url.indexOf("/", hostAt);
  const [queryAt, end] = querySpan(url, pathAt);
  const values: (string | null)[] = [];
  let room = url.length;
  for (const name of slot.known.headers) {
    const value = name.startsWith(":") ? (call.features.traffic?.identity(call, name, outer) ?? null) : (name === CLIENT_ADDRESS_HEADER ? outer : request).headers.get(name);
    // A UTF-16 unit is at most three bytes.
    room += 2 + 3 * (value?.length ?? 0);
    values.push(value);
  }
  if (!brain.open(room)) {
    return TOO_LARGE;
  }
  const host = target < -1 ? 0 : brain.put(url, hostAt, pathAt);
  const path = brain.put(url, pathAt, queryAt);
  const query = slot.known.needs & NEED.QUERY && queryAt < end ? brain.put(url, queryAt + 1, end) : 0;
  values.forEach((value) => brain.putValue(value));
  if (slot.known.needs & NEED.LOCATION) {
    locate(brain, outer);
  }
  const known = methods.indexOf(call.method);
  const method = known < 0 ? methods.length : known;
  let caller: number = Math.min(call.depth, CALLER.DEPTH_MASK);
  // "https:" has its s at 4.
  caller |= url.charCodeAt(4) === 115 ? CALLER.HTTPS : 0;
  // GET and HEAD, the first two, need no key.
  caller |= method > 1 && request.headers.has("idempotency-key") ? CALLER.IDEMPOTENCY_KEY : 0;
  return brain.begin(target, method, host, path, query, body, caller, Math.max(0, deadline - now), now);
}

/** Where the query of a URL begins, with its `?`, and where it ends. */
export function querySpan(url: string, pathAt: number): readonly [number, number] {
  const hash = url.indexOf("#", pathAt);
  const end = hash < 0 ? url.length : hash;
  const mark = url.indexOf("?", pathAt);
  return [mark < 0 || mark > end ? end : mark, end];
}

/** Tells where the caller is, as Cloudflare saw it. */
function locate(brain: Brain, request: Request): void {
  const { cf } = request as Request & { readonly cf?: { readonly latitude?: string; readonly longitude?: string } };
  if (cf?.latitude !== undefined && cf.longitude !== undefined) {
    brain.tell(TELL.LOCATION, Number(cf.latitude), Number(cf.longitude));
  }
}

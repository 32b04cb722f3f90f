/** One request on its way through the mesh, and how it is shown to the engine. */
import type { Brain } from "./engine.js";
import { NEEDS, METHODS } from "./generated/abi.js";
import type { Slot } from "./slot.js";
import type { Trace } from "./trace.js";
import type { Scene } from "./transport.js";

/** Mesh hops before a request is taken for a loop; the platform itself ends it at 32 invocations. */
export const DEPTH_MAX = 16;
export const TIMEOUT_HEADER = "mesh-timeout-ms";
export const DEPTH_HEADER = "mesh-depth";

const TIMEOUT_MS_MAX = 86_400_000;
const methods = new Map<string, number>(METHODS.map((name, number) => [name, number]));

/** Lives as long as its request, and nothing of it longer. */
export interface Call extends Scene {
  readonly slot: Slot;
  readonly request: Request;
  readonly url: string;
  readonly method: string;
  /** See `BODY`. */
  readonly body: number;
  /** When the caller stops waiting, in ms of `performance.now()`; 0 = never. */
  readonly deadline: number;
  /** Mesh hops so far. */
  readonly depth: number;
  readonly trace: Trace | undefined;
  /** Whether requests that go out carry the mesh's headers. */
  readonly stamped: boolean;
  /** Whether the request was made here, so that its headers may be changed in place. */
  readonly owned: boolean;
  /** A body that may be sent again. */
  held: BodyInit | undefined;
  /** Whether the body of `request` was used, so that only `held` is left. */
  spent: boolean;
  /** What an attempt threw last. */
  error: unknown;
}

/** A whole number of the caller, 1 up to `max`; anything else counts as absent. */
function numberOf(header: string | null, max: number): number {
  return header !== null && /^\d{1,9}$/.test(header) ? Math.min(Number(header), max) : 0;
}

/** When the caller of this request stops waiting; 0 = it did not say. */
export function deadlineOf(headers: Headers, now: number): number {
  const ms = numberOf(headers.get(TIMEOUT_HEADER), TIMEOUT_MS_MAX);
  return ms === 0 ? 0 : now + ms;
}

/** Mesh hops of this request so far. */
export function depthOf(headers: Headers): number {
  return numberOf(headers.get(DEPTH_HEADER), DEPTH_MAX);
}

/** The part of a URL that travels on: path and query. */
export function targetOf(url: string): string {
  const hash = url.indexOf("#");
  return url.slice(url.indexOf("/", url.indexOf("//") + 2), hash < 0 ? url.length : hash);
}

/** Begins at the engine with a handler table (-1 = none), or with a service. One crossing; undefined when the request is too large. */
export function begin(brain: Brain, call: Call, table: number, service: number | undefined, now: number): number | undefined {
  const { slot, url, request } = call;
  const { headers, needs } = slot;
  const hostAt = url.indexOf("//") + 2;
  const pathAt = url.indexOf("/", hostAt);
  const hashAt = url.indexOf("#", pathAt);
  const end = hashAt < 0 ? url.length : hashAt;
  const mark = url.indexOf("?", pathAt);
  const queryAt = mark < 0 || mark > end ? end : mark;

  let values: (string | null)[] | undefined;
  let room = url.length;
  if (headers.length > 0) {
    values = headers.map((name) => request.headers.get(name));
    // A UTF-16 unit is at most three bytes.
    room += values.reduce((sum, value) => sum + 2 + 3 * (value?.length ?? 0), 0);
  }
  if (!brain.open(room)) {
    return undefined;
  }
  const host = service === undefined ? brain.put(url, hostAt, pathAt) : 0;
  const path = brain.put(url, pathAt, queryAt);
  const query = needs & NEEDS.QUERY && queryAt < end ? brain.put(url, queryAt + 1, end) : 0;
  const before = brain.written();
  values?.forEach((value) => brain.putValue(value));
  const extra = brain.written() - before;
  if (needs & NEEDS.LOCATION) {
    locate(brain, request);
  }
  const method = methods.get(call.method) ?? METHODS.length;
  const timeout = call.deadline === 0 ? 0 : Math.max(1, call.deadline - now);
  return service === undefined
    ? brain.raw.begin(table, method, host, path, query, extra, call.body, timeout, now)
    : brain.raw.begin_service(service, method, path, query, extra, call.body, timeout, now);
}

/** Tells where the caller is, as Cloudflare saw it. */
function locate(brain: Brain, request: Request): void {
  const { cf } = request as Request & { readonly cf?: { readonly latitude?: string; readonly longitude?: string } };
  if (cf?.latitude !== undefined && cf.longitude !== undefined) {
    brain.raw.locate(Number(cf.latitude), Number(cf.longitude));
  }
}

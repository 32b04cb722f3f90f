/** The request of one attempt. What needs no change goes out as it came; everything else is a fresh Request. */
import { DEPTH_HEADER, querySpan, TIMEOUT_HEADER, type Call } from "./call.js";
import { applyEdits } from "./edits.js";
import { BODY } from "./generated/abi.js";
import type { Edits } from "./tables.js";
import type { Endpoint } from "./transport.js";

/** What the engine said of this attempt. */
export interface Order {
  readonly endpoint: Endpoint;
  readonly attempt: number;
  /** How long the attempt may take to its headers, in ms; 0 = without end. */
  readonly timeout: number;
  /** What the callee is told of the time it has; 0 = without end. */
  readonly remaining: number;
  /** Longest silence between two chunks of the answer's body, in ms; 0 = without end. */
  readonly idle: number;
  readonly edits: Edits | undefined;
  /** Ends it from outside; without one, only its own timeout does. */
  readonly abort?: AbortController | undefined;
}

/** Makes the request of an attempt. */
export function outgoing(call: Call, order: Order): Request {
  const { request, url, held, path, stamped } = call;
  const { edits, endpoint } = order;
  const first = order.attempt <= 1 && !call.spent;
  // Without a body the same Request may serve again and again.
  call.spent ||= call.body !== BODY.NONE;
  const moved = endpoint.base !== "" || path !== undefined || (edits !== undefined && edits.host !== "");
  let going = request;
  if (!first || moved || edits !== undefined || (stamped && !call.owned) || request.redirect !== "manual") {
    const source = first || held === undefined ? request : again(call, held);
    // Without a URL it costs a microsecond less.
    going = moved || source !== request ? new Request(moved ? address(url, endpoint.base, path, edits?.host) : url, source) : new Request(request);
    if (going.redirect !== "manual") {
      going = new Request(going, { redirect: "manual" });
    }
    if (edits !== undefined) {
      applyEdits(going.headers, edits.request, request.headers);
    }
  }
  if (stamped) {
    stamp(going.headers, call, order);
  }
  return going;
}

/** The request once more, with the body that was held. */
function again({ request, method }: Call, body: BodyInit): RequestInit {
  const { cf } = request as Request & { readonly cf?: object };
  const init: RequestInit & { cf?: object } = { method, headers: request.headers, body, redirect: "manual" };
  if (cf !== undefined) {
    init.cf = cf;
  }
  return init;
}

/** The URL of an attempt: another base or host, another path, the same query. */
function address(url: string, base: string, path: string | undefined, host: string | undefined): string {
  const hostAt = url.indexOf("//") + 2;
  const pathAt = url.indexOf("/", hostAt);
  const [queryAt, end] = querySpan(url, pathAt);
  const origin = base === "" ? url.slice(0, hostAt) + (host || url.slice(hostAt, pathAt)) : base;
  return origin + (path ?? url.slice(pathAt, queryAt)) + url.slice(queryAt, end);
}

/** Sets the headers that carry the mesh's context; what a caller sent under these names never travels on. */
function stamp(headers: Headers, { depth, features, trace }: Call, { remaining, timeout }: Order): void {
  if (trace !== undefined) {
    features.trace?.write(headers, trace);
  }
  // An attempt's own timeout never lets it go on for longer than the request.
  const left = timeout || remaining;
  if (left > 0) {
    headers.set(TIMEOUT_HEADER, String(left));
  } else {
    headers.delete(TIMEOUT_HEADER);
  }
  // A header costs microseconds on its way: one that says how much time is left is of one hop at least.
  if (depth > 0 || left <= 0) {
    headers.set(DEPTH_HEADER, String(depth + 1));
  }
}

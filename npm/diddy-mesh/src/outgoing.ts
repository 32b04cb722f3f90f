/** The request of one attempt. What needs no change goes out as it came; everything else is a fresh Request. */
import { DEPTH_HEADER, querySpan, TIMEOUT_HEADER, type Call } from "./call.js";
import { applyEdits } from "./edits.js";
import { BODY } from "./generated/abi.js";
import type { Edits } from "./tables.js";
import type { writeTrace } from "./trace.js";
import type { Endpoint } from "./transport.js";

/** What the engine said of this attempt. */
export interface Order {
  readonly endpoint: Endpoint;
  readonly attempt: number;
  /** How long the attempt may take to its headers, in ms; 0 = without end. */
  readonly timeout: number;
  /** What the callee is told of the time it has; 0 = without end. */
  readonly remaining: number;
  readonly edits: Edits | undefined;
}

/** Makes the request of an attempt. */
export function outgoing(call: Call, order: Order, trace: typeof writeTrace | undefined): Request {
  const { request, url, held } = call;
  const { base } = order.endpoint;
  const moved = base !== "" || call.path !== undefined || (order.edits?.host ?? "") !== "";
  const changed = moved || order.edits !== undefined || (call.stamped && !call.owned);
  const first = order.attempt <= 1 && !call.spent;
  // Without a body the same Request may serve again and again.
  call.spent ||= call.body !== BODY.NONE;
  if (first && !changed && request.redirect === "manual") {
    return call.stamped ? stamp(request, call, order, trace) : request;
  }
  const to = moved ? address(url, base, call.path, order.edits?.host) : url;
  const from = first || held === undefined ? request : again(call, held);
  let fresh = new Request(to, from);
  if (fresh.redirect !== "manual") {
    fresh = new Request(fresh, { redirect: "manual" });
  }
  if (order.edits !== undefined) {
    applyEdits(fresh.headers, order.edits.request);
  }
  return call.stamped ? stamp(fresh, call, order, trace) : fresh;
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
function stamp(request: Request, call: Call, order: Order, trace: typeof writeTrace | undefined): Request {
  const { headers } = request;
  if (call.trace !== undefined) {
    trace?.(headers, call.trace);
  }
  headers.set(DEPTH_HEADER, String(call.depth + 1));
  // An attempt's own timeout never lets it go on for longer than the request.
  const left = order.timeout || order.remaining;
  if (left > 0) {
    headers.set(TIMEOUT_HEADER, String(left));
  } else {
    headers.delete(TIMEOUT_HEADER);
  }
  return request;
}

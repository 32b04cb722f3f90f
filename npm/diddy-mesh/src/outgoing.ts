/** The request of one attempt. What needs no change goes out as it came; everything else is a fresh Request. */
import { DEPTH_HEADER, targetOf, TIMEOUT_HEADER, type Call } from "./call.js";
import { applyEdits, type Edits } from "./edits.js";
import { BODY } from "./generated/abi.js";
import type { traceparent } from "./trace.js";
import type { Endpoint } from "./transport.js";

/** What the engine said of this attempt. */
export interface Order {
  readonly endpoint: Endpoint;
  readonly attempt: number;
  /** How long the attempt may take, in ms; 0 = without end. */
  readonly timeout: number;
  /** Path and query in place of the request's own. */
  readonly target: string | undefined;
  readonly host: string | undefined;
  readonly edits: Edits | undefined;
}

/** Makes the request of an attempt. */
export function outgoing(call: Call, order: Order, writeTrace: typeof traceparent | undefined): Request {
  const { request, url, held } = call;
  const { base } = order.endpoint;
  const moved = base !== "" || order.target !== undefined || order.host !== undefined;
  const changed = moved || order.edits !== undefined || (call.stamped && !call.owned);
  const first = order.attempt <= 1 && !call.spent;
  // Without a body the same Request may serve again and again.
  call.spent ||= call.body !== BODY.NONE;
  if (first && !changed && request.redirect === "manual") {
    return call.stamped ? stamp(request, call, order, writeTrace) : request;
  }
  const to = moved ? address(url, base, order) : url;
  const from = first || held === undefined ? request : again(call, held);
  let fresh = new Request(to, from);
  if (fresh.redirect !== "manual") {
    fresh = new Request(fresh, { redirect: "manual" });
  }
  if (order.edits !== undefined) {
    applyEdits(fresh.headers, order.edits.request);
  }
  return call.stamped ? stamp(fresh, call, order, writeTrace) : fresh;
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

function address(url: string, base: string, { target, host }: Order): string {
  const path = target ?? targetOf(url);
  if (base !== "") {
    return base + path;
  }
  const at = url.indexOf("//") + 2;
  return url.slice(0, at) + (host ?? url.slice(at, url.indexOf("/", at))) + path;
}

/** Sets the headers that carry the mesh's context; what a caller sent under these names never travels on. */
function stamp(request: Request, call: Call, order: Order, writeTrace: typeof traceparent | undefined): Request {
  const { headers } = request;
  const { trace } = call;
  if (trace !== undefined && writeTrace !== undefined) {
    headers.set("traceparent", writeTrace(trace));
    if (trace.fresh) {
      headers.delete("tracestate");
    }
  }
  headers.set(DEPTH_HEADER, String(call.depth + 1));
  if (order.timeout > 0) {
    headers.set(TIMEOUT_HEADER, String(Math.ceil(order.timeout)));
  } else {
    headers.delete(TIMEOUT_HEADER);
  }
  return request;
}

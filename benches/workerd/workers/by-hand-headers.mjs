// Written by hand and deciding nothing: the bare proxy with a timeout and the two headers of a trace and a deadline, a
// copy of the request with them, and a look at what the caller said. What a gateway takes beyond this is its own.
import { timed } from "./parts/timed.mjs";

export default {
  fetch(request, env) {
    const { headers } = request;
    const id = crypto.randomUUID();
    const trace = headers.get("traceparent") ?? `00-${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}-${id.slice(19, 23)}${id.slice(24)}-01`;
    const left = Number(headers.get("mesh-timeout-ms") ?? 2000);
    const going = new Request(request);
    going.headers.set("traceparent", trace);
    going.headers.set("mesh-timeout-ms", String(left));
    return timed(left, env.SVC_A.fetch(going));
  },
};

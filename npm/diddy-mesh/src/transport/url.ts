/** `https://host[/base]`: a public URL. */
import { MeshError } from "../errors.js";
import type { Transport } from "../transport.js";

/** What Cloudflare answers when a Worker fetches another Worker of its own zone. */
const SAME_ZONE = "error code: 1042";

export const url: Transport = {
  aborts: true,
  reachable: () => true,
  async send(endpoint, request, _scene, signal) {
    const answer = await fetch(request, signal === undefined ? undefined : { signal });
    // Only an answer of exactly that length is read, and none that reading would decode.
    if (answer.status < 400 || answer.headers.get("content-length") !== "16" || answer.headers.has("content-encoding")) {
      return answer;
    }
    const bytes = await answer.arrayBuffer();
    if ((await new Response(bytes).text()) === SAME_ZONE) {
      throw new MeshError(
        "same_zone_fetch",
        `${endpoint.address} answered with error 1042: a Worker cannot fetch one of its own zone by URL. Use a service binding (binding:NAME) or the compatibility flag global_fetch_strictly_public`,
      );
    }
    // As bytes: what is no UTF-8 stays as it came.
    return new Response(bytes, answer);
  },
};

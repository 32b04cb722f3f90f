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
    // Only an answer of exactly that length is read.
    if (answer.status < 400 || answer.headers.get("content-length") !== "16" || !answer.headers.get("content-type")?.startsWith("text/plain")) {
      return answer;
    }
    const text = await answer.text();
    if (text === SAME_ZONE) {
      throw new MeshError(
        "same_zone_fetch",
        `${endpoint.address} answered with error 1042: a Worker cannot fetch one of its own zone by URL. Use a service binding (binding:NAME) or the compatibility flag global_fetch_strictly_public`,
      );
    }
    return new Response(text, answer);
  },
};

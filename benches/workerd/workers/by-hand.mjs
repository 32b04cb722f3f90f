// Written by hand and deciding nothing: the bare proxy with a timeout. What a gateway takes beyond this is its own.
import { timed } from "./parts/timed.mjs";

export default {
  fetch(request, env) {
    return timed(2000, env.SVC_A.fetch(request));
  },
};

// Ours as a gateway, the small entry point: routing, breaker, retry, timeout.
import { DiddyMesh } from "diddy-mesh/core";
import snapshot from "./snapshot.bin";

const mesh = new DiddyMesh({ serviceName: "gateway", config: snapshot, observability: false });

export default {
  fetch(request, env, ctx) {
    return mesh.handle(request, undefined, env, ctx);
  },
};

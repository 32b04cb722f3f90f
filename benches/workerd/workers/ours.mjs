// Ours as a gateway, everything on: routing, breaker, retry, timeout, trace header, metrics.
import { DiddyMesh } from "diddy-mesh";
import snapshot from "./snapshot.bin";

const mesh = new DiddyMesh({ serviceName: "gateway", config: snapshot, observability: true });

export default {
  fetch(request, env, ctx) {
    return mesh.handle(request, undefined, env, ctx);
  },
};

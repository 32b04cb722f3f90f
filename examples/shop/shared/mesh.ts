/** The shop with a mesh: `mesh.json`, compiled to `mesh.bin`, decides where each call goes and what happens when it fails. */
import { DiddyMesh } from "diddy-mesh";
import type { Tally } from "./calls";
import snapshot from "./mesh.bin";
import { opened } from "./meter";

/** The mesh of a Worker. Made at module scope: it does nothing before the first request. */
export function meshOf(serviceName: string): DiddyMesh {
  return new DiddyMesh({
    serviceName,
    config: snapshot,
    // Shoppers reach the gateway; everything behind it is reached by service bindings only.
    callers: serviceName === "gateway" ? "anyone" : "mesh",
    onEvent: ({ type, service }) => {
      if (type === "breaker_opened" && service !== undefined) {
        opened(service);
      }
    },
  });
}

/** What a mesh did so far, per version. */
export function talliesOf(mesh: DiddyMesh): Tally[] {
  return Object.entries(mesh.stats().services).flatMap(([service, { endpoints }]) => endpoints.map(({ version, attempts, failures }) => ({ service, version, attempts, failures })));
}

/** `diddy-mesh/core`: routing and resilience only. */
import { Mesh } from "./mesh.js";
import type { CoreOptions } from "./types.js";

export { MeshError, type ConfigDiagnostic, type MeshErrorCode } from "./errors.js";
export type * from "./types.js";

/** A mesh with routing, balancing, breakers, retries and timeouts. Cheap to make per request. */
export class DiddyMesh extends Mesh {
  constructor(options: CoreOptions) {
    super(options, {});
  }
}

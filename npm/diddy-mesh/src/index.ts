/** `diddy-mesh`: the data plane with everything. */
import { drain } from "./events.js";
import { Mesh } from "./mesh.js";
import { findRegistry, heard, lease, refresh, spread } from "./published.js";
import { readStats } from "./stats.js";
import { traceOf, writeTrace } from "./trace.js";
import { traffic } from "./traffic.js";
import type { MeshOptions, MeshStats } from "./types.js";

export { MeshError, type ConfigDiagnostic, type MeshErrorCode } from "./errors.js";
export type * from "./types.js";

const features = { trace: { of: traceOf, write: writeTrace }, observe: { drain }, registry: { find: findRegistry, heard, lease, refresh, spread }, traffic };

/** A mesh with routing, resilience, registry and trace context. Cheap to make per request. */
export class DiddyMesh extends Mesh {
  readonly #options: MeshOptions;

  constructor(options: MeshOptions) {
    super(options, features);
    this.#options = options;
  }

  /** What this isolate knows of its services. */
  stats(): MeshStats {
    const { serviceName, version } = this.#options;
    return { serviceName, version, services: readStats(this.slot()), traps: this.traps };
  }
}

/** `diddy-mesh`: the data plane with everything. */
import type { Ground } from "./call.js";
import { envOf } from "./env.js";
import { drain } from "./events.js";
import { Mesh } from "./mesh.js";
import { findRegistry, heard, lease, refresh, spread } from "./published.js";
import { readStats } from "./stats.js";
import { traceOf, writeTrace } from "./trace.js";
import { traffic } from "./traffic.js";
import type { ContextLike, MeshOptions, MeshStats } from "./types.js";

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

  /**
   * Waits until this isolate has a Snapshot, for Workers that ask flags without `handle`. Where there is a registry, it is
   * read if it was not yet, for a second at most, and read again in the background as `handle` does; else nothing is waited
   * for. Call it inside a request: Workers read nothing before one. Rejects with a `MeshError` where there is no registry of
   * that kind in `env`.
   */
  async ready(env?: object, ctx?: ContextLike): Promise<void> {
    const ground = this.ground(env, ctx);
    const { registry } = this.#options;
    await (registry && refresh(ground, registry === "kv" ? findRegistry(ground.env) : registry));
  }

  /**
   * What a question stands on that is no request.
   * @internal
   */
  ground(env?: object, ctx?: ContextLike): Ground {
    const bindings = envOf(env ?? this.#options.env);
    return { slot: this.slot(bindings), features, options: this.#options, env: bindings, ctx, now: performance.now() };
  }

  /** What this isolate knows of its services. */
  stats(): MeshStats {
    const { serviceName, version } = this.#options;
    return { serviceName, version, services: readStats(this.slot()), traps: this.traps };
  }
}

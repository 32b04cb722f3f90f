/** The source that `discovery()` makes: for each registry and mesh that it meets, what this isolate knows of them. */
import type { LimitDemand, LimitLease, PublishedSnapshot, SnapshotSource, SourceScene } from "../types.js";
import { askObject, limitsOf, registryOf, type ObjectBinding, type Registry } from "./bindings.js";
import { Levels, readLevels } from "./levels.js";
import { leaseFrom } from "./limits.js";
import { cacheHere, Location } from "./location.js";
import type { Settings } from "./options.js";
import { registerAt } from "./register.js";
import { Registrar, registrationsOf } from "./registrar.js";
import { Reporter } from "./reporter.js";

interface Memory {
  readonly levels: Levels;
  readonly registrar: Registrar;
  readonly reporter: Reporter;
  /** Whether what was read last is a rollout. */
  isRollout: boolean;
}

/** See the head of this file. */
export class Source implements SnapshotSource {
  readonly freshMs: number;
  readonly #settings: Settings;
  /** Tells this isolate from others. */
  #isolate: number | undefined;
  readonly #memories = new WeakMap<object, Map<string, Memory>>();

  constructor(settings: Settings) {
    this.freshMs = settings.freshMs;
    this.#settings = settings;
  }

  async read(scene: SourceScene): Promise<PublishedSnapshot | null> {
    const { mesh } = scene;
    const { registerEveryMs } = this.#settings;
    const registry = registryOf(scene.env, this.#settings);
    const memory = this.#memory(registry, mesh);
    const { levels, registrar } = memory;
    const location = this.#location(registry.object, mesh);
    const registrations = registrationsOf(this.#settings, scene, registry.object !== undefined);
    registrar.renew(scene, registrations, registerEveryMs, location, (due) => registerAt(registry, mesh, due, registerEveryMs));
    const found = await readLevels(scene, registry, location, levels, this.#settings);
    memory.isRollout = found?.metadata.split !== undefined;
    return found;
  }

  report(scene: SourceScene): void {
    const registry = registryOf(scene.env, this.#settings);
    const { object } = registry;
    if (object !== undefined) {
      const { isRollout, levels, reporter } = this.#memory(registry, scene.mesh);
      const { freshMs, objectTimeoutMs: ms } = this.#settings;
      const told = reporter.tell(scene, isRollout, this.#itself(), freshMs, ms, (report) => levels.object.run(ms, () => askObject(object, scene.mesh, (stub) => stub.report(report))));
      if (told !== undefined) {
        scene.waitUntil(told);
      }
    }
  }

  async lease({ env, mesh }: SourceScene, demands: readonly LimitDemand[]): Promise<readonly LimitLease[]> {
    const limits = limitsOf(env, this.#settings);
    return limits === undefined ? [] : leaseFrom(limits, mesh, this.#itself(), demands);
  }

  /** Which isolate it is. Drawn when it is asked for and not before: nothing is random outside of a request. */
  #itself(): number {
    return (this.#isolate ??= Math.floor(Math.random() * 2 ** 48));
  }

  #memory({ kv, object }: Registry, mesh: string): Memory {
    const identity = (object ?? kv) as object;
    const memories = this.#memories.get(identity) ?? new Map<string, Memory>();
    const memory = memories.get(mesh) ?? { levels: new Levels(), registrar: new Registrar(), reporter: new Reporter(), isRollout: false };
    this.#memories.set(identity, memories.set(mesh, memory));
    return memory;
  }

  #location(object: ObjectBinding | undefined, mesh: string): Location | undefined {
    const { cache = true } = this.#settings;
    const here = cache === false ? undefined : cacheHere();
    // The id of an object is another one in each namespace; that of a KV namespace is not to be had.
    const place = typeof cache === "string" ? cache : (object?.idFromName(mesh).toString() ?? "kv");
    return here && new Location(here, place, mesh);
  }
}

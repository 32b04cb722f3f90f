/**
 * Reading what is published from the nearest level that knows: the cache of the location, KV, the registry's object.
 *
 * Versions only grow, after a rollback too: an older one than that in use is a cache's. Then the next level is asked,
 * and the last of them is believed; the mesh itself does not go back to an older one that soon.
 */
import { readKv } from "../published.js";
import type { PublishedSnapshot, SourceScene } from "../types.js";
import { askObject, type Registry } from "./bindings.js";
import { Breaker } from "./breaker.js";
import type { Location } from "./location.js";
import type { Settings } from "./options.js";
import { open, type SealedSnapshot } from "./seal.js";

const CACHE_MS = 100;
const KV_MS = 500;
/** All levels together, where a request waits: the mesh lets it go on after a second. */
const COLD_MS = 950;

/** What an isolate knows of the levels. */
export class Levels {
  readonly cache = new Breaker();
  readonly kv = new Breaker();
  readonly object = new Breaker();
  /** Versions up to this one were asked for on a hint, and the object had said all that it knew. */
  hinted = 0;
  /** Nothing was read yet: a request may be waiting. */
  isCold = true;
}

interface Found {
  readonly sealed: SealedSnapshot;
  readonly opened: PublishedSnapshot;
}

/** Throws where no level could say anything, naming the failure of each. */
export async function readLevels(scene: SourceScene, { kv, object }: Registry, location: Location | undefined, levels: Levels, settings: Settings): Promise<PublishedSnapshot | null> {
  const { mesh, version, wanted } = scene;
  const began = performance.now();
  const failures: string[] = [];
  // Null: it says that there is nothing. Undefined: it could not say.
  const ask = async (level: "cache" | "kv" | "object", ms: number, work: () => Promise<SealedSnapshot | null | undefined>): Promise<Found | null | undefined> => {
    try {
      return await levels[level].run(ms, async () => {
        const sealed = await work();
        return sealed ? { sealed, opened: await open(sealed, mesh, settings, scene.env) } : null;
      });
    } catch (error) {
      failures.push(`${level}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const isOlder = (found: Found): boolean => found.opened.metadata.version < version;

  let found: Found | null | undefined;
  let isShared = false;
  if (object !== undefined && wanted > levels.hinted) {
    found = await ask("object", settings.objectTimeoutMs, () => askObject(object, mesh, (stub) => stub.snapshot(version)));
    // Once it answered, the same hint says nothing new: it may have been wrong.
    levels.hinted = found === undefined ? levels.hinted : wanted;
  }
  if (!found && location !== undefined) {
    const near = await ask("cache", CACHE_MS, () => location.snapshot());
    if (near && !isOlder(near)) {
      found = near;
      isShared = true;
    }
  }
  if (!found && kv !== undefined) {
    found = await ask("kv", KV_MS, () => readKv(kv, mesh));
  }
  if (object !== undefined && (!found || isOlder(found))) {
    const ms = levels.isCold && wanted === 0 ? COLD_MS - (performance.now() - began) : Infinity;
    const doubt = found === undefined ? [] : [found === null ? "kv: nothing is published" : `kv: version ${found.opened.metadata.version} is older than ${version}, which is in use`];
    // Everything that it has, and not only what is newer: nothing could mean that its versions began anew.
    found = await ask("object", Math.min(settings.objectTimeoutMs, ms), () => askObject(object, mesh, (stub) => stub.snapshot()));
    failures.unshift(...(found === undefined ? doubt : []));
  }
  levels.isCold = false;

  if (failures.length > 0) {
    const detail = failures.join("; ");
    if (found === undefined) {
      throw new Error(detail);
    }
    scene.emit({ type: "registry_degraded", at: performance.now(), detail });
  }
  const { opened = null, sealed } = found ?? {};
  if (location !== undefined && sealed !== undefined && !isShared) {
    scene.waitUntil(levels.cache.run(KV_MS, () => location.keep(sealed, settings.freshMs)));
  }
  return opened;
}

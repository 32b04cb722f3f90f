/** `diddy-mesh/discovery`: the source of Snapshots for Workers that use a registry fully, and registering at it. */
import { registryOf, type RegistryBindings } from "./discovery/bindings.js";
import type { ProvidedKeys } from "./discovery/keys.js";
import { settingsOf, type DiscoveryOptions } from "./discovery/options.js";
import { deregisterAt, registerAt } from "./discovery/register.js";
import { REGISTER_MS } from "./discovery/registrar.js";
import { Source } from "./discovery/source.js";
import { within } from "./discovery/within.js";
import type { EndpointName, Registered, Registration } from "./protocol.js";
import type { SnapshotSource } from "./types.js";

export { MeshError, type MeshErrorCode } from "./errors.js";
export type { KvBinding, ObjectBinding, RegistryBindings } from "./discovery/bindings.js";
export type { KeyProvider } from "./discovery/keys.js";
export type { DiscoveryOptions } from "./discovery/options.js";
export type { EndpointName, Registered, Registration, SnapshotSource };

/** Sources that are remembered; options that differ with every request are a mistake, and must not fill the memory. */
const SOURCES_MAX = 32;
const sources = new Map<string, Source>();
/** Numbers for bindings and keys, which have no text. */
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/**
 * Reads Snapshots from the cache of the location, from KV and from the registry's object, and registers this Worker:
 * `new DiddyMesh({ serviceName: "order-service", registry: discovery() })`.
 *
 * Equal options give the same object within an isolate, so it may be called at module scope and per request alike.
 */
export function discovery(options: DiscoveryOptions = {}): SnapshotSource {
  const { decrypt = {}, kv, limits, object, verify, ...plain } = options;
  const text = JSON.stringify([numbered(kv), numbered(limits), numbered(object), numberedKeys(decrypt), numberedKeys(verify), plain]);
  let source = sources.get(text);
  if (source === undefined) {
    source = new Source(settingsOf(options));
    sources.set(text, source);
    const [oldest = ""] = sources.keys();
    if (sources.size > SOURCES_MAX) {
      sources.delete(oldest);
    }
  }
  return source;
}

function numberedKeys(keys: ProvidedKeys | undefined): unknown {
  return typeof keys === "object" ? Object.entries(keys).map(([id, key]) => [id, numbered(key)]) : numbered(keys);
}

/** A text for itself; a number for what is known by its identity. */
function numbered(value: string | object | false | undefined): string | number | false | undefined {
  if (typeof value !== "object" && typeof value !== "function") {
    return value;
  }
  const number = numbers.get(value) ?? ++lastNumber;
  numbers.set(value, number);
  return number;
}

/** Options of `register` and `deregister`. */
export interface RegisterOptions extends RegistryBindings {
  /** Default `"default"`. */
  readonly mesh?: string | undefined;
  /** How long a registration holds that names no `ttl`. Default `"24h"`. */
  readonly ttl?: Registration["ttl"] | undefined;
  /** How long it may take, in ms. Default 10000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Registers endpoints, for a cron handler say: each is taken or refused for itself, in the order given.
 * Throws where the registry does not answer.
 */
export async function register(env: object, registrations: readonly Registration[], options: RegisterOptions = {}): Promise<Registered[]> {
  const { mesh = "default", timeoutMs = REGISTER_MS, ttl = "24h" } = options;
  const whole = registrations.map((one) => ({ ttl, ...one }));
  return within(timeoutMs, registerAt(registryOf(env, options), mesh, whole));
}

/** Takes registrations back by the `id` that registering gave; answers with those that were there. */
export async function deregister(env: object, ids: readonly string[], options: RegisterOptions = {}): Promise<EndpointName[]> {
  const { mesh = "default", timeoutMs = REGISTER_MS } = options;
  return within(timeoutMs, deregisterAt(registryOf(env, options), mesh, ids));
}

/** The options of `discovery()`: what they default to, and what is wrong with them. */
import { MeshError } from "../errors.js";
import type { Registration } from "../protocol.js";
import type { RegistryBindings } from "./bindings.js";
import { fromBase64url } from "./encoding.js";
import type { OpeningKeys } from "./seal.js";

const VERIFY_BYTES = 32;

/** Options of `discovery()`, all of them optional. */
export interface DiscoveryOptions extends RegistryBindings, OpeningKeys {
  /**
   * Share what was read with the other isolates of a location, through the Cache API. Default true. Registries are kept
   * apart by their objects. Without an object, two registries in one zone whose meshes have the same name (staging and
   * production, say) would take each other's Snapshots: give each a text of its own here, or `false`.
   */
  readonly cache?: boolean | string | undefined;
  /**
   * What to register: one or several, `false` = nothing. What is left out of one is this Worker's own: its service, its
   * version, and the binding that the service's name stands for (`order-service` is `binding:ORDER_SERVICE`).
   * Default: that, where the registry has an object.
   */
  readonly register?: false | Partial<Registration> | readonly Partial<Registration>[] | undefined;
  /** How often it is registered again by one location, in ms. An isolate may be as late as twice that. Default 3600000. */
  readonly registerEveryMs?: number | undefined;
  /** How long a registration holds that names no `ttl`; keep it well over `registerEveryMs`. Default `"24h"`. */
  readonly ttl?: Registration["ttl"] | undefined;
  /** How long what was read is used before it is read again, in ms. Default 30000. */
  readonly freshMs?: number | undefined;
  /** How long the object may take to answer, in ms. Default 1000; less where a request waits. */
  readonly objectTimeoutMs?: number | undefined;
}

/** The options with their defaults. */
export interface Settings extends DiscoveryOptions {
  readonly freshMs: number;
  readonly objectTimeoutMs: number;
  readonly registerEveryMs: number;
  readonly ttl: NonNullable<Registration["ttl"]>;
}

/** Throws a `MeshError` where an option cannot be meant. */
export function settingsOf(options: DiscoveryOptions): Settings {
  const { freshMs = 30_000, objectTimeoutMs = 1_000, registerEveryMs = 3_600_000, ttl = "24h", verify = {} } = options;
  for (const [name, ms] of Object.entries({ freshMs, objectTimeoutMs, registerEveryMs })) {
    if (!(ms > 0 && ms < Infinity)) {
      throw new MeshError("invalid_options", `discovery({ ${name} }) is a number of milliseconds above 0, not ${String(ms)}`);
    }
  }
  // What a provider gives is seen when it is needed.
  for (const [id, key] of typeof verify === "function" ? [] : Object.entries(verify)) {
    if (typeof key === "string" && !isPublicKey(key)) {
      throw new MeshError("invalid_options", `discovery({ verify }): the key ${JSON.stringify(id)} is not an Ed25519 public key, ${VERIFY_BYTES} bytes as base64url`);
    }
  }
  return { ...options, freshMs, objectTimeoutMs, registerEveryMs, ttl };
}

function isPublicKey(key: string): boolean {
  try {
    return fromBase64url(key).length === VERIFY_BYTES;
  } catch {
    return false;
  }
}

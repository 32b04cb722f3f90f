/** Where the registry is: the bindings of this Worker that lead to it. */
import { bindingOf, kindOf } from "../env.js";
import { MeshError } from "../errors.js";
import { findRegistry } from "../published.js";
import type { RegistryStub } from "../protocol.js";
import type { KvReader } from "../types.js";
import { says } from "./breaker.js";

/** The part of a KV namespace that is used. */
export interface KvBinding extends KvReader {
  put(key: string, value: string, options: { metadata: unknown; expirationTtl: number }): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { prefix: string; cursor?: string }): Promise<{
    readonly keys: readonly { readonly name: string; readonly metadata?: unknown }[];
    readonly list_complete: boolean;
    readonly cursor?: string;
  }>;
}

/** The part of a Durable Object namespace that is used. */
export interface ObjectBinding {
  idFromName(name: string): { toString(): string };
  get(id: object): unknown;
}

/** What of a registry this Worker can reach; one of both at least. */
export interface Registry {
  readonly kv: KvBinding | undefined;
  readonly object: ObjectBinding | undefined;
}

/** Names that the registry's object is looked for under. */
export const OBJECT_NAMES = ["MESH_REGISTRY_OBJECT", "REGISTRY"];

/** Which bindings they are: themselves, or their names. */
export interface RegistryBindings {
  /** The KV namespace. Default: the one bound as MESH_REGISTRY, MESH_KV or KV_NAMESPACE, else the only one. */
  readonly kv?: KvBinding | string | undefined;
  /**
   * The namespace of the registry's object; `false` = none. Default: the one bound as MESH_REGISTRY_OBJECT or REGISTRY, else
   * none: any other may be of other objects.
   */
  readonly object?: ObjectBinding | string | false | undefined;
  /** The namespace of the limits objects; `false` = none. Default: the one bound as MESH_LIMITS. */
  readonly limits?: ObjectBinding | string | false | undefined;
}

/** Finds the registry; throws where there is none. */
export function registryOf(env: object, { kv, object }: RegistryBindings): Registry {
  const found = objectOf(env, object, OBJECT_NAMES);
  return { object: found, kv: kv === undefined ? findKv(env, found !== undefined) : named(env, kv) };
}

function named<Binding>(env: object, binding: Binding | string): Binding {
  const found = typeof binding === "string" ? bindingOf(env, binding) : binding;
  if (found === undefined) {
    throw new MeshError("registry_not_found", `discovery() names the binding ${JSON.stringify(binding)}, which env does not have`);
  }
  return found as Binding;
}

/** The limits objects, where this Worker can reach them. */
export function limitsOf(env: object, { limits }: RegistryBindings): ObjectBinding | undefined {
  return objectOf(env, limits, ["MESH_LIMITS"]);
}

function objectOf(env: object, object: ObjectBinding | string | false | undefined, names: readonly string[]): ObjectBinding | undefined {
  if (object !== undefined) {
    return object === false ? undefined : named(env, object);
  }
  const name = names.find((known) => kindOf(bindingOf(env, known)) === "DurableObjectNamespace");
  return name === undefined ? undefined : (bindingOf(env, name) as ObjectBinding);
}

/** With an object, namespaces that are there for other things are no mistake. */
function findKv(env: object, optional: boolean): KvBinding | undefined {
  try {
    return findRegistry(env) as KvBinding;
  } catch (error) {
    if (optional) {
      return undefined;
    }
    throw error;
  }
}

/** Asks the object of a mesh, with a fresh stub each time: one belongs to its request, and one that threw stays broken. */
export async function askObject<T>(object: ObjectBinding, mesh: string, use: (stub: RegistryStub) => Promise<T>): Promise<T> {
  const once = async (): Promise<T> => use(object.get(object.idFromName(mesh)) as RegistryStub);
  try {
    return await once();
  } catch (error) {
    if (says(error, "retryable") && !says(error, "overloaded")) {
      return once();
    }
    throw error;
  }
}

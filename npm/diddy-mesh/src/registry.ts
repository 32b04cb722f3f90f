/** `diddy-mesh/registry`: the registry as a Durable Object, its admin API, and the cron that makes Snapshots where there is KV alone. It brings the compiler, and belongs in one Worker of a mesh. */
export { adminApi, type AdminOptions } from "./registry/api.js";
export { publishFromKv, type KvPublication, type KvPublishOptions } from "./registry/kv.js";
export { MeshLimits } from "./registry/limits.js";
export { MeshRegistry, type RegistrySettings } from "./registry/object.js";
export type { KvWriter, ObjectState, RegistryNamespace } from "./registry/platform.js";
export type * from "./protocol.js";
export type { KvStore } from "./kv/binding.js";
export type { LeftOut } from "./kv/taken.js";
export type { KeyProvider } from "./discovery/keys.js";
export type { SealingKey, SealingKeys } from "./discovery/seal.js";
export type { Tokens } from "./registry/token.js";
export { MeshError } from "./errors.js";
export type { LimitDemand, LimitLease, PublishedMetadata, PublishedSnapshot } from "./types.js";

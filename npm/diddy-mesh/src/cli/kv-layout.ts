/**
 * What a mesh keeps in a KV namespace where no registry object is: one key for the Snapshot, one for each version of the
 * configuration, one for each registration. What there is to know of each is its metadata, so one listing tells all.
 * The Snapshot's key is written last: what it names is in use, and nothing else.
 */
import { registrationsPrefix, snapshotKey, type Document, type HistoryEntry, type Registration, type Rollout } from "../protocol.js";
import type { PublishedMetadata } from "../types.js";
import { Failure } from "./io.js";
import { nullable, number, object, optional, text } from "./shape.js";
import type { KvKey } from "./wrangler-kv.js";

/** Bytes of metadata that KV keeps with a key. */
export const METADATA_BYTES_MAX = 1024;
/** The shortest time that a registration is kept, in seconds: KV is not sooner known everywhere. */
export const TTL_S_MIN = 180;

/** What is said with a version of the configuration. */
export interface ConfigMetadata extends Omit<HistoryEntry, "state"> {
  /** The version that was in use when it was written: those in use follow one another by it. */
  readonly after: number;
}

/** What is said with the Snapshot, besides what Workers read. */
export interface SnapshotMetadata extends PublishedMetadata {
  /** The version of the configuration in use; 0 = none. */
  readonly config: number;
  /** That of a rollout. */
  readonly candidate?: number | undefined;
  /** When the rollout was changed last. */
  readonly since?: number | undefined;
  readonly at: number;
  /** Hash of the content. */
  readonly hash: string;
}

/** A registration that is kept. */
export interface KeptRegistration {
  readonly key: string;
  readonly registration: Registration;
  /** In ms since 1970. */
  readonly expiresAt: number | undefined;
}

/** All that is kept, but for the documents. */
export interface Contents {
  readonly snapshot: SnapshotMetadata | undefined;
  /** The latest first. */
  readonly configs: readonly ConfigMetadata[];
  readonly registrations: readonly KeptRegistration[];
}

const isConfig = object({ version: number, at: number, author: text, message: text, rollbackOf: nullable(number), hash: text, bytes: number, after: number });
const isSnapshot = object({ version: number, config: number, candidate: optional(number), since: optional(number), percent: optional(number), at: number, hash: text });

export const prefixOf = (mesh: string): string => `mesh/v1/${mesh}/`;
export const configKey = (mesh: string, version: number): string => `${prefixOf(mesh)}config/${String(version).padStart(10, "0")}`;
export const registrationKey = (mesh: string, service: string, id: string): string => `${registrationsPrefix(mesh)}${service}/${id}`;

/** Bytes of metadata as KV counts them. */
export const bytesOf = (metadata: object): number => Buffer.byteLength(JSON.stringify(metadata));

/** Reads what was listed; keys of others are passed over. */
export function contentsOf(mesh: string, keys: readonly KvKey[]): Contents {
  const prefix = prefixOf(mesh);
  const below = (folder: string): KvKey[] => keys.filter(({ name }) => name.startsWith(`${prefix}${folder}/`));
  const configs = below("config").map(({ metadata }) => metadata).filter(isConfig) as ConfigMetadata[];
  const registrations = below("registration").map(({ name, metadata, expiration }): KeptRegistration => ({ key: name, registration: metadata as Registration, expiresAt: expiration === undefined ? undefined : expiration * 1000 }));
  const snapshot = keys.find(({ name }) => name === snapshotKey(mesh))?.metadata;
  if (snapshot !== undefined && !isSnapshot(snapshot)) {
    throw new Failure(`the Snapshot of mesh ${mesh} was published by a registry object (or another program), which is its one writer; use --url with the Worker that holds it`);
  }
  return { snapshot: snapshot as SnapshotMetadata | undefined, configs: configs.sort((a, b) => b.version - a.version), registrations };
}

/** The highest version of a configuration that was ever given. */
export function latestOf({ configs, snapshot }: Contents): number {
  return Math.max(configs[0]?.version ?? 0, snapshot?.config ?? 0, snapshot?.candidate ?? 0);
}

/** The versions with what became of each: those in use were in use one after another; the others were stopped, or never got so far. */
export function historyOf({ configs, snapshot }: Contents): HistoryEntry[] {
  const byVersion = new Map(configs.map((config) => [config.version, config]));
  const used = new Set<number>();
  let first = snapshot?.config ?? 0;
  for (let config = byVersion.get(first); config !== undefined && !used.has(first); config = byVersion.get(first)) {
    used.add(first);
    first = config.after;
  }
  return configs.map(({ after: _, ...config }): HistoryEntry => {
    const { version } = config;
    const state = version === snapshot?.config ? "current" : version === snapshot?.candidate ? "candidate" : used.has(version) || version <= first ? "past" : "stopped";
    return { ...config, state };
  });
}

/** The rollout that is running. Nobody reports requests to KV. */
export function rolloutOf({ snapshot }: Contents): Rollout | null {
  if (snapshot?.candidate === undefined) {
    return null;
  }
  const none = { requests: 0, failures: 0 };
  return { version: snapshot.candidate, stable: snapshot.config, percent: snapshot.percent ?? 0, since: snapshot.since ?? snapshot.at, counts: { stable: none, candidate: none } };
}

/** A stored document. */
export function documentOf(version: number, json: string): Document {
  try {
    return JSON.parse(json) as Document;
  } catch {
    throw new Failure(`version ${version} of the configuration is listed but cannot be read; KV may need a minute to show it`);
  }
}

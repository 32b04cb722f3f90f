/**
 * What a mesh keeps in a KV namespace where no registry object is: one key for each version of the configuration, one for
 * each registration, one that says which versions are in use (the stage), and the Snapshot that is made of all these. What
 * there is to know of each is its metadata, so one listing tells all.
 *
 * KV cannot compare and set, and shows a write elsewhere up to a minute late. So nobody writes what another wrote: whoever
 * publishes a configuration writes its key and the stage, who registers writes the registration, and the Snapshot holds
 * nothing that is not made of them: one that was made of what was old already is made anew by who looks next.
 */
import { registrationsPrefix, snapshotKey, type Document, type HistoryEntry, type Registration, type Rollout } from "../protocol.js";
import { nullable, number, object, optional, text, whole } from "../shape.js";
import type { SealedMetadata } from "../discovery/seal.js";
import { KvFailure } from "./failure.js";
import { prefixOf, stageKey } from "./keys.js";

/** A key as it is listed. */
export interface KvKey {
  readonly name: string;
  readonly metadata?: unknown;
  /** Seconds since 1970. */
  readonly expiration?: number;
}

/** What is said with a version of the configuration. */
export interface ConfigMetadata extends Omit<HistoryEntry, "state"> {
  /** The version that was in use when it was written: those in use follow one another by it. */
  readonly after: number;
}

/** Which versions of the configuration are in use, and by how many. */
export interface Stage {
  /** 0 = none. */
  readonly config: number;
  /** That of a rollout. */
  readonly candidate?: number | undefined;
  /** Percentage of isolates that use it. */
  readonly percent?: number | undefined;
  /** When the rollout was changed last. */
  readonly since?: number | undefined;
  /** When this was settled, in ms since 1970, and later than what was settled before: of two that are known the later one holds. */
  readonly stagedAt?: number | undefined;
}

/** What is said with the Snapshot, besides what Workers read. */
export interface SnapshotMetadata extends SealedMetadata, Stage {
  readonly percent?: number | undefined;
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
  readonly stage: Stage;
  /** The latest first. */
  readonly configs: readonly ConfigMetadata[];
  /** Those whose time is not over. */
  readonly registrations: readonly KeptRegistration[];
}

/** Nothing was published. */
const NO_STAGE: Stage = { config: 0 };

const staged = { config: whole, candidate: optional(whole), since: optional(number), percent: optional(number), stagedAt: optional(whole) };
const isStage = object(staged);
const isSnapshot = object({ ...staged, version: whole, at: number, hash: text });
const isConfig = object({ version: whole, at: number, author: text, message: text, rollbackOf: nullable(number), hash: text, bytes: number, after: number });

/** Reads what was listed; keys of others are passed over. `now` ends registrations that KV still shows. */
export function contentsOf(mesh: string, keys: readonly KvKey[], now: number): Contents {
  const prefix = prefixOf(mesh);
  const below = (folder: string): KvKey[] => keys.filter(({ name }) => name.startsWith(folder));
  const configs = below(`${prefix}config/`).map(({ metadata }) => metadata).filter(isConfig) as ConfigMetadata[];
  const registrations = below(registrationsPrefix(mesh))
    .map(({ name, metadata, expiration }): KeptRegistration => ({ key: name, registration: metadata as Registration, expiresAt: expiration === undefined ? undefined : expiration * 1000 }))
    .filter(({ expiresAt = Infinity }) => expiresAt > now);
  const snapshot = keys.find(({ name }) => name === snapshotKey(mesh));
  if (snapshot !== undefined && !isSnapshot(snapshot.metadata)) {
    throw new KvFailure(`the Snapshot of mesh ${mesh} was published by a registry object (or another program), which is its one writer; the command line takes --url with the Worker that holds it`);
  }
  const stage = keys.find(({ name }) => name === stageKey(mesh));
  if (stage !== undefined && !isStage(stage.metadata)) {
    throw new KvFailure(`the metadata of ${stage.name} does not say which configuration is in use: found ${JSON.stringify(stage.metadata ?? null).slice(0, 100)}, expected { "config": VERSION, … }`);
  }
  const found = { snapshot: snapshot?.metadata as SnapshotMetadata | undefined, stage: stage?.metadata as Stage | undefined };
  return { snapshot: found.snapshot, stage: laterOf(found.stage, found.snapshot), configs: configs.sort((a, b) => b.version - a.version), registrations };
}

/** The stage that holds: the Snapshot names that which it was made of, and KV may show either of them late. */
function laterOf(stage: Stage | undefined, snapshot: SnapshotMetadata | undefined): Stage {
  const ofSnapshot = snapshot && stageOf(snapshot);
  return stage === undefined || (stage.stagedAt ?? 0) < (ofSnapshot?.stagedAt ?? 0) ? (ofSnapshot ?? NO_STAGE) : stage;
}

function stageOf({ candidate, config, percent, since, stagedAt }: Stage): Stage {
  return { config, candidate, percent, since, stagedAt };
}

/** The highest version of a configuration that was ever given. */
export function latestOf({ configs, stage }: Contents): number {
  return Math.max(configs[0]?.version ?? 0, stage.config, stage.candidate ?? 0);
}

/** The versions with what became of each: those in use were in use one after another; the others were stopped, or never got so far. */
export function historyOf({ configs, stage }: Contents): HistoryEntry[] {
  const byVersion = new Map(configs.map((config) => [config.version, config]));
  const used = new Set<number>();
  let first = stage.config;
  for (let config = byVersion.get(first); config !== undefined && !used.has(first); config = byVersion.get(first)) {
    used.add(first);
    first = config.after;
  }
  return configs.map(({ after: _, ...config }): HistoryEntry => {
    const { version } = config;
    const state = version === stage.config ? "current" : version === stage.candidate ? "candidate" : used.has(version) || version <= first ? "past" : "stopped";
    return { ...config, state };
  });
}

/** The rollout that is running. Nobody reports requests to KV. */
export function rolloutOf({ candidate, config, percent = 0, since = 0 }: Stage): Rollout | null {
  const none = { requests: 0, failures: 0 };
  return candidate === undefined ? null : { version: candidate, stable: config, percent, since, counts: { stable: none, candidate: none } };
}

/** A stored document. */
export function documentOf(version: number, json: string): Document {
  try {
    return JSON.parse(json) as Document;
  } catch {
    throw new KvFailure(`version ${version} of the configuration is listed but cannot be read; KV may need a minute to show it`);
  }
}

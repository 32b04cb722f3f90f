/**
 * What a registry, its admin API and those who use it say to one another.
 *
 * Every method of the object is also a path of the admin API; see `registry/api.ts`. Times are in ms since 1970.
 */
import type { Diagnostic, Difference, Document, EndpointName, EndpointReport, ListedEndpoint, Registered, Registration, Renewed, ServiceReport, Summary } from "../wasm/control.js";
import type { PublishedSnapshot, ServiceHint } from "./types.js";

export type { Diagnostic, Difference, Document, EndpointName, EndpointReport, ListedEndpoint, Registered, Registration, Renewed, ServiceHint, ServiceReport, Summary };

/** Where the admin API is. */
export const API_PATH = "/_mesh/api/";

/** The key of KV that a mesh's Snapshot is published under. */
export const snapshotKey = (mesh: string): string => `mesh/v1/${mesh}/snapshot`;

/** What the keys of registrations begin with, where KV keeps them. */
export const registrationsPrefix = (mesh: string): string => `mesh/v1/${mesh}/registration/`;

/** Why something is not done. */
export function refuse(reason: Refusal["reason"], message: string, more: Partial<Refusal> = {}): Refusal {
  return { ok: false, reason, message, ...more };
}

/** What is configured, and what is published of it. */
export interface RegistryStatus {
  readonly mesh: string;
  /** The version of the configuration in use; 0 = none was published yet. */
  readonly config: number;
  /** The highest version of a configuration that was ever given. */
  readonly latest: number;
  /** The version of the Snapshot that was published last; 0 = none. */
  readonly snapshot: number;
  readonly publishedAt: number | null;
  /** Why the last try to publish failed; null where it did not. */
  readonly publishError: string | null;
  /** Requests to the admin API that were refused for their token, as far as they were counted. */
  readonly denied: number;
  readonly rollout: Rollout | null;
}

/** Status, and the endpoints of all services. */
export interface Listing extends RegistryStatus {
  readonly endpoints: readonly ListedEndpoint[];
}

/** How a configuration is published. */
export interface PublishOptions {
  /** The version that the author knew: refused where another one is `latest` by now. Default: whatever is there. */
  readonly expect?: number | undefined;
  /** Why. At most 1000 characters. */
  readonly message?: string | undefined;
  /** Who. At most 200 characters. */
  readonly author?: string | undefined;
  /** Publish it to this percentage of isolates at first, above 0 and below 100. */
  readonly percent?: number | undefined;
  /** Look only: nothing is stored. */
  readonly dryRun?: boolean | undefined;
}

/** What came of publishing. */
export type Publishing =
  | {
      readonly ok: true;
      /** The version that it got; that it would get, of a dry run. */
      readonly version: number;
      /** False where it means what is in use already: then nothing is stored, and `version` is that one. */
      readonly changed: boolean;
      /** Warnings. */
      readonly diagnostics: readonly Diagnostic[];
      readonly summary: Summary;
      /** What changes, and for which requests; of a dry run only, and not where none was published before. */
      readonly difference?: Difference | undefined;
    }
  | Refusal;

/** Why something was not done. Nothing changed. */
export interface Refusal {
  readonly ok: false;
  /**
   * `invalid`: see `diagnostics`. `conflict`: somebody published since. `rollout`: one is running, and is to be
   * finished or stopped first. `no_rollout`: none is. `unknown_version`: there is none of that number.
   * `invalid_request`: see `message`.
   */
  readonly reason: "invalid" | "conflict" | "rollout" | "no_rollout" | "unknown_version" | "invalid_request";
  readonly message: string;
  /** The version that is `latest`, of a conflict. */
  readonly current?: number | undefined;
  readonly diagnostics?: readonly Diagnostic[] | undefined;
}

/** One version of the configuration. */
export interface HistoryEntry {
  readonly version: number;
  readonly at: number;
  readonly author: string;
  readonly message: string;
  /** The version that it brought back; null where it is a new one. */
  readonly rollbackOf: number | null;
  /** Hash of what it means. */
  readonly hash: string;
  /** Bytes of its document as JSON. */
  readonly bytes: number;
  /** `current` is in use, `candidate` in a rollout, `stopped` was in one and is not used, `past` was in use. */
  readonly state: "current" | "candidate" | "stopped" | "past";
}

/** A configuration that only some isolates use. */
export interface Rollout {
  readonly version: number;
  /** The version that the others use. */
  readonly stable: number;
  readonly percent: number;
  readonly since: number;
  /** What was reported of requests since the percentage was set. */
  readonly counts: { readonly stable: Counts; readonly candidate: Counts };
}

/** Requests and failures. */
export interface Counts {
  readonly requests: number;
  readonly failures: number;
}

/** What to do with a rollout: go on with another percentage (100 = take it into use), or stop it. */
export type RolloutStep = { readonly percent: number } | { readonly stop: true };

/**
 * What an isolate saw since it told last: what became of its requests while a rollout is running, and what it knows of services
 * whose state is shared. What is told of a rollout stands beside the rest and not within: so it was from the beginning, and
 * objects and Workers of other releases understand it.
 */
export interface IsolateReport extends Partial<RolloutReport> {
  readonly shared?: SharedReport | undefined;
}

/** What became of the requests of an isolate while a rollout is running. */
export interface RolloutReport {
  /** The Snapshot that it used all the while. */
  readonly version: number;
  /** Whether that is the candidate. */
  readonly candidate: boolean;
  readonly requests: number;
  readonly failures: number;
}

/** What an isolate saw of services whose state is shared. */
export interface SharedReport {
  /** Any whole number that tells it from others. */
  readonly isolate: number;
  /** How often it tells, in ms. */
  readonly everyMs: number;
  /** By name; those of which there is nothing to tell are left out. */
  readonly services: Readonly<Record<string, ServiceReport>>;
}

/** What an isolate hears in return. */
export interface ReportAnswer {
  /** The version of the Snapshot that is published, or will be in a moment. */
  readonly version: number;
  /** By service, for those that share more than what is ejected. */
  readonly hints: Readonly<Record<string, ServiceHint>>;
}

/** A stored configuration. */
export interface StoredConfig {
  readonly version: number;
  readonly document: Document;
}

/** Something that happened in a registry, as its watchers get it: one JSON text each. */
export interface RegistryEvent {
  readonly type: "hello" | "registered" | "deregistered" | "lease_lost" | "health" | "config" | "published" | "publish_failed" | "rollout" | "rollout_stopped" | "ejected" | "returned" | "failed";
  readonly at: number;
  readonly endpoint?: EndpointName | undefined;
  /** The version that it is about: of a Snapshot for `hello` and `published`, else of a configuration. */
  readonly version?: number | undefined;
  readonly detail?: string | undefined;
}

/** What the object offers to Workers that have its binding: by RPC, each method a call. */
export interface RegistryStub {
  register(registrations: readonly Registration[]): Promise<Registered[]>;
  heartbeat(ids: readonly string[]): Promise<Renewed[]>;
  deregister(ids: readonly string[]): Promise<EndpointName[]>;
  list(): Promise<Listing>;
  status(): Promise<RegistryStatus>;
  /** Undefined where there is no such version; without one, that in use. */
  config(version?: number): Promise<StoredConfig | undefined>;
  publish(document: Document, options?: PublishOptions): Promise<Publishing>;
  /** The latest ones first; `before` is a version. */
  history(limit?: number, before?: number): Promise<HistoryEntry[]>;
  diff(from: number, to: number): Promise<{ readonly ok: true; readonly difference: Difference } | Refusal>;
  /** Publishes an earlier version again; without one, that before the one in use. */
  rollback(options?: { readonly to?: number | undefined } & PublishOptions): Promise<Publishing>;
  rollout(step: RolloutStep): Promise<{ readonly ok: true; readonly rollout: Rollout | null } | Refusal>;
  /** Takes what an isolate saw: a candidate that does worse is stopped, an endpoint that does is ejected. */
  report(report: IsolateReport): Promise<ReportAnswer>;
  /** What is published; undefined where that is not newer than `since`. */
  snapshot(since?: number): Promise<PublishedSnapshot | undefined>;
}

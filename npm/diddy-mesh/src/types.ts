/** The public types. Platform objects are described by the few members that are used, so no types package is required. */
import type { Document } from "../wasm/control.js";
import type { BreakerState, EndpointColumn, Health, Reason, ServiceColumn } from "./generated/abi.js";
import type { MeshError } from "./errors.js";

/** A configuration document, as `diddy-mesh/config` compiles it. */
export type MeshDocument = Document;
export type { Reason };

/** The part of a KV namespace that the mesh reads. */
export interface KvReader {
  getWithMetadata(key: string, options: { type: "arrayBuffer"; cacheTtl?: number }): Promise<{ readonly value: ArrayBuffer | null; readonly metadata: unknown }>;
}

/** Where Snapshots come from besides a KV namespace: `discovery()` of `diddy-mesh/discovery`, or one of your own. */
export interface SnapshotSource {
  /**
   * Reads what is published; null = nothing. Called in the background, and once in front of the first request of an
   * isolate, which waits for it for a second at most. What it throws is an event, and the last good Snapshot serves on.
   */
  read(scene: SourceScene): Promise<PublishedSnapshot | null>;
  /**
   * Asks who counts limits of the tier `global` for all isolates. Called after an answer, every few seconds; without it
   * such limits hold in each isolate alone.
   */
  lease?(scene: SourceScene, demands: readonly LimitDemand[]): Promise<readonly LimitLease[]>;
  /**
   * Tells what this isolate saw, and what it hears in return. Called after what was read is in use, where no request
   * waits for it.
   */
  report?(scene: SourceScene): void;
  /** How long what was read is used before it is read again, in ms. Default 30000. */
  readonly freshMs?: number | undefined;
}

/** What the isolates of a mesh hold in common of a service, as far as this one is concerned. */
export interface ServiceHint {
  /** Its share of the retry budget's floor, 0 to 1. */
  readonly retryShare: number;
  /** Where its concurrency limit begins, as long as it has learned none itself. */
  readonly concurrency?: number | undefined;
}

/** What an isolate saw of one key of a limit since it asked last. */
export interface LimitDemand {
  /** The same in all isolates: 16 hex digits. */
  readonly key: string;
  /** Requests that came. */
  readonly seen: number;
  /** Requests that passed. */
  readonly taken: number;
  /** Time that one request takes from the limit's bucket, in microseconds. */
  readonly intervalUs: number;
  /** Size of the bucket, in microseconds. */
  readonly burstUs: number;
}

/** The part of a limit that an isolate gets. */
export interface LimitLease {
  readonly key: string;
  /** One request in so many microseconds passes; 0 = none. */
  readonly intervalUs: number;
  /** How long that holds, in ms. */
  readonly ttlMs: number;
  /** Whether there was enough for all: then a refusal makes the isolate ask again at once. */
  readonly plenty: boolean;
}

/** What a source is told of the isolate that asks it. */
export interface SourceScene {
  /** Which mesh. */
  readonly mesh: string;
  /** The options' own names for this Worker. */
  readonly serviceName: string;
  readonly serviceVersion: string | undefined;
  /** The bindings of this Worker. */
  readonly env: object;
  /** The version of the Snapshot in use; 0 = none that was published. */
  readonly version: number;
  /** Whether that is the candidate of a rollout. */
  readonly candidate: boolean;
  /** A version that some answer named and that is newer than the one in use; 0 = none. */
  readonly wanted: number;
  /** What this isolate knows of its services. */
  readonly stats: () => Readonly<Record<string, ServiceStats>>;
  /** The services of which isolates share what they know. */
  readonly shared: () => readonly string[];
  /** Takes what others know of a service. */
  readonly hint: (service: string, hint: ServiceHint) => void;
  /** Takes a version that is published: a newer one than that in use is read with the next request. */
  readonly news: (version: number) => void;
  /** Keeps the Worker alive for work that no request waits for. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
  /** Tells of something that happened. */
  readonly emit: (event: MeshEvent) => void;
}

/** What is published: a Snapshot, or two of them where a rollout is running. */
export interface PublishedSnapshot {
  readonly value: Uint8Array;
  readonly metadata: PublishedMetadata;
}

/** The metadata of the KV key, beside its value. */
export interface PublishedMetadata {
  /** The version of the Snapshot, or of both. */
  readonly version: number;
  /** Where the candidate's bytes begin; absent where there is none. */
  readonly split?: number | undefined;
  /** The share of isolates that takes the candidate, 0 to 100. */
  readonly percent?: number | undefined;
}

/** The part of an execution context that the mesh uses. */
export interface ContextLike {
  waitUntil(promise: Promise<unknown>): void;
}

/** The members of `cloudflare:workers` that are used where present. */
export interface Platform {
  readonly env?: object;
  readonly waitUntil?: (promise: Promise<unknown>) => void;
}

/** A service bundled in the same Worker, reached through a `local:NAME` address. */
export interface LocalService {
  fetch(request: Request, env?: never, ctx?: never): Response | Promise<Response>;
}

/** Options of a mesh with routing and resilience only (`diddy-mesh/core`). */
export interface CoreOptions {
  /** The name of the service this Worker is: a lowercase DNS label. Names it in `stats()`. */
  readonly serviceName: string;
  /** The version of this Worker: names it in `stats()`. */
  readonly version?: string | undefined;
  /** A compiled Snapshot, or a document when `diddy-mesh/config` is imported. Without it only local handlers answer. */
  readonly config?: Uint8Array | ArrayBuffer | MeshDocument | undefined;
  /** The bindings of this Worker. By default what is passed to `handle`, else `env` of `cloudflare:workers`. */
  readonly env?: object | undefined;
  /** Services that run in this Worker, by the NAME of their `local:NAME` address. */
  readonly local?: Readonly<Record<string, LocalService>> | undefined;
  /**
   * Who can reach this Worker. `"anyone"` (default): what a caller says in `mesh-timeout-ms` is dropped. `"mesh"`: only
   * other Workers of the mesh, by service bindings; then their deadline counts. The number of hops in `mesh-depth` always
   * counts: a stranger can only have its own request refused with it.
   */
  readonly callers?: "anyone" | "mesh" | undefined;
  /**
   * Also send `mesh-timeout-ms` and `mesh-depth` with requests that would otherwise be passed on untouched.
   * Default false: they travel only where the request is rewritten for another reason, because a rewrite costs 1-3 µs.
   */
  readonly propagate?: boolean | undefined;
}

/** Options of a mesh with everything (`diddy-mesh`). */
export interface MeshOptions extends CoreOptions {
  /** Where the Snapshot is published: a KV namespace, `"kv"` for the one found in `env`, or another source. Its Snapshot replaces `config`. */
  readonly registry?: KvReader | SnapshotSource | "kv" | undefined;
  /** The mesh whose Snapshot is read from the registry. Default `"default"`. */
  readonly mesh?: string | undefined;
  /** Take part in W3C trace context: accept and send `traceparent`. Default false. */
  readonly observability?: boolean | undefined;
  /** Predicates that `retries.on` names: whether an answer asks for another attempt. They see status and headers, and leave the body alone. */
  readonly predicates?: Readonly<Record<string, (response: Response, request: Request) => boolean>> | undefined;
  /** Balancers that `loadBalancer` names. Each is asked at each attempt of its requests, so it must be quick, and may not wait. */
  readonly balancers?: Readonly<Record<string, Balancer>> | undefined;
  /** Who calls, as a key of limits, splits and balancers: the value of `principal`. Nothing proves it but this function. */
  readonly principal?: ((request: Request) => string | undefined) | undefined;
  /** The tenant that a request is for: the value of `tenant`. */
  readonly tenant?: ((request: Request) => string | undefined) | undefined;
  /** Called for each event after the answer was made. What it throws is ignored; what it promises keeps the Worker alive. */
  readonly onEvent?: ((event: MeshEvent) => void) | undefined;
}

/**
 * Chooses an endpoint by its place among `candidates`, which are all of the service; `undefined` = what the engine proposes.
 * One that cannot be reached, is not healthy or has an open breaker takes no traffic: the engine's choice then stands, as
 * it does where the code throws, and the event `balancer_failed` says so.
 */
export type Balancer = (candidates: readonly BalancerCandidate[], scene: BalancerScene) => number | undefined;

/** An endpoint that a balancer may choose. */
export interface BalancerCandidate {
  readonly address: string;
  /** Empty where the configuration names none. */
  readonly version: string;
  /** Whether this Worker has the binding that the address names. */
  readonly reachable: boolean;
}

/** What a balancer is told beside its candidates. */
export interface BalancerScene {
  readonly request: Request;
  readonly service: string;
  /** The place of the endpoint that the engine proposes: the better of two drawn at random. */
  readonly proposed: number;
  /** What this isolate knows of the candidates, in their order. Costs as much as `mesh.stats()`. */
  readonly stats: () => readonly EndpointStats[];
}

/** What a handler gets beside the request. */
export interface MeshContext {
  /** The values of the `{name}` segments, percent-decoded; `*` holds what a trailing `*` matched. */
  readonly params: Readonly<Record<string, string>>;
  /** The bindings of this Worker. */
  readonly env: object;
  /** The trace this request belongs to (32 hex digits), when `observability` is on. */
  readonly traceId: string | undefined;
  /** Calls a service; carries the trace, the deadline and the depth of this request. */
  readonly fetch: MeshFetch;
  /** Keeps the Worker alive for work that the answer does not need. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

/** What `mesh.fetch` takes beside the standard options. */
export interface MeshRequestInit extends RequestInit {
  /** How long the whole call may take, retries included. Milliseconds; the smaller of this and the configured one holds. */
  readonly timeoutMs?: number;
}

/** Calls a service of the mesh by its name. */
export type MeshFetch = (service: string, target: string | URL | Request, init?: MeshRequestInit) => Promise<Response>;

/** Answers a request. */
export type Handler = (request: Request, context: MeshContext) => Response | Promise<Response>;

/** Handlers by HTTP method. */
export type MethodHandlers = Readonly<Record<string, Handler>>;

/** Handlers by pattern: `"/exact"`, `"/users/{id}"`, `"/files/*"`, each with an optional method in front: `"GET /exact"`. */
export type HandlerMap = Readonly<Record<string, Handler | MethodHandlers>>;

/** Something that happened in the mesh. */
export interface MeshEvent {
  /** What: a name of the closed set of the engine, or one of the host's own. */
  readonly type: string;
  /** Milliseconds of `performance.now()` at which it was noticed. */
  readonly at: number;
  readonly service?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly reason?: Reason | undefined;
  /** Which attempt of its request, from 1; 0 where that means nothing. */
  readonly attempt?: number | undefined;
  /** The duration that belongs to the event, in microseconds; the version, for `snapshot_loaded`. */
  readonly micros?: number | undefined;
  readonly detail?: string | undefined;
  /** The error that explains it, when the mesh made one. */
  readonly error?: MeshError | undefined;
  /** What a handler threw. */
  readonly cause?: unknown;
}

/** What the isolate knows of one endpoint. */
export interface EndpointStats extends Readonly<Record<Exclude<EndpointColumn, "service" | "breaker" | "health" | "reachable">, number>> {
  readonly address: string;
  /** Empty where the configuration names none. */
  readonly version: string;
  readonly breaker: BreakerState;
  readonly health: Health;
  /** Whether this Worker has the binding that the address names. */
  readonly reachable: boolean;
}

/** What the isolate knows of one service. */
export interface ServiceStats extends Readonly<Record<ServiceColumn, number>> {
  readonly endpoints: readonly EndpointStats[];
}

/** What the isolate knows of its mesh. It sees only the traffic that it served itself. */
export interface MeshStats {
  /** The options' own names for this Worker. */
  readonly serviceName: string;
  readonly version: string | undefined;
  readonly services: Readonly<Record<string, ServiceStats>>;
  /** How often the engine crashed and was made anew. */
  readonly traps: number;
}

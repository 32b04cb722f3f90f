/**
 * The Snapshot that a registry publishes. An isolate reads it, keeps it, and reads again in the background;
 * only an isolate that has none yet waits, once, and not for long.
 * No promise is shared between requests: one that was begun by a request ends with it.
 */
import { numberIn, type Call, type Ground } from "./call.js";
import { bindingOf, keepAlive, kindOf } from "./env.js";
import { MeshError } from "./errors.js";
import type { Order } from "./outgoing.js";
import { copyOf } from "./respond.js";
import { TELL } from "./generated/abi.js";
import { sleep } from "./send.js";
import { guarded } from "./recovery.js";
import { snapshotKey } from "./protocol.js";
import type { Slot } from "./slot.js";
import { readStats } from "./stats.js";
import type { KvReader, LimitDemand, LimitLease, PublishedMetadata, PublishedSnapshot, SnapshotSource, SourceScene } from "./types.js";

/** Seconds a location may answer from its cache: the least that KV takes. */
const CACHE_TTL_S = 30;
/** How long a Snapshot is used before it is read again. */
const FRESH_MS = 30_000;
/** How long a cold isolate waits before it goes on with what was bundled. */
const COLD_WAIT_MS = 1_000;
/** How long a version is news: told to callers, and not given up for an older one that some cache still has. */
const NEWS_MS = 120_000;
/** A hint makes an isolate read again no sooner than this after it read last. */
const HINT_MS = 1_000;
/** The number of no service. */
const NOBODY = 2 ** 32;
/** Names the version of its Snapshot to a caller that may not have it yet. */
const VERSION_HEADER = "mesh-snapshot";

/** What an isolate knows of what is published. */
export class Reading {
  /** When it was asked for, in ms; undefined before the first answer. */
  readAt: number | undefined;
  /** What came last, good or not. */
  raw: Uint8Array | undefined;
  /** When that came. */
  takenAt = 0;
  /** Whether it is the candidate of a rollout. */
  candidate = false;
  /** The newest version that an answer named. */
  wanted = 0;
  /** Where this isolate stands among all in a rollout, 0 to 100; drawn at the first Snapshot. */
  share: number | undefined;
}

const readingOf = (slot: Slot): Reading => (slot.reading ??= new Reading());

/** The KV namespace of the registry: one with a conventional name, else the only one there is. */
export function findRegistry(env: object): KvReader {
  const names = Object.keys(env).filter((name) => kindOf(bindingOf(env, name)) === "KvNamespace");
  const name = ["MESH_REGISTRY", "MESH_KV", "KV_NAMESPACE"].find((known) => names.includes(known)) ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) {
    const found = names.length === 0 ? "no KV namespace" : `several KV namespaces (${names.join(", ")})`;
    throw new MeshError("registry_not_found", `registry: "kv" found ${found} in env; bind one as MESH_REGISTRY, or pass it: registry: env.NAME`);
  }
  return bindingOf(env, name) as KvReader;
}

/** See `Features.registry.refresh`. */
export function refresh(call: Ground, registry: KvReader | SnapshotSource): Promise<void> | undefined {
  const { slot, now } = call;
  const reading = readingOf(slot);
  const source: SnapshotSource = "read" in registry ? registry : { read: ({ mesh }) => readKv(registry, mesh) };
  if (reading.readAt !== undefined && now - reading.readAt < (source.freshMs ?? FRESH_MS)) {
    return undefined;
  }
  const cold = reading.readAt === undefined;
  if (!cold) {
    // Claimed before the answer, so that others do not ask too. If this request dies, the claim runs out.
    reading.readAt = now;
  }
  const asking = read(call, reading, source);
  keepAlive(call.ctx, asking);
  return cold ? withDeadline(slot, reading, asking) : undefined;
}

/** What is published in KV; null = nothing. */
export async function readKv(kv: KvReader, mesh: string): Promise<PublishedSnapshot | null> {
  const { value, metadata } = await kv.getWithMetadata(snapshotKey(mesh), { type: "arrayBuffer", cacheTtl: CACHE_TTL_S });
  return value && { value: new Uint8Array(value), metadata: (metadata ?? {}) as PublishedMetadata };
}

/** Asks who counts limits for all; nobody does where the source knows none. */
export async function lease(call: Call, demands: readonly LimitDemand[]): Promise<readonly LimitLease[]> {
  const { registry } = call.options;
  return (await (registry as SnapshotSource | undefined)?.lease?.(sceneOf(call), demands)) ?? [];
}

function sceneOf({ slot, options, env, ctx }: Ground): SourceScene {
  const { candidate, wanted } = readingOf(slot);
  return {
    mesh: options.mesh ?? "default",
    serviceName: options.serviceName,
    serviceVersion: options.version,
    env,
    version: slot.known.version,
    candidate,
    wanted: wanted > slot.known.version ? wanted : 0,
    stats: () => readStats(slot),
    shared: () => (slot.known.shared ?? []).map((number) => slot.known.services[number] as string),
    hint(service, { concurrency, retryShare }) {
      guarded(slot, () => {
        const number = slot.services.get(service) ?? NOBODY;
        slot.brain().tell(TELL.SHARE, number, 1e6 * retryShare);
        slot.brain().tell(TELL.LIMIT, number, concurrency);
      });
    },
    news: (version) => want(slot, version),
    waitUntil: (promise) => keepAlive(ctx, promise),
    emit: (event) => slot.notice(event),
  };
}

async function read(call: Ground, reading: Reading, source: SnapshotSource): Promise<void> {
  const { slot } = call;
  const at = performance.now();
  try {
    const found = await source.read(sceneOf(call));
    if (found === null) {
      slot.notice({ type: "registry_empty", at });
    } else {
      take(slot, reading, found, at);
    }
    source.report?.(sceneOf(call));
  } catch (error) {
    slot.notice({ type: "registry_unavailable", at, detail: String(error) });
  }
  reading.readAt = performance.now();
}

function take(slot: Slot, reading: Reading, { value, metadata }: PublishedSnapshot, at: number): void {
  const { percent = 0, split, version } = metadata;
  if (version < slot.known.version && at - reading.takenAt < NEWS_MS) {
    return;
  }
  // Drawn once: as a rollout goes on, an isolate moves to the candidate and not back.
  reading.share ??= 100 * Math.random();
  reading.candidate = split !== undefined && reading.share < percent;
  const bytes = reading.candidate ? value.subarray(split) : value.subarray(0, split);
  const { raw } = reading;
  if (raw?.length !== bytes.length || !bytes.every((byte, i) => byte === raw[i])) {
    // Remembered even if it is refused: the same broken bytes are not tried every time.
    reading.raw = bytes;
    guarded(slot, () => slot.load(bytes));
    reading.takenAt = at;
  }
}

async function withDeadline(slot: Slot, reading: Reading, asking: Promise<void>): Promise<void> {
  await Promise.race([asking, sleep(COLD_WAIT_MS)]);
  if (reading.readAt === undefined) {
    reading.readAt = performance.now();
    slot.notice({ type: "registry_slow", at: reading.readAt });
  }
}

/** Takes the hint of an answer that came through a binding; anybody's else may say anything. */
export function heard({ slot }: Call, { endpoint }: Order, answer: Response): void {
  const { reading } = slot;
  // The headers come last: touching them makes an object, and most answers are of no interest.
  if (reading?.readAt !== undefined && !endpoint.transport.aborts && performance.now() - reading.readAt > HINT_MS) {
    want(slot, numberIn(answer.headers, VERSION_HEADER));
  }
}

function want(slot: Slot, version: number): void {
  const reading = readingOf(slot);
  if (version > Math.max(slot.known.version, reading.wanted)) {
    reading.wanted = version;
    reading.readAt = -Infinity;
  }
}

/** Tells a caller within the mesh of a version that is news. Each header costs, so it is told no longer. */
export function spread({ slot, now }: Call, answering: Response | Promise<Response>): Response | Promise<Response> {
  const { version } = slot.known;
  return version > 0 && now - readingOf(slot).takenAt < NEWS_MS ? Promise.resolve(answering).then((answer) => marked(answer, version)) : answering;
}

function marked(answer: Response, version: number): Response {
  if (answer.status === 101) {
    return answer;
  }
  const fresh = copyOf(answer);
  fresh.headers.set(VERSION_HEADER, String(version));
  return fresh;
}

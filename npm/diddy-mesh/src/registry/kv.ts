/**
 * The registry on KV alone, in a Worker's `scheduled` handler: what the command line published and Workers registered becomes
 * the Snapshot. It writes nothing else, so two at once, or one beside the command line, undo nothing that somebody said.
 */
import type { Diagnostic, Made, RegistryBrain } from "../../wasm/control.js";
import { bindingOf } from "../env.js";
import type { Provided } from "../discovery/keys.js";
import { seal, type SealingKeys } from "../discovery/seal.js";
import { MeshError } from "../errors.js";
import { KvMesh, type KvStore } from "../kv/binding.js";
import { configured } from "../kv/brain.js";
import { KvFailure } from "../kv/failure.js";
import { contentsOf, documentOf, type Contents } from "../kv/layout.js";
import { isPublished, made, snapshotOf } from "../kv/snapshot.js";
import { takeIn, type LeftOut } from "../kv/taken.js";
import { findRegistry } from "../published.js";
import type { Document } from "../protocol.js";
import { sealingKeysOf } from "./keys.js";

const TIMEOUT_MS = 10_000;
const REGISTRATIONS_MAX = 20_000;

/** Options of `publishFromKv`, all of them optional. */
export interface KvPublishOptions {
  /** Default `"default"`. */
  readonly mesh?: string | undefined;
  /** The KV namespace, or the name of its binding. Default: the one bound as MESH_REGISTRY, MESH_KV or KV_NAMESPACE, else the only one. */
  readonly kv?: KvStore | string | undefined;
  /** As of `RegistrySettings`. Default: the secrets MESH_SIGNING_KEY and MESH_ENCRYPTION_KEY, each `ID:KEY`; without them Snapshots are plain. */
  readonly keys?: Provided<SealingKeys> | undefined;
  /** How many registrations are read, 1 to 20000; a thousand are one operation. Those beyond are left out. Default 20000. */
  readonly registrationsMax?: number | undefined;
  /** How long one operation of KV may take, in ms. Default 10000. */
  readonly timeoutMs?: number | undefined;
}

/** What came of it. */
export interface KvPublication {
  /** The version of the Snapshot that is published; 0 = none. */
  readonly version: number;
  /** Whether this call put it; false where what is published says the same, or `error` is there. */
  readonly changed: boolean;
  /** The version of the configuration that it is made of; 0 = none. */
  readonly config: number;
  /** Endpoints of the mesh, configured and registered; 0 where `error` is there. */
  readonly endpoints: number;
  /** Registrations that are not in it. */
  readonly leftOut: readonly LeftOut[];
  /** Whether there were more registrations than were read. */
  readonly isCut: boolean;
  /** Why nothing can be published of what is stored: the Snapshot before stays. Null where it can. */
  readonly error: string | null;
  /** What the compiler found in the configuration: errors where `error` is there, else warnings. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Publishes what is stored in KV: compiles the configuration in use with the endpoints whose time is not over, and puts the
 * Snapshot where its content changed. For the `scheduled` handler of one Worker, where there is no registry object.
 * Throws where KV does not answer, or a key cannot be had; then nothing is put, and the next call does it.
 */
export async function publishFromKv(env: object, options: KvPublishOptions = {}): Promise<KvPublication> {
  const { kv, mesh, registrationsMax, timeoutMs } = settled(env, options);
  const there = new KvMesh(kv, mesh, timeoutMs);
  const { keys, isCut } = await there.keys(registrationsMax);
  const now = Date.now();
  const nothing = { version: 0, changed: false, config: 0, endpoints: 0, leftOut: [], isCut, error: null, diagnostics: [] };
  let brain: RegistryBrain | undefined;
  let contents: Contents | undefined;
  try {
    contents = contentsOf(mesh, keys, now);
    const { registrations, snapshot, stage } = contents;
    if (snapshot === undefined && stage.config === 0 && registrations.length === 0) {
      return nothing;
    }
    const read = async (version = 0): Promise<Document | undefined> => (version === 0 ? undefined : documentOf(version, await there.document(version)));
    brain = configured({ current: await read(stage.config), candidate: await read(stage.candidate) }, now);
    return await publish(there, mesh, contents, brain, now, { ...nothing, config: stage.config }, () => sealingKeysOf(env, options.keys), env);
  } catch (error) {
    if (error instanceof KvFailure) {
      return { ...nothing, version: contents?.snapshot?.version ?? 0, config: contents?.stage.config ?? 0, error: error.message };
    }
    throw error;
  } finally {
    // A Worker may live for days, and what is left to the collector may stay as long.
    brain?.free();
  }
}

async function publish(there: KvMesh, mesh: string, contents: Contents, brain: RegistryBrain, now: number, begun: KvPublication, keysOf: () => Promise<SealingKeys>, env: object): Promise<KvPublication> {
  const { registrations, snapshot, stage } = contents;
  const compile = (): Made => made(brain, contents, now);
  const alone = compile();
  if (alone.publication === undefined) {
    const { diagnostics } = alone;
    return { ...begun, version: snapshot?.version ?? 0, error: `version ${stage.config} of the configuration does not compile`, diagnostics };
  }
  const leftOut = takeIn(brain, registrations, now, compile);
  const { diagnostics, publication } = compile();
  if (publication === undefined) {
    throw new KvFailure("the configuration does not compile with what is registered");
  }
  const keys = await keysOf();
  const done = { ...begun, endpoints: brain.endpoints().length, leftOut, diagnostics };
  // Other keys seal it anew, and one that is plain is sealed.
  if (isPublished(contents, publication) && snapshot?.key === keys.sign?.id && snapshot?.enc === keys.encrypt?.id) {
    return { ...done, version: snapshot?.version ?? 0 };
  }
  const { metadata, value } = snapshotOf(publication, stage, now);
  const sealed = await seal({ value, metadata }, mesh, keys, env);
  await there.put(sealed.value, sealed.metadata);
  return { ...done, version: metadata.version, changed: true };
}

/** The options with their defaults; throws a `MeshError` where one cannot be meant. */
function settled(env: object, { kv, mesh = "default", registrationsMax = REGISTRATIONS_MAX, timeoutMs = TIMEOUT_MS }: KvPublishOptions) {
  const wrong = (what: string): MeshError => new MeshError("invalid_options", `publishFromKv({ ${what}`);
  if (typeof mesh !== "string" || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(mesh)) {
    throw wrong(`mesh }) is a lowercase DNS label, not ${JSON.stringify(mesh)}`);
  }
  if (!(Number.isInteger(registrationsMax) && registrationsMax >= 1 && registrationsMax <= REGISTRATIONS_MAX)) {
    throw wrong(`registrationsMax }) is a whole number from 1 to ${REGISTRATIONS_MAX}, not ${String(registrationsMax)}`);
  }
  if (!(timeoutMs > 0 && timeoutMs < Infinity)) {
    throw wrong(`timeoutMs }) is a number of milliseconds above 0, not ${String(timeoutMs)}`);
  }
  const found = kv === undefined ? findRegistry(env) : typeof kv === "string" ? bindingOf(env, kv) : kv;
  if (found === undefined) {
    throw new MeshError("registry_not_found", `publishFromKv({ kv }) names the binding ${JSON.stringify(kv)}, which env does not have`);
  }
  const store = found as KvStore;
  if (typeof store.list !== "function" || typeof store.put !== "function") {
    throw wrong(`kv }) is a KV namespace or the name of its binding, not ${typeof found}`);
  }
  return { kv: store, mesh, registrationsMax, timeoutMs };
}

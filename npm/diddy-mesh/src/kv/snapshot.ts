/** The Snapshot as KV has it, and when it is another one. */
import type { Made, Publication, RegistryBrain } from "../../wasm/control.js";
import type { SealedSnapshot } from "../discovery/seal.js";
import type { Contents, SnapshotMetadata, Stage } from "./layout.js";

/** Versions of these Snapshots are seconds since this time: nine digits, which is what hints of newer versions have room for, until 2051. */
const EPOCH_MS = Date.UTC(2020, 0, 1);

/** What is to be put. */
export interface KvSnapshot extends SealedSnapshot {
  readonly metadata: SnapshotMetadata;
}

/**
 * What is to be published after what was. Its version is the time: of two that make one each, and neither knows of the
 * other, the later one has the higher version; counting on from what KV shows would give the same twice, or go back.
 */
export function made(brain: RegistryBrain, { snapshot }: Contents, now: number): Made {
  const last = snapshot?.version ?? 0;
  brain.resume(Math.max(last + 1, Math.floor((now - EPOCH_MS) / 1_000)), last);
  return brain.publication();
}

/** Whether that is what is published already. */
export function isPublished({ snapshot, stage }: Contents, { hash }: Publication): boolean {
  return snapshot !== undefined && snapshot.hash === hash && snapshot.percent === stage.percent;
}

/** What is put for a publication: in a rollout both Snapshots are one value. */
export function snapshotOf({ candidate, hash, snapshot, version }: Publication, stage: Stage, at: number): KvSnapshot {
  if (candidate === undefined) {
    return { value: snapshot, metadata: { version, ...stage, at, hash } };
  }
  const value = new Uint8Array(snapshot.length + candidate.length);
  value.set(snapshot);
  value.set(candidate, snapshot.length);
  return { value, metadata: { version, split: snapshot.length, ...stage, at, hash } };
}

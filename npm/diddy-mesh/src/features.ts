/** What `diddy-mesh` has over `diddy-mesh/core`: handed in, so that a bundle of the core holds none of it. */
import type { Call, Ground } from "./call.js";
import type { Order } from "./outgoing.js";
import type { Slot } from "./slot.js";
import type { traffic } from "./traffic.js";
import type { traceOf, writeTrace } from "./trace.js";
import type { KvReader, LimitDemand, LimitLease, MeshEvent, SnapshotSource } from "./types.js";

/** Absent members are absent features. */
export interface Features {
  readonly trace?: { readonly of: typeof traceOf; readonly write: typeof writeTrace };
  readonly traffic?: typeof traffic;
  readonly observe?: {
    readonly drain: (slot: Slot, sink: (event: MeshEvent) => unknown) => Promise<void>;
  };
  readonly registry?: {
    /** The namespace that the option names. */
    readonly find: (env: object) => KvReader;
    /** Keeps the Snapshot current; a promise only where there is none yet and the request must wait. */
    readonly refresh: (call: Ground, registry: KvReader | SnapshotSource) => Promise<void> | undefined;
    /** Asks who counts limits for all isolates. */
    readonly lease: (call: Call, demands: readonly LimitDemand[]) => Promise<readonly LimitLease[]>;
    /** Hears from an answer that there is a newer one. */
    readonly heard: (call: Call, order: Order, answer: Response) => void;
    /** Tells a caller within the mesh of a new one. */
    readonly spread: (call: Call, answering: Response | Promise<Response>) => Response | Promise<Response>;
  };
}

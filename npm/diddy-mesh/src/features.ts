/** What `diddy-mesh` has over `diddy-mesh/core`: handed in, so that a bundle of the core holds none of it. */
import type { Slot } from "./slot.js";
import type { traffic } from "./traffic.js";
import type { traceOf, writeTrace } from "./trace.js";
import type { ContextLike, KvReader, MeshEvent } from "./types.js";

/** Absent members are absent features. */
export interface Features {
  readonly trace?: { readonly of: typeof traceOf; readonly write: typeof writeTrace };
  readonly traffic?: typeof traffic;
  readonly observe?: {
    readonly drain: (slot: Slot, sink: (event: MeshEvent) => void) => Promise<void>;
  };
  readonly registry?: {
    /** The namespace that the option names. */
    readonly find: (env: object) => KvReader;
    /** Keeps the Snapshot current; a promise only where there is none yet and the request must wait. */
    readonly refresh: (slot: Slot, kv: KvReader, mesh: string, ctx: ContextLike | undefined) => Promise<void> | undefined;
  };
}

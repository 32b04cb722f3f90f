/** `diddy-mesh/hooks`: what happens in an isolate, by kind: `new DiddyMesh({ onEvent: hooks({ onBreaker: … }) })`. */
import type { MeshEvent } from "./types.js";

/** An endpoint came, left, or changed its health with a new Snapshot. */
export interface EndpointChange {
  readonly service: string;
  readonly address: string;
  readonly change: "added" | "removed" | "healthy" | "unhealthy" | "draining";
}

/** A breaker moved. */
export interface BreakerChange {
  readonly service: string;
  readonly address: string;
  readonly state: "open" | "half_open" | "closed";
  /** Why it opened. */
  readonly reason: string | undefined;
}

/** Takes events out of the Worker. */
export interface Exporter {
  /**
   * Gets what happened since the last time, up to some hundred events, after an answer was made. What it promises keeps the
   * Worker alive; what it throws is ignored, and the events are not offered again.
   */
  export(events: readonly MeshEvent[]): void | Promise<void>;
}

/** What is called when; all optional. What a hook throws is ignored, as is what it promises: nobody waits. */
export interface Hooks {
  /** Where all events go, in batches. */
  readonly exporters?: readonly Exporter[] | undefined;
  /** After the first request of an isolate. */
  readonly onStart?: ((event: MeshEvent) => void) | undefined;
  /** A Snapshot is in use. Its version is 0 where it was compiled by hand. */
  readonly onSnapshot?: ((snapshot: { readonly version: number; readonly at: number }) => void) | undefined;
  readonly onEndpointChange?: ((change: EndpointChange) => void) | undefined;
  readonly onBreaker?: ((change: BreakerChange) => void) | undefined;
  /** Where the process says that it ends: Node, Bun, Deno. A Worker's isolate ends without a word. */
  readonly onShutdown?: (() => void) | undefined;
  /** Every event, before the others. */
  readonly onEvent?: ((event: MeshEvent) => void) | undefined;
}

interface Process {
  once?(event: "beforeExit", listener: () => void): unknown;
}

/** Makes an `onEvent` of hooks. Make it once, at module scope: the first event that it hears is the isolate's first. */
export function hooks({ exporters = [], onBreaker, onEndpointChange, onEvent, onShutdown, onSnapshot, onStart }: Hooks): (event: MeshEvent) => void | Promise<void> {
  let started = false;
  let batch: MeshEvent[] | undefined;
  if (onShutdown !== undefined) {
    (globalThis as { process?: Process }).process?.once?.("beforeExit", onShutdown);
  }
  return (event) => {
    const { at, detail, endpoint: address = "", micros = 0, service = "", type } = event;
    const calls: (() => unknown)[] = [() => onEvent?.(event)];
    if (!started) {
      started = true;
      calls.push(() => onStart?.(event));
    }
    if (type === "snapshot_loaded") {
      calls.push(() => onSnapshot?.({ version: micros, at }));
    } else if (type.startsWith("endpoint_")) {
      const change = (type === "endpoint_health" ? detail : type.slice("endpoint_".length)) as EndpointChange["change"];
      calls.push(() => onEndpointChange?.({ service, address, change }));
    } else if (type.startsWith("breaker_")) {
      const state = { breaker_opened: "open", breaker_half_open: "half_open", breaker_closed: "closed" }[type] as BreakerChange["state"];
      calls.push(() => onBreaker?.({ service, address, state, reason: detail }));
    }
    for (const call of calls) {
      try {
        void Promise.resolve(call()).catch(() => undefined);
      } catch {
        // One hook must not keep the others from hearing.
      }
    }
    if (exporters.length === 0) {
      return undefined;
    }
    if (batch !== undefined) {
      // Whose promise the batch is waits for it: one of another request must not.
      batch.push(event);
      return undefined;
    }
    batch = [event];
    return exported();
  };

  async function exported(): Promise<void> {
    await Promise.resolve();
    const events = batch ?? [];
    batch = undefined;
    await Promise.allSettled(exporters.map(async (exporter) => exporter.export(events)));
  }
}

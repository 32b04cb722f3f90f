/**
 * What an isolate keeps per configuration identity: the engine, the last good Snapshot, and the tables read from them.
 * A mesh made per request finds its slot here, so it costs a map look-up.
 */
import type { ToldEndpoint } from "./changes.js";
import { Brain } from "./engine.js";
import type { Reading } from "./published.js";
import type { Sharing } from "./traffic/leases.js";
import { MeshError } from "./errors.js";
import { SNAPSHOT_ERRORS, TELL } from "./generated/abi.js";
import type { HandlerTable } from "./handlers.js";
import type { Edits, Tables } from "./tables.js";
import { parseAddress, type Endpoint } from "./transport.js";
import type { HandlerMap, LocalService, MeshEvent } from "./types.js";

const HOST_EVENTS_MAX = 64;

/** See the head of this file. */
export class Slot {
  services = new Map<string, number>();
  endpoints: Endpoint[] = [];
  /** What the Snapshot in use says to hosts. */
  known: Tables = { version: 0, name: "", needs: 0, headers: [], services: [], serviceEndpoints: [], endpoints: [], versions: [], rules: [], ruleServices: [], backends: {} };
  /** Handler tables of the current engine. */
  tables: HandlerTable[] = [];
  tablesByMap = new WeakMap<HandlerMap, HandlerTable>();
  /** Events the host noticed, until somebody drains them; the oldest are dropped. */
  readonly noticed: MeshEvent[] = [];
  /** The Snapshot in use: what is loaded again after a trap. */
  bytes: Uint8Array | undefined;
  /** Why the last Snapshot that came was refused. */
  broken: MeshError | undefined;
  /** Whether somebody wants the engine's events. */
  listening = false;
  /** What reading from the registry came to, and sharing limits; made by what does that, as its core does neither. */
  declare reading: Reading | undefined;
  declare sharing: Sharing | undefined;
  /** The endpoints that events were told of last, and of which Snapshot. */
  declare told: { readonly of: Tables; readonly endpoints: ReadonlyMap<string, ToldEndpoint> } | undefined;
  /** Checks what only some Snapshots hold. */
  fits: (known: Tables) => boolean = () => true;
  #initial: Uint8Array | undefined;
  #brain: Brain | undefined;
  #env: object | undefined;
  /** Addresses that this Worker could not reach at some time. */
  readonly #missing = new Set<string>();
  #local = "";

  constructor(initial: Uint8Array | undefined) {
    this.#initial = initial;
  }

  /** The engine, made on first use inside a handler and again after a trap. */
  brain(): Brain {
    return this.#brain ?? this.#revive();
  }

  /** Whether `brain` trapped since and was replaced. */
  lost(brain: Brain): boolean {
    return this.#brain !== brain;
  }

  /** Gives up an engine that trapped. */
  forget(): void {
    this.#brain = undefined;
  }

  #revive(): Brain {
    const brain = new Brain();
    brain.tell(TELL.LISTEN, this.listening ? 1 : 0);
    this.#brain = brain;
    this.tables = [];
    this.tablesByMap = new WeakMap();
    this.#env = undefined;
    const bytes = this.bytes ?? this.#initial;
    this.#initial = undefined;
    if (bytes !== undefined) {
      this.load(bytes);
    }
    return brain;
  }

  /** Takes a Snapshot. A broken one changes nothing: the last good one stays, and an event says so. */
  load(bytes: Uint8Array): void {
    const brain = this.brain();
    const at = performance.now();
    const failure = brain.load(bytes, at);
    const known = failure === 0 ? brain.tables(this.fits) : undefined;
    if (known === undefined) {
      const why = SNAPSHOT_ERRORS[failure - 1] ?? "malformed";
      this.broken = why === "unsupported"
        ? new MeshError("feature_missing", 'geographic, consistentHash, adaptive and traffic need "diddy-mesh", not its core')
        : new MeshError("invalid_snapshot", `the Snapshot was refused: ${why}`);
      if (failure === 0 && this.bytes !== undefined) {
        // The engine took what the host cannot use: it goes back to the last good one, and with it to what it learned of both.
        this.notice({ type: "snapshot_refused", at, detail: why });
        brain.load(this.bytes, at);
        this.#env = undefined;
      }
      return;
    }
    this.bytes = bytes;
    this.known = known;
    this.services = new Map(known.services.map((name, i) => [name, i]));
    this.endpoints = known.endpoints.map(parseAddress);
    this.#env = undefined;
  }

  /** Joins the endpoints with what this Worker can reach. Done again only when the bindings are other ones. */
  join(brain: Brain, env: object, local: Readonly<Record<string, LocalService>> | undefined): void {
    const names = local === undefined ? "" : Object.keys(local).join();
    if (this.#env === env && this.#local === names) {
      return;
    }
    this.#env = env;
    this.#local = names;
    this.endpoints.forEach((endpoint, i) => {
      const { address } = endpoint;
      endpoint.reachable = endpoint.transport.reachable(endpoint, env, local);
      // The engine takes them for reachable, and remembers those that were not over Snapshots.
      if (!endpoint.reachable || this.#missing.has(address)) {
        brain.tell(TELL.REACHABLE, i, endpoint.reachable ? 1 : 0);
        this.#missing.add(address);
      }
    });
  }

  /** What a backend changes, if anything. */
  edits(backend: number): Edits | undefined {
    return this.known.backends[backend];
  }

  /** Where the plain path of a service goes after a trap: its first endpoint, if this Worker can reach it. */
  plain(service: number | undefined): Endpoint | undefined {
    const endpoint = this.endpoints[this.known.serviceEndpoints[service ?? -1] ?? -1];
    return endpoint?.reachable === true ? endpoint : undefined;
  }

  notice(event: MeshEvent): void {
    if (this.noticed.length >= HOST_EVENTS_MAX) {
      this.noticed.shift();
    }
    this.noticed.push(event);
  }
}

/** Slots by what identifies a configuration: the bytes, the document, or the registry and the name in it. */
const slots = new WeakMap<object, Map<string, Slot>>();
const nothing = {};

/** The slot of an identity. */
export function knownSlot(identity: object = nothing, name: string): Slot | undefined {
  return slots.get(identity)?.get(name);
}

/** Makes the slot of an identity, with the Snapshot that was bundled. */
export function newSlot(identity: object = nothing, name: string, initial: Uint8Array | undefined): Slot {
  const slot = new Slot(initial);
  slots.set(identity, (slots.get(identity) ?? new Map<string, Slot>()).set(name, slot));
  return slot;
}

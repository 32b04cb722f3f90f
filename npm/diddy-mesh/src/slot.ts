/**
 * What an isolate keeps per configuration identity: the engine, the last good Snapshot, and the tables read from them.
 * A mesh made per request finds its slot here, so it costs a map look-up.
 */
import { Brain } from "./engine.js";
import { MeshError } from "./errors.js";
import { ASK, SNAPSHOT_ERRORS, TELL } from "./generated/abi.js";
import { parseEdits, type Edits } from "./edits.js";
import type { HandlerTable } from "./handlers.js";
import { parseAddress, type Endpoint } from "./transport.js";
import type { HandlerMap, LocalService, MeshEvent } from "./types.js";

const HOST_EVENTS_MAX = 64;

/** See the head of this file. */
export class Slot {
  services = new Map<string, number>();
  serviceNames: string[] = [];
  endpoints: Endpoint[] = [];
  headers: string[] = [];
  needs = 0;
  /** Handler tables of the current engine. */
  tables: HandlerTable[] = [];
  tablesByMap = new WeakMap<HandlerMap, HandlerTable>();
  /** Events the host noticed, until somebody drains them; the oldest are dropped. */
  readonly noticed: MeshEvent[] = [];
  /** When the registry was last asked, in ms; undefined before the first answer. */
  readAt: number | undefined;
  /** The Snapshot in use: what is loaded again after a trap. */
  bytes: Uint8Array | undefined;
  /** Why the last Snapshot that came was refused. */
  broken: MeshError | undefined;
  /** Whether somebody wants the engine's events. */
  listening = false;
  /** What the registry gave last, good or not. */
  published: Uint8Array | undefined;
  #initial: Uint8Array | undefined;
  #brain: Brain | undefined;
  #edits: (Edits | undefined)[] = [];
  #env: object | undefined;
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

  /** Takes a Snapshot. A broken one changes nothing: the last good one stays, and the engine's event says so. */
  load(bytes: Uint8Array): void {
    const brain = this.brain();
    const failure = brain.load(bytes, performance.now());
    if (failure === 0) {
      this.bytes = bytes;
      this.#read(brain);
    } else {
      this.broken = new MeshError("invalid_snapshot", `the Snapshot was refused: ${SNAPSHOT_ERRORS[failure - 1]}`);
    }
  }

  #read(brain: Brain): void {
    this.serviceNames = Array.from({ length: brain.ask(ASK.SERVICES) }, (_, i) => brain.describe(ASK.SERVICE, i));
    this.services = new Map(this.serviceNames.map((name, i) => [name, i]));
    this.endpoints = Array.from({ length: brain.ask(ASK.ENDPOINTS) }, (_, i) => parseAddress(brain.describe(ASK.ENDPOINT, i)));
    this.headers = brain.describe(ASK.HEADERS, 0).split("\n").filter(Boolean);
    this.needs = brain.ask(ASK.NEEDS);
    this.#edits = [];
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
      endpoint.reachable = endpoint.transport.reachable(endpoint, env, local);
      brain.tell(TELL.REACHABLE, i, endpoint.reachable ? 1 : 0);
    });
  }

  /** What a backend changes: headers and host. */
  edits(brain: Brain, backend: number): Edits {
    return (this.#edits[backend] ??= parseEdits(brain.describe(ASK.EDITS, backend), brain.describe(ASK.HOST, backend)));
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

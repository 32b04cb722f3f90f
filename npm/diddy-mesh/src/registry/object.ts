/**
 * The registry as a Durable Object: the one writer of a mesh. Everything that comes in is stored before it is
 * answered; the object may be evicted or restarted at any time. No request of a service passes through it.
 */
import { DurableObject } from "cloudflare:workers";
import * as configs from "./configs.js";
import type { KvWriter, ObjectState } from "./platform.js";
import { probe } from "./probe.js";
import type { Document, EndpointName, HistoryEntry, IsolateReport, Listing, Publishing, PublishOptions, Refusal, ReportAnswer, Registered, Registration, RegistryStatus, RegistryStub, Renewed, Rollout, RolloutStep, StoredConfig, Difference } from "../protocol.js";
import type { Provided } from "../discovery/keys.js";
import { seal, type SealingKeys } from "../discovery/seal.js";
import { sealingKeysOf } from "./keys.js";
import { current, kvOf, publishNow } from "./publisher.js";
import { take } from "./shared.js";
import { State } from "./state.js";
import { admit } from "./watchers.js";
import type { PublishedSnapshot } from "../types.js";
import type { Probe } from "../../wasm/control.js";

/** What a subclass may settle. */
export interface RegistrySettings {
  /** Where Snapshots are published. Default: the namespace bound as MESH_REGISTRY, MESH_KV or KV_NAMESPACE, else the only one. */
  readonly kv?: KvWriter | undefined;
  /** What Snapshots are sealed with. Default: the secrets MESH_SIGNING_KEY and MESH_ENCRYPTION_KEY, each `ID:KEY`; without them they are plain. They, or each key, may come from a `KeyProvider`. */
  readonly keys?: Provided<SealingKeys> | undefined;
}

/** The end of a lease is stored this share of it later: only a heartbeat beyond that is stored, as a write costs, and a restart ends no lease early. */
const STORE_SHARE = 4;
/** Registrations, or identities, that are taken in one go. */
const BATCH_MAX = 1_000;
/** After work that failed, which is a bug, it is tried again. */
const FAILED_MS = 5_000;

/** See the head of this file. Re-export it from the Worker that is to hold it, and bind it with SQLite storage. */
export class MeshRegistry<Env extends object = object> extends DurableObject<Env> implements RegistryStub {
  readonly #state: State;
  readonly #ctx: ObjectState;
  /** Endpoints whose check is under way. */
  readonly #checking = new Set<string>();

  constructor(ctx: ObjectState, env: Env) {
    super(ctx, env);
    this.#ctx = ctx;
    this.#state = new State(ctx, env);
  }

  /** For subclasses: what is not to be by default. Asked each time. */
  protected settings(): RegistrySettings {
    return {};
  }

  /** Registers endpoints, or renews them; each is for itself. */
  async register(registrations: readonly Registration[]): Promise<Registered[]> {
    const state = this.#state;
    const given = bounded(registrations, "registrations");
    const done = state.change((brain) => {
      const all = given.map((one) => brain.register(one, Date.now()));
      for (const { expiresAt = null, id, registration } of all) {
        if (id !== undefined && registration !== undefined) {
          const document = JSON.stringify(registration);
          const stored = state.storage.registration(id);
          if (stored?.document !== document || isBehind(stored.expiresAt, expiresAt)) {
            state.storage.register({ id, document, expiresAt: ahead(expiresAt) });
          }
        }
      }
      return all;
    });
    for (const { id, registration, state: what } of done) {
      if (id !== undefined && registration !== undefined && what !== "renewed") {
        const { address, service, version = "" } = registration;
        state.emit({ type: "registered", endpoint: { id, service, address, version } });
      }
    }
    return done;
  }

  /** Takes heartbeats, by the `id` that registering gave. One that is not known has to register again. */
  async heartbeat(ids: readonly string[]): Promise<Renewed[]> {
    const state = this.#state;
    const given = bounded(ids, "ids").map(String);
    return state.change((brain) => {
      const renewed = brain.renew(given, Date.now());
      for (const { expiresAt = null, id } of renewed) {
        if (isBehind(state.storage.registration(id)?.expiresAt ?? null, expiresAt)) {
          state.storage.renew(id, ahead(expiresAt) as number);
        }
      }
      return renewed;
    });
  }

  /** Takes registrations back; those that were there. */
  async deregister(ids: readonly string[]): Promise<EndpointName[]> {
    const state = this.#state;
    const given = bounded(ids, "ids").map(String);
    const gone = state.change((brain) => {
      const names = brain.deregister(given);
      names.forEach(({ id }) => state.storage.forget(id));
      return names;
    });
    gone.forEach((endpoint) => state.emit({ type: "deregistered", endpoint }));
    return gone;
  }

  /** What is configured and published. */
  async status(): Promise<RegistryStatus> {
    const { mesh, storage, versions } = this.#state;
    return {
      mesh,
      config: storage.get("config"),
      latest: versions.latest(),
      snapshot: storage.get("snapshot"),
      publishedAt: storage.get("published_at"),
      publishError: storage.get("publish_error"),
      denied: storage.get("denied"),
      rollout: configs.rolloutOf(this.#state),
    };
  }

  /** Status, and the endpoints of all services. */
  async list(): Promise<Listing> {
    return { ...(await this.status()), endpoints: this.#state.brain().endpoints() };
  }

  /** A configuration; without a version, that in use. */
  async config(version?: number): Promise<StoredConfig | undefined> {
    const { storage, versions } = this.#state;
    const wanted = version ?? storage.get("config");
    const document = Number.isInteger(wanted) ? versions.document(wanted) : undefined;
    return document && { version: wanted, document };
  }

  /** Publishes a configuration. Where it is refused nothing changes. */
  async publish(document: Document, options?: PublishOptions): Promise<Publishing> {
    return configs.publish(this.#state, document, options);
  }

  /** Versions, the latest first. */
  async history(limit?: number, before?: number): Promise<HistoryEntry[]> {
    return configs.history(this.#state, limit, before);
  }

  /** What changes from one version to another, and for which requests. */
  async diff(from: number, to: number): Promise<{ readonly ok: true; readonly difference: Difference } | Refusal> {
    const found = configs.compare(this.#state, from, to);
    return "reason" in found ? found : { ok: true, difference: found };
  }

  /** Publishes an earlier version again; without one, that before the one in use. */
  async rollback(options?: { readonly to?: number | undefined } & PublishOptions): Promise<Publishing> {
    return configs.rollback(this.#state, options);
  }

  /** Goes on with a rollout, or stops it. */
  async rollout(next: RolloutStep): Promise<{ readonly ok: true; readonly rollout: Rollout | null } | Refusal> {
    return configs.step(this.#state, next);
  }

  /** What is to be published now; undefined where that is not newer than `since`, or where there is nothing. */
  async snapshot(since = 0): Promise<PublishedSnapshot | undefined> {
    const keys = await this.#keys();
    const now = this.#state.brain().version > since ? current(this.#state, keys) : undefined;
    return now && seal({ value: now.value, metadata: now.metadata }, this.#state.mesh, keys, this.env);
  }

  /** Takes what an isolate saw, and tells it what others know. */
  async report(report: IsolateReport): Promise<ReportAnswer> {
    configs.judge(this.#state, report);
    return take(this.#state, report.shared);
  }

  /** Counts requests to the admin API whose token was wrong. */
  async denied(count: number): Promise<void> {
    const { storage } = this.#state;
    storage.set({ denied: storage.get("denied") + Math.max(0, Math.trunc(count) || 0) });
  }

  /** For watchers alone: everything else is said by RPC. */
  async fetch(request: Request): Promise<Response> {
    const upgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    return upgrade ? admit(this.#ctx, this.#state.storage.get("snapshot")) : new Response("this object is asked by RPC\n", { status: 426, headers: { upgrade: "websocket" } });
  }

  /** Watchers have nothing to say. */
  webSocketMessage(socket: WebSocket): void {
    socket.close(1008, "nothing is expected");
  }

  webSocketClose(socket: WebSocket, code: number): void {
    // A code that was not sent cannot be sent back.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  /** Ends leases, checks endpoints, publishes: whatever is due. */
  async alarm(): Promise<void> {
    try {
      await this.#state.awake(() => this.#work());
    } catch (error) {
      // The platform would try again a few times, and then never again.
      this.#state.emit({ type: "failed", detail: String(error) });
      this.#state.wakeAt(Date.now() + FAILED_MS);
    }
  }

  #keys(): Promise<SealingKeys> {
    return sealingKeysOf(this.env, this.settings().keys);
  }

  async #work(): Promise<void> {
    const state = this.#state;
    const work = state.change((brain) => {
      const due = brain.wake(Date.now());
      due.expired.forEach(({ id }) => state.storage.forget(id));
      return due;
    });
    work.expired.forEach((endpoint) => state.emit({ type: "lease_lost", endpoint }));
    work.returned.forEach((endpoint) => state.emit({ type: "returned", endpoint }));
    // Not waited for: an endpoint that hangs would keep what is to be published, and the ends of leases.
    this.#ctx.waitUntil(this.#check(work.probes.filter(({ id }) => !this.#checking.has(id))));
    if (state.brain().isDue(Date.now())) {
      await publishNow(state, () => this.settings().kv ?? kvOf(this.env), () => this.#keys());
    }
  }

  async #check(probes: readonly Probe[]): Promise<void> {
    const state = this.#state;
    if (probes.length === 0) {
      return;
    }
    probes.forEach(({ id }) => this.#checking.add(id));
    try {
      const answers = await Promise.all(probes.map(async (one) => ({ id: one.id, status: await probe(one, this.env) })));
      const turned = state.change((brain) => {
        const ids = answers.filter(({ id, status }) => brain.probed(id, status)).map(({ id }) => id);
        state.storage.set({ checks: JSON.stringify(brain.checks()) });
        return ids.length === 0 ? [] : brain.endpoints().filter(({ id }) => ids.includes(id));
      });
      turned.forEach(({ address, health, id, service, version }) => state.emit({ type: "health", endpoint: { id, service, address, version }, detail: health }));
    } catch (error) {
      // Each is due again an interval later.
      state.emit({ type: "failed", detail: String(error) });
    } finally {
      probes.forEach(({ id }) => this.#checking.delete(id));
    }
  }
}

/** Whether a lease ends after its stored end, so that it is stored anew. */
function isBehind(stored: number | null, expiresAt: number | null): boolean {
  return stored === null || expiresAt === null ? stored !== expiresAt : stored < expiresAt;
}

/** The end of a lease as it is stored. */
function ahead(expiresAt: number | null): number | null {
  return expiresAt === null ? null : expiresAt + (expiresAt - Date.now()) / STORE_SHARE;
}

/** What came in one go, where that is a list and not too long. */
function bounded<T>(list: readonly T[], name: string): readonly T[] {
  if (!Array.isArray(list) || list.length > BATCH_MAX) {
    throw new RangeError(`${name} is a list of up to ${BATCH_MAX}`);
  }
  return list;
}

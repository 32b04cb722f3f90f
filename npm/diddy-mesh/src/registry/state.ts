/**
 * What a registry is, in its database and in memory: the brain is made of what is stored, and made anew
 * where the two might differ.
 */
import { RegistryBrain } from "../../wasm/control.js";
import type { CheckRow, Diagnostic, EjectionRow, Registration } from "../../wasm/control.js";
import { applyOverrides } from "../config.js";
import { kindOf } from "../env.js";
import type { ObjectState } from "./platform.js";
import type { Document, RegistryEvent } from "../protocol.js";
import { Storage } from "./storage.js";
import { Versions } from "./versions.js";
import { tell } from "./watchers.js";

/** An alarm that is so late was lost by the platform: it is set again. */
const LATE_MS = 5_000;
/** Alarms that come early, by a clock that stands still say, are this far apart at last. */
const EARLY_MS_MAX = 1_000;

/** See the head of this file. */
export class State {
  readonly storage: Storage;
  readonly versions: Versions;
  readonly mesh: string;
  readonly env: object;
  readonly #ctx: ObjectState;
  #brain: RegistryBrain | undefined;
  /** When the platform wakes the object; undefined = not known. */
  #alarmAt: number | undefined;
  /** When it did last, and how often in a row that was before its time. */
  #wokenAt = 0;
  #early = 0;
  /** Whether it is at work that an alarm began: what is due is done by that, and needs no alarm of its own. */
  #working = false;
  /** Why the stored configuration, and that of a rollout, cannot be used; empty = they can. */
  #refused: Record<"config" | "candidate", readonly Diagnostic[]> = { config: [], candidate: [] };

  constructor(ctx: ObjectState, env: object) {
    this.#ctx = ctx;
    this.env = env;
    this.mesh = ctx.id.name ?? "default";
    this.storage = new Storage(ctx.storage.sql);
    this.versions = new Versions(ctx.storage.sql);
  }

  /** The brain, made of what is stored where there is none. */
  brain(): RegistryBrain {
    return (this.#brain ??= this.#revive());
  }

  #revive(): RegistryBrain {
    const { storage, versions } = this;
    // Of anything that can be asked for its health; the rest is not asked.
    const reachable = Object.keys(this.env).filter((name) => /Fetcher|Stub|Namespace|Object/.test(kindOf((this.env as Record<string, unknown>)[name])));
    const brain = new RegistryBrain(Math.random() * 2 ** 53, reachable);
    const now = Date.now();
    const current = versions.document(storage.get("config"));
    this.#refused = { config: [], candidate: [] };
    if (current !== undefined) {
      this.configure(brain, this.overridden(current), now);
    }
    const candidate = versions.document(storage.get("candidate"));
    if (candidate !== undefined) {
      this.stage(brain, this.overridden(candidate));
    }
    for (const { document, expiresAt } of storage.registrations()) {
      brain.restore(JSON.parse(document) as Registration, expiresAt, now);
    }
    brain.restoreChecks(JSON.parse(storage.get("checks")) as CheckRow[]);
    brain.restoreEjections(JSON.parse(storage.get("ejections")) as EjectionRow[]);
    brain.resume(storage.get("version"), storage.get("settled"));
    const overrides = JSON.stringify(Object.entries(this.env).filter(([name]) => name.startsWith("MESH__")));
    if (storage.get("overrides") !== overrides) {
      // The Worker was deployed with other variables.
      brain.touch();
      storage.set({ overrides, version: brain.version });
    }
    return brain;
  }

  /** Lets the brain have the configuration in use. */
  configure(brain: RegistryBrain, document: Document, at: number): void {
    this.#refused = { ...this.#refused, config: brain.configure(document, at) };
  }

  /** Lets the brain have the configuration of a rollout; undefined ends one. */
  stage(brain: RegistryBrain, document: Document | undefined): void {
    this.#refused = { ...this.#refused, candidate: brain.stage(document) };
  }

  /**
   * Why nothing can be published: a release that knows more stored what this one cannot read. The brain is without it then,
   * and what it would publish is a mesh without rules.
   */
  unusable(): string | undefined {
    this.brain();
    const { candidate, config } = this.#refused;
    const errors = [...config, ...candidate].filter(({ severity }) => severity === "error");
    return errors.length === 0 ? undefined : `the stored configuration cannot be read by this release: ${errors.map(({ message }) => message).join("\n")}`;
  }

  /** The document with what the variables of this Worker override. One that leads nowhere leaves it as it is, and is told. */
  overridden(document: Document): Document {
    try {
      return applyOverrides(document, this.env).document;
    } catch (error) {
      this.emit({ type: "failed", detail: String(error) });
      return document;
    }
  }

  /**
   * Changes brain and database in one turn: both, or neither. What the brain already has of a change that
   * failed is given up with it.
   */
  change<T>(work: (brain: RegistryBrain) => T): T {
    try {
      const brain = this.brain();
      return this.#ctx.storage.transactionSync(() => {
        const done = work(brain);
        this.storage.set({ version: brain.version, ejections: JSON.stringify(brain.ejections()) });
        return done;
      });
    } catch (error) {
      this.storage.reload();
      this.#brain = undefined;
      throw error;
    } finally {
      this.wake();
    }
  }

  /** Sees to it that the object wakes when there is something to do. */
  wake(): void {
    const next = this.#working ? undefined : this.brain().nextWake();
    const now = Date.now();
    const set = this.#alarmAt === undefined || this.#alarmAt + LATE_MS < now ? Infinity : this.#alarmAt;
    if (next !== undefined && next < set) {
      this.wakeAt(Math.max(next, now));
    }
  }

  /** Wakes the object at that time. */
  wakeAt(at: number): void {
    // An alarm comes early now and then. One that is set anew for the same time while it is running is lost.
    this.#alarmAt = Math.max(Math.ceil(at), this.#wokenAt + Math.min(2 ** this.#early, EARLY_MS_MAX));
    this.#ctx.waitUntil(this.#ctx.storage.setAlarm(this.#alarmAt));
  }

  /** Does the work of an alarm, and sees to it that the object wakes again. */
  async awake(work: () => Promise<void>): Promise<void> {
    const now = Date.now();
    this.#wokenAt = this.#alarmAt ?? now;
    this.#early = now < this.#wokenAt ? this.#early + 1 : 0;
    this.#alarmAt = undefined;
    this.#working = true;
    try {
      await work();
    } finally {
      this.#working = false;
    }
    this.wake();
  }

  /** Tells those who watch. */
  emit(event: Omit<RegistryEvent, "at">): void {
    tell(this.#ctx, { at: Date.now(), ...event });
  }
}

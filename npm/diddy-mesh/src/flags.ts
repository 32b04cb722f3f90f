/**
 * `diddy-mesh/flags`: the feature flags of the Snapshot that a mesh uses, without a wait: `flags(mesh).boolean("new-checkout", false, request)`.
 * The engine decides; nothing here throws, and what cannot be decided is the fallback.
 */
import { catalogueOf, frozen } from "./flags/catalogue.js";
import { decide, failed, type Decision, type FlagErrorCode, type FlagReason } from "./flags/decision.js";
import type { FlagContext, FlagSubject } from "./flags/subject.js";
import type { DiddyMesh } from "./index.js";
import { guarded } from "./recovery.js";

export type { FlagContext, FlagErrorCode, FlagReason, FlagSubject };

/** The type of a flag's values. `object` is JSON: an object or a list. */
export type FlagType = "boolean" | "string" | "number" | "object";

/** What a flag comes to, and why: OpenFeature's `ResolutionDetails`. */
export interface FlagDetails<T> {
  /** The variant's value, or the fallback. A value of JSON is frozen: all requests get the same one. */
  readonly value: T;
  /** The variant's name; absent where the fallback holds. */
  readonly variant?: string;
  readonly reason: FlagReason;
  /** Absent where it was decided. */
  readonly errorCode?: FlagErrorCode;
  readonly errorMessage?: string;
  /** The version in the Snapshot (0 where it was compiled by hand), and the place of the rule that decided, from 0. */
  readonly flagMetadata: Readonly<{ version: number; rule?: number }>;
}

/** A flag that the Snapshot has. */
export interface FlagInfo {
  readonly key: string;
  readonly type: FlagType;
  /** Its values by name, frozen. */
  readonly variants: Readonly<Record<string, unknown>>;
}

/** The flags of a mesh, for any request. Cheap to make; see `flags`. */
export class Flags {
  readonly #mesh: DiddyMesh;

  /** @internal */
  constructor(mesh: DiddyMesh) {
    this.#mesh = mesh;
  }

  /** A flag that is on or off. `of` is who asks: the request, or what is known of it; without it only rules for all apply. */
  boolean(key: string, fallback: boolean, of?: FlagSubject): boolean {
    return this.details(key, fallback, of).value;
  }

  /** A flag whose value is a text. */
  string(key: string, fallback: string, of?: FlagSubject): string {
    return this.details(key, fallback, of).value;
  }

  /** A flag whose value is a number. */
  number(key: string, fallback: number, of?: FlagSubject): number {
    return this.details(key, fallback, of).value;
  }

  /**
   * A flag whose value is JSON: an object, or a list where the fallback is one; either where it is null. What the
   * value has inside is not checked against `T`. It is frozen.
   */
  json<T extends object | null>(key: string, fallback: T, of?: FlagSubject): T {
    return this.details(key, fallback, of).value;
  }

  /** A flag's value with why it is that. */
  details(key: string, fallback: boolean, of?: FlagSubject): FlagDetails<boolean>;
  details(key: string, fallback: string, of?: FlagSubject): FlagDetails<string>;
  details(key: string, fallback: number, of?: FlagSubject): FlagDetails<number>;
  details<T extends object | null>(key: string, fallback: T, of?: FlagSubject): FlagDetails<T>;
  details(key: string, fallback: unknown, of?: FlagSubject): FlagDetails<unknown> {
    return detailsOf(this.#decide(key, of), fallback);
  }

  /** All flags of the Snapshot, by name; none where there is no Snapshot. */
  list(): FlagInfo[] {
    try {
      const { slot } = this.#mesh.ground();
      // Makes the engine, and so loads a Snapshot that was bundled.
      guarded(slot, () => slot.brain());
      return Array.from(catalogueOf(slot.known), ([key, { variants }]) => ({
        key,
        type: typeof variants[0]?.[1] as FlagType,
        variants: Object.freeze(Object.fromEntries(variants.map(([name, value]) => [name, frozen(value)]))),
      }));
    } catch {
      return [];
    }
  }

  #decide(key: string, of: FlagSubject | undefined): Decision {
    try {
      return decide(this.#mesh.ground(), key, of);
    } catch (error) {
      return failed("GENERAL", error instanceof Error ? error.message : "what was thrown is no error");
    }
  }
}

/** The flags of a mesh. They change with its Snapshot; each question sees one Snapshot only. */
export function flags(mesh: DiddyMesh): Flags {
  return new Flags(mesh);
}

function detailsOf({ chosen, failure, reason, rule, version }: Decision, fallback: unknown): FlagDetails<unknown> {
  const flagMetadata = { version, ...(rule !== undefined && { rule }) };
  if (failure !== undefined) {
    return { value: fallback, reason, errorCode: failure.code, errorMessage: failure.message, flagMetadata };
  }
  if (chosen === undefined) {
    return { value: fallback, reason, flagMetadata };
  }
  const { value, variant } = chosen;
  if (!isLike(value, fallback)) {
    return { value: fallback, reason: "ERROR", errorCode: "TYPE_MISMATCH", errorMessage: `the variant ${variant} is of type ${kindOf(value)}, the fallback of type ${kindOf(fallback)}`, flagMetadata };
  }
  return { value, variant, reason, flagMetadata };
}

/** Whether code that takes the fallback can take the value. */
function isLike(value: unknown, fallback: unknown): boolean {
  return fallback === null ? typeof value === "object" : kindOf(value) === kindOf(fallback);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
}

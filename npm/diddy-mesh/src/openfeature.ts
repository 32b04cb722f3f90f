/**
 * `diddy-mesh/openfeature`: the flags of a mesh for OpenFeature's server SDK:
 * `OpenFeature.setProvider(new MeshProvider(mesh))`. It imports nothing of OpenFeature but types.
 */
import type { AnyProviderEvent, EvaluationContext, JsonValue, ProviderEventEmitter, ResolutionDetails } from "@openfeature/core";
import { flags, type FlagContext, type FlagDetails, type Flags } from "./flags.js";
import type { DiddyMesh } from "./index.js";
import { Emitter } from "./openfeature/emitter.js";

/** Carries a request through the SDK, which copies contexts; hooks that write a context down do not see it. */
const REQUEST = Symbol("diddy-mesh request");
const CHANGED = "PROVIDER_CONFIGURATION_CHANGED" as AnyProviderEvent;
/** Attributes that are something else than a header, and those of a context that have the same name. */
const ATTRIBUTES = ["tenant", "country", "continent", "regionCode", "colo", "clientAddress", "url", "method"] as const;

/**
 * An evaluation context of a request: all that rules can ask of it. `more` goes before what the request says:
 * `contextOf(request, { targetingKey: user.id })`. The context is for this provider only; it holds for as long as the request.
 */
export function contextOf(request: Request, more: EvaluationContext = {}): EvaluationContext {
  return { ...more, [REQUEST]: request } as EvaluationContext;
}

/**
 * Flags of a mesh as a provider of `@openfeature/server-sdk`.
 *
 * `targetingKey` is the principal; `tenant`, `country`, `continent`, `regionCode`, `colo`, `clientAddress`, `url` and
 * `method` are themselves; any other attribute that is a text, a number or a boolean is the request header of its name in
 * small letters. What is of another type is not there. Nothing is thrown: what cannot be decided has an `errorCode`.
 */
export class MeshProvider {
  readonly metadata = { name: "diddy-mesh" } as const;
  readonly runsOn = "server";
  /**
   * Tells of `PROVIDER_CONFIGURATION_CHANGED` at the first question after another Snapshot came, whatever it changed.
   */
  readonly events: ProviderEventEmitter<AnyProviderEvent> = new Emitter();
  readonly #mesh: DiddyMesh;
  readonly #flags: Flags;
  /** The Snapshot that the last answer came from. */
  #last: Uint8Array | undefined;

  constructor(mesh: DiddyMesh) {
    this.#mesh = mesh;
    this.#flags = flags(mesh);
  }

  /** Waits for `mesh.ready()`. Not on Workers, where the SDK is set up before any request and nothing may be read: there each question waits. */
  async initialize(): Promise<void> {
    if ((globalThis.navigator as { userAgent?: string } | undefined)?.userAgent !== "Cloudflare-Workers") {
      await this.#mesh.ready();
    }
  }

  resolveBooleanEvaluation(flagKey: string, defaultValue: boolean, context?: EvaluationContext): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(defaultValue, () => this.#flags.details(flagKey, defaultValue, subjectOf(context)));
  }

  resolveStringEvaluation(flagKey: string, defaultValue: string, context?: EvaluationContext): Promise<ResolutionDetails<string>> {
    return this.#resolve(defaultValue, () => this.#flags.details(flagKey, defaultValue, subjectOf(context)));
  }

  resolveNumberEvaluation(flagKey: string, defaultValue: number, context?: EvaluationContext): Promise<ResolutionDetails<number>> {
    return this.#resolve(defaultValue, () => this.#flags.details(flagKey, defaultValue, subjectOf(context)));
  }

  /** For flags whose values are objects or lists; they are frozen. The default value says which, or is null. */
  resolveObjectEvaluation<T extends JsonValue>(flagKey: string, defaultValue: T, context?: EvaluationContext): Promise<ResolutionDetails<T>> {
    return this.#resolve(defaultValue, () => this.#flags.details(flagKey, defaultValue as T & object, subjectOf(context)));
  }

  async #resolve<T>(fallback: T, ask: () => FlagDetails<T>): Promise<ResolutionDetails<T>> {
    try {
      // At once where there is a Snapshot; without it nobody would look for a newer one.
      await this.#mesh.ready();
    } catch (error) {
      return resolution({ value: fallback, reason: "ERROR", errorCode: "PROVIDER_NOT_READY", errorMessage: String(error), flagMetadata: { version: 0 } });
    }
    const details = ask();
    const { bytes } = this.#mesh.ground().slot;
    const changed = this.#last !== undefined && this.#last !== bytes;
    this.#last = bytes;
    if (changed) {
      this.events.emit(CHANGED);
    }
    return resolution(details);
  }
}

/** The same in OpenFeature's types, where a code is a member of an enum that has its text. */
function resolution<T>({ flagMetadata, ...details }: FlagDetails<T>): ResolutionDetails<T> {
  return { ...details, flagMetadata: { ...flagMetadata } } as ResolutionDetails<T>;
}

/** Whom a flag is asked for, of an evaluation context. */
function subjectOf(context: EvaluationContext | undefined): FlagContext {
  const request = (context as { [REQUEST]?: unknown } | undefined)?.[REQUEST];
  const texts = new Map(Object.entries(context ?? {}).flatMap(([name, value]) => (["string", "number", "boolean"].includes(typeof value) ? [[name, String(value)] as const] : [])));
  const principal = texts.get("targetingKey");
  const own = Object.fromEntries(ATTRIBUTES.map((name) => [name, texts.get(name)]));
  ["targetingKey", ...ATTRIBUTES].forEach((name) => texts.delete(name));
  return { ...(request instanceof Request && { request }), principal, ...own, headers: Object.fromEntries(texts) };
}

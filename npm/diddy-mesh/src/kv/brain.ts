/** The brain of a registry, made of what is in KV for one publication. */
import { RegistryBrain } from "../../wasm/control.js";
import type { Document, EndpointName, Registered, Registration } from "../../wasm/control.js";
import { KvFailure } from "./failure.js";
import { bytesOf, METADATA_BYTES_MAX, TTL_S_MIN } from "./keys.js";
import type { Contents } from "./layout.js";

/** What is configured. */
export interface Documents {
  readonly current?: Document | undefined;
  readonly candidate?: Document | undefined;
}

/** A brain with these documents, and nobody who is registered. It asks nobody for their health. */
export function configured({ current, candidate }: Documents, now: number): RegistryBrain {
  const brain = new RegistryBrain(0, []);
  const errors = [...(current === undefined ? [] : brain.configure(current, now)), ...(candidate === undefined ? [] : brain.stage(candidate))];
  if (errors.length > 0) {
    throw new KvFailure(`a published version does not compile any more: ${errors.map(({ message }) => message).join("; ")}`);
  }
  return brain;
}

/** A brain with these documents, and all that is registered; what cannot be read of that is left out. */
export function brainOf({ registrations }: Contents, documents: Documents): RegistryBrain {
  const now = Date.now();
  const brain = configured(documents, now);
  registrations.forEach(({ registration, expiresAt }) => brain.restore(registration, expiresAt, now));
  return brain;
}

/** The registrations that these identities name: the endpoint's, or the one in the key, which a Worker that registers itself makes in its own way. */
export function keptBy({ registrations }: Contents, ids: readonly string[]): { readonly key: string; readonly name: EndpointName }[] {
  const trial = new RegistryBrain(0, []);
  return registrations.flatMap(({ key, registration }) => {
    const own = key.slice(key.lastIndexOf("/") + 1);
    const identity = trial.register(registration, 0).id;
    const id = ids.find((one) => one === identity || one === own);
    const { service = "?", address = "?", version = "" } = (registration ?? {}) as Partial<Registration>;
    return id === undefined ? [] : [{ key, name: { id, service, address, version } }];
  });
}

/** Registers endpoints as KV keeps them: a registration that has no room there is refused. */
export function register(brain: RegistryBrain, registrations: readonly unknown[], now: number): Registered[] {
  // Tried elsewhere first: a refused registration must leave what was registered.
  const trial = new RegistryBrain(0, []);
  return registrations.map((one) => {
    const tried = trial.register(one, now);
    const bytes = tried.registration === undefined ? 0 : bytesOf(tried.registration);
    if (bytes > METADATA_BYTES_MAX) {
      const expected = `at most ${METADATA_BYTES_MAX} bytes, which is what KV keeps with a key`;
      const found = `a registration of ${bytes} bytes as JSON`;
      return { ok: false, diagnostics: [{ severity: "error", code: "too-large", path: "", found, expected, message: `${found}; expected ${expected}` }] };
    }
    const done = tried.ok ? brain.register(one, now) : tried;
    const ttl = done.registration === undefined ? undefined : ttlOf(done.registration);
    return ttl === undefined ? done : { ...done, expiresAt: now + ttl * 1000 };
  });
}

/** How long KV keeps a registration, in seconds; undefined = until it is taken back. */
export function ttlOf({ ttl }: Registration): number | undefined {
  // In its normal form a span is in ms.
  return ttl === undefined ? undefined : Math.max(TTL_S_MIN, Math.ceil(Number(ttl) / 1000));
}

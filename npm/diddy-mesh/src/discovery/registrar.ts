/** Registers what this Worker is, now and then, where no request waits for it. */
import type { Registered, Registration } from "../protocol.js";
import type { SourceScene } from "../types.js";
import { Breaker } from "./breaker.js";
import { shortHash } from "./encoding.js";
import type { Location } from "./location.js";
import type { Settings } from "./options.js";

/** How long registering may take: the object may have to be loaded first. */
export const REGISTER_MS = 10_000;
/** How long one that is under way keeps others from beginning; it may have died with its request. */
const CLAIM_MS = 30_000;
const MARK_MS = 500;

/** What this Worker registers. */
export function registrationsOf({ register, ttl }: Settings, { serviceName, serviceVersion }: SourceScene, hasObject: boolean): Registration[] {
  const given = register ?? (hasObject ? {} : false);
  const list = given === false ? [] : Array.isArray(given) ? (given as readonly Partial<Registration>[]) : [given as Partial<Registration>];
  return list.map((one) => {
    const service = one.service ?? serviceName;
    const ownVersion = service === serviceName && serviceVersion !== undefined ? { version: serviceVersion } : {};
    return { service, address: `binding:${bindingName(service)}`, ...ownVersion, ttl, ...one };
  });
}

/** The binding that a service is reached through where nothing else is said: its name in upper snake case. */
function bindingName(service: string): string {
  return service.replace(/^\d/, "_$&").replaceAll("-", "_").toUpperCase();
}

/** What an isolate has registered. */
export class Registrar {
  /** When each, as its text, was registered, in ms; Infinity = it was refused, and would be again. */
  readonly #doneAt = new Map<string, number>();
  readonly #breaker = new Breaker();
  readonly #marking = new Breaker();
  #claimedUntil = 0;

  /** Registers what is due: once per `everyMs`, by the isolates of a location together. */
  renew(scene: SourceScene, registrations: readonly Registration[], everyMs: number, location: Location | undefined, register: (due: Registration[]) => Promise<Registered[]>): void {
    const now = performance.now();
    const due = registrations.filter((one) => now - (this.#doneAt.get(JSON.stringify(one)) ?? -Infinity) >= everyMs);
    if (due.length > 0 && now >= this.#claimedUntil && !this.#breaker.isOpen(now)) {
      this.#claimedUntil = now + CLAIM_MS;
      scene.waitUntil(this.#renew(scene, due, everyMs, location, register));
    }
  }

  async #renew(scene: SourceScene, due: Registration[], everyMs: number, location: Location | undefined, register: (due: Registration[]) => Promise<Registered[]>): Promise<void> {
    try {
      const mark = `registered/${await shortHash(JSON.stringify(due))}`;
      const isMarked = location !== undefined && (await this.#marking.run(MARK_MS, () => location.isMarked(mark)).catch(() => false));
      const answers = isMarked ? [] : await this.#breaker.run(REGISTER_MS, () => register(due));
      const at = performance.now();
      due.forEach((one, i) => {
        const { diagnostics = [], ok = true } = answers[i] ?? {};
        this.#doneAt.set(JSON.stringify(one), ok ? at : Infinity);
        if (!ok) {
          scene.emit({ type: "registration_refused", at, service: one.service, endpoint: one.address, detail: diagnostics.map(({ message }) => message).join("\n") });
        }
      });
      if (!isMarked && location !== undefined) {
        await this.#marking.run(MARK_MS, () => location.mark(mark, everyMs)).catch(() => undefined);
      }
    } catch (error) {
      scene.emit({ type: "registration_failed", at: performance.now(), detail: String(error) });
    } finally {
      this.#claimedUntil = 0;
    }
  }
}

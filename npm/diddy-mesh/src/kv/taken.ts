/** Taking registrations into a brain, each for itself: one that is no good leaves the others. */
import { RegistryBrain } from "../../wasm/control.js";
import type { Diagnostic, Made } from "../../wasm/control.js";
import type { KeptRegistration } from "./layout.js";

/** Compilations that looking for what does not go with the configuration may take; each is some milliseconds to some hundred. */
const TRIES_MAX = 64;

/** A registration that is not published, and why. */
export interface LeftOut {
  /** Its key in KV. */
  readonly key: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Those that can be read; of several for one endpoint the last one counts. */
function readable(kept: readonly KeptRegistration[], now: number): { good: KeptRegistration[]; leftOut: LeftOut[] } {
  const trial = new RegistryBrain(0, []);
  try {
    const good = new Map<string, KeptRegistration>();
    const leftOut: LeftOut[] = [];
    for (const one of kept) {
      const { diagnostics, id } = trial.register(one.registration, now);
      if (id === undefined) {
        leftOut.push({ key: one.key, diagnostics });
      } else {
        good.set(id, one);
      }
    }
    return { good: [...good.values()], leftOut };
  } finally {
    trial.free();
  }
}

/**
 * Takes in what goes with the brain's configuration, and answers with what is left out. `compile` says what is made of the
 * brain as it is. Where all together do not compile (a service has more endpoints than it may, say), halves are tried, and
 * their halves, so that what is left out is what is too much; as long as there are tries, and then the rest goes.
 */
export function takeIn(brain: RegistryBrain, kept: readonly KeptRegistration[], now: number, compile: () => Made): LeftOut[] {
  const { good, leftOut } = readable(kept, now);
  let tries = TRIES_MAX;
  const take = (some: readonly KeptRegistration[]): void => {
    const ids = some.map(({ registration }) => brain.register(registration, now).id as string);
    const { diagnostics, publication } = compile();
    if (publication !== undefined) {
      return;
    }
    brain.deregister(ids);
    tries -= 1;
    if (some.length === 1 || tries <= 0) {
      const errors = diagnostics.filter(({ severity }) => severity === "error");
      leftOut.push(...some.map(({ key }) => ({ key, diagnostics: errors })));
      return;
    }
    const half = Math.ceil(some.length / 2);
    take(some.slice(0, half));
    take(some.slice(half));
  };
  if (good.length > 0) {
    take(good);
  }
  return leftOut;
}

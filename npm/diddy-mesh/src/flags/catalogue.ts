/** The flags of a Snapshot by their names. */
import type { FlagRow, Tables } from "../tables.js";

/** A flag as the host knows it: the rules are the engine's. */
export interface KnownFlag {
  /** The engine's number. */
  readonly number: number;
  /** By number. */
  readonly variants: FlagRow[1];
}

/** Made at the first question after a Snapshot came, and gone with it. */
const catalogues = new WeakMap<Tables, ReadonlyMap<string, KnownFlag>>();

/** The flags of the tables, in the order of their numbers. */
export function catalogueOf(known: Tables): ReadonlyMap<string, KnownFlag> {
  let catalogue = catalogues.get(known);
  if (catalogue === undefined) {
    catalogue = new Map(known.flags?.map(([name, variants], number) => [name, { number, variants }]));
    catalogues.set(known, catalogue);
  }
  return catalogue;
}

/** The value, so that nobody can change it for others: whoever asks gets the same one. However deep it is, the stack stays. */
export function frozen(value: unknown): unknown {
  const waiting = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    // The outermost is frozen first: where it is, all of it was.
    if (typeof one === "object" && one !== null && !Object.isFrozen(one)) {
      for (const part of Object.values(Object.freeze(one))) {
        waiting.push(part);
      }
    }
  }
  return value;
}

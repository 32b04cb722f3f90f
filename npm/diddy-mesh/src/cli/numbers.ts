/** Numbers of options. */
import { Failure } from "./io.js";

/** The number that an option gives; undefined where it is not given. */
export function numberOf(option: string, value: string | undefined, holds: (value: number) => boolean, expected: string): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : NaN;
  if (!holds(number)) {
    throw new Failure(`--${option} takes ${expected}, not ${JSON.stringify(value)}`);
  }
  return number;
}

/** The version that an option gives. */
export function versionOf(option: string, value: string | undefined, least = 1): number | undefined {
  return numberOf(option, value, (version) => Number.isSafeInteger(version) && version >= least, "the number of a version");
}

/** Whether what others wrote has the shape that it should have: nothing of a registry is believed before. */

export type Shape = (value: unknown) => boolean;

export const text: Shape = (value) => typeof value === "string";
export const flag: Shape = (value) => typeof value === "boolean";
export const number: Shape = (value) => typeof value === "number" && Number.isFinite(value);
/** A whole number that can be counted on from. */
export const whole: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < Number.MAX_SAFE_INTEGER;
export const anObject: Shape = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** One of these values. */
export const oneOf = (...values: readonly unknown[]): Shape => (value) => values.includes(value);
export const optional = (of: Shape): Shape => (value) => value === undefined || of(value);
export const nullable = (of: Shape): Shape => (value) => value === null || of(value);
export const list = (of: Shape): Shape => (value) => Array.isArray(value) && value.every(of);

/** An object with at least these members. */
export const object = (members: Readonly<Record<string, Shape>>): Shape => (value) =>
  anObject(value) && Object.entries(members).every(([name, of]) => of((value as Record<string, unknown>)[name]));

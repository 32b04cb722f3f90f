/**
 * Money as whole units and nanos (10⁻⁹ of a unit) of one currency, both of one sign, so that no float rounds a price.
 * Sums are made in BigInt nanos and never mix currencies.
 */

/** An amount of one currency. */
export interface Money {
  /** ISO 4217. */
  readonly currencyCode: string;
  readonly units: number;
  /** −999 999 999 to 999 999 999. */
  readonly nanos: number;
}

const NANOS = 1_000_000_000n;

/** Nothing, in a currency. */
export function zero(currencyCode: string): Money {
  return { currencyCode, units: 0, nanos: 0 };
}

/** The amount in nanos. */
export function toNanos({ units, nanos }: Money): bigint {
  return BigInt(units) * NANOS + BigInt(nanos);
}

/** An amount of nanos. */
export function fromNanos(currencyCode: string, total: bigint): Money {
  return { currencyCode, units: Number(total / NANOS), nanos: Number(total % NANOS) };
}

/** The sum of two amounts of one currency. */
export function add(a: Money, b: Money): Money {
  if (a.currencyCode !== b.currencyCode) {
    throw new RangeError(`cannot add ${b.currencyCode} to ${a.currencyCode}`);
  }
  return fromNanos(a.currencyCode, toNanos(a) + toNanos(b));
}

/** A whole number of times an amount. */
export function times(money: Money, count: number): Money {
  return fromNanos(money.currencyCode, toNanos(money) * BigInt(count));
}

/** `numerator/denominator` of an amount, half away from zero, in another currency. */
export function scale(money: Money, currencyCode: string, numerator: bigint, denominator: bigint): Money {
  const product = toNanos(money) * numerator;
  const half = product < 0n ? -denominator / 2n : denominator / 2n;
  return fromNanos(currencyCode, (product + half) / denominator);
}

/** As people write it: €19.99. */
export function format(money: Money): string {
  return new Intl.NumberFormat("en", { style: "currency", currency: money.currencyCode }).format(Number(toNanos(money)) / 1e9);
}

/** Reads `units`, `nanos` and the code from a query; undefined when they are no amount. */
export function fromQuery(query: URLSearchParams): Money | undefined {
  const units = Number(query.get("units"));
  const nanos = Number(query.get("nanos"));
  const currencyCode = query.get("from") ?? "";
  const valid = Number.isSafeInteger(units) && Number.isInteger(nanos) && Math.abs(nanos) < 1e9 && units * nanos >= 0;
  return valid ? { currencyCode, units, nanos } : undefined;
}

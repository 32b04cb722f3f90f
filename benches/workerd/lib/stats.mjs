// Statistics of the benches. Every figure is a median over rounds; every comparison is the median of per-round
// ratios or differences, so that a slow minute of the machine weighs on both sides alike.

/** The q-quantile (0..1) of the numbers, linear between neighbours; NaN for none. */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return NaN;
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** The median of the numbers. */
export const median = (values) => quantile(values, 0.5);

/** The median of a[i] / b[i]; the two hold the same rounds in the same order. */
export const medianRatio = (a, b) => median(a.map((value, round) => value / b[round]));

/** The median of a[i] - b[i]; the two hold the same rounds in the same order. */
export const medianDifference = (a, b) => median(a.map((value, round) => value - b[round]));

/** A copy in random order (Fisher-Yates). */
export function shuffled(items) {
  const copy = items.slice();
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
}

/** Rounds to a number of significant digits, so that JSON does not pretend to more than was measured. */
export const significant = (value, digits = 4) => (Number.isFinite(value) ? Number(value.toPrecision(digits)) : null);

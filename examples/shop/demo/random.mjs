/** Random numbers that come again with the same seed (mulberry32). */

/**
 * @param {number} seed any whole number
 * @returns {() => number} 0 up to 1
 */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * @template T
 * @param {readonly T[]} items at least one
 * @param {() => number} roll
 * @returns {T}
 */
export function oneOf(items, roll) {
  return /** @type {T} */ (items[Math.floor(roll() * items.length)]);
}

/**
 * @template {string} K
 * @param {Readonly<Record<K, number>>} weights
 * @param {() => number} roll
 * @returns {K}
 */
export function weighted(weights, roll) {
  const entries = /** @type {[K, number][]} */ (Object.entries(weights));
  let left = roll() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  const found = entries.find(([, weight]) => (left -= weight) < 0);
  return (found ?? /** @type {[K, number]} */ (entries[0]))[0];
}

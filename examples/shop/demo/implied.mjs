/**
 * What the faults imply without a mesh: a page is there only if every call it needs hit a version that answered.
 * With one attempt at a version picked evenly, a call to a service fails with (sum of its versions' failure rates) / (versions).
 */

/** @typedef {{ currency: number, catalog: number }} Calls needed calls per page to the two services that fail */

/** @param {number} lines different products in the cart */
const cart = (lines) => ({ currency: 2 + lines, catalog: 1 + lines });

/** Needed calls by kind of page, as the fan-out in the README lists them. @type {Record<string, (lines: number) => Calls>} */
export const NEEDS = {
  home: () => ({ currency: 1 + 9, catalog: 1 }),
  product: () => ({ currency: 1 + 1, catalog: 1 + 1 + 4 }),
  cart,
  "add to cart": (lines) => ({ currency: cart(lines).currency, catalog: 1 + cart(lines).catalog }),
  order: (lines) => ({ currency: 1 + lines + 1, catalog: lines }),
};

/** The share of calls that fail, per service. @typedef {{ currency: number, catalog: number }} Rates */

/**
 * @param {readonly { service: string, config: { vars: Record<string, string> } }[]} workers
 * @param {boolean} died whether the version that dies is dead
 * @returns {Rates}
 */
export function rates(workers, died) {
  const rate = (/** @type {string} */ service) => {
    const versions = workers.filter((worker) => worker.service === service);
    const failing = versions.map(({ config }) => {
      const [kind, value] = (config.vars["FAULT"] ?? "").split(":");
      return kind === "fail" ? Number(value) : Number(kind === "die" && died);
    });
    return failing.reduce((a, b) => a + b, 0) / versions.length;
  };
  return { currency: rate("currency"), catalog: rate("productcatalog") };
}

/**
 * How likely a page is to succeed.
 * @param {string} page
 * @param {number} lines
 * @param {Rates} rates
 */
export function chance(page, lines, { currency, catalog }) {
  const needs = NEEDS[page]?.(lines) ?? { currency: 0, catalog: 0 };
  return (1 - currency) ** needs.currency * (1 - catalog) ** needs.catalog;
}

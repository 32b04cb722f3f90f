/** Arithmetic with units and nanos. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bundle } from "../demo/bundle.mjs";

const [module] = await bundle(new URL("../shared/money.ts", import.meta.url).pathname);
/** @type {typeof import("../shared/money")} */
const money = await import(`data:text/javascript,${encodeURIComponent(String(module?.contents))}`);

const usd = (/** @type {number} */ units, /** @type {number} */ nanos) => ({ currencyCode: "USD", units, nanos });

test("nanos carry into units", () => {
  assert.deepEqual(money.add(usd(1, 990_000_000), usd(0, 10_000_001)), usd(2, 1));
});

test("both parts have one sign", () => {
  assert.deepEqual(money.add(usd(1, 0), usd(-1, -500_000_000)), usd(0, -500_000_000));
});

test("currencies do not mix", () => {
  assert.throws(() => money.add(usd(1, 0), { currencyCode: "EUR", units: 1, nanos: 0 }), RangeError);
});

test("a hundred times nineteen ninety-nine", () => {
  assert.deepEqual(money.times(usd(19, 990_000_000), 100), usd(1999, 0));
});

test("a conversion rounds half away from zero", () => {
  assert.deepEqual(money.scale(usd(0, 1), "EUR", 1n, 2n), { currencyCode: "EUR", units: 0, nanos: 1 });
  assert.deepEqual(money.scale(usd(0, -1), "EUR", 1n, 2n), { currencyCode: "EUR", units: 0, nanos: -1 });
  assert.deepEqual(money.scale(usd(0, 1), "EUR", 1n, 3n), { currencyCode: "EUR", units: 0, nanos: 0 });
});

test("a query that is no amount is refused", () => {
  const read = (/** @type {string} */ query) => money.fromQuery(new URLSearchParams(query));
  assert.deepEqual(read("units=3&nanos=5&from=USD"), usd(3, 5));
  for (const query of ["units=x&nanos=0", "units=1.5&nanos=0", "units=1&nanos=1000000000", "units=1&nanos=-1"]) {
    assert.equal(read(query), undefined, query);
  }
});

test("written as people write it", () => {
  assert.equal(money.format(usd(1234, 500_000_000)), "$1,234.50");
});

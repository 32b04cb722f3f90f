/** What one euro buys, in millionths. Illustrative, and fixed so that a page looks the same tomorrow. */
export const rates: ReadonlyMap<string, bigint> = new Map([
  ["EUR", 1_000_000n],
  ["USD", 1_084_200n],
  ["JPY", 162_340_000n],
  ["CAD", 1_473_100n],
  ["GBP", 842_500n],
  ["TRY", 35_410_000n],
]);

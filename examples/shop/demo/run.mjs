/** One run: the shop in one mode, under load, with a version that dies half-way. */
import { rates } from "./implied.mjs";
import { drive } from "./load.mjs";
import { start } from "./workers.mjs";

/** @typedef {{ calls: number, attempts: number, success: number, p50_ms: number, p99_ms: number, breaker_openings: number }} ServiceFigures */
/**
 * @typedef {object} Figures
 * @property {number} requests
 * @property {number} success a fraction
 * @property {number} implied what success should be about without a mesh
 * @property {number} p50_ms of the pages that succeeded: a page that fails early is not a fast page
 * @property {number} p99_ms
 * @property {number} attempts calls between Workers per request, every attempt counted
 * @property {number} breaker_openings
 * @property {Record<string, ServiceFigures>} services
 * @property {Record<string, number>} failures pages that failed, by page and why
 */
/** @typedef {{ served: { requests: number, failed: number }, calls: Record<string, { calls: number, failed: number, ms: number[], opened: number }> }} Readings what `/_control/stats` says */

/**
 * @param {import("./workers.mjs").Built[]} built
 * @param {{ mode: import("./workers.mjs").Mode, requests: number, seed: number, say: (line: string) => void }} options
 * @returns {Promise<Figures>}
 */
export async function run(built, { mode, requests, seed, say }) {
  const shop = await start(built, { mode });
  const mortal = built.filter(({ config }) => config.vars["FAULT"] === "die");
  let died = false;
  try {
    const loads = await drive({
      url: shop.url,
      requests,
      seed,
      rates: () => rates(built, died),
      onLoad: async (number) => {
        if (number % 100 === 0) {
          say(`mesh ${mode}: ${number} of ${requests} pages`);
        }
        if (!died && number > requests / 2) {
          died = true;
          await Promise.all(mortal.map(({ config }) => shop.control(config.name, "die")));
          say(`mesh ${mode}: ${mortal.map(({ config }) => config.name).join(", ")} died`);
        }
      },
    });
    const readings = await Promise.all(built.map(async ({ service, config }) => ({ service, read: /** @type {Readings} */ (await shop.control(config.name, "stats")) })));
    return figures(loads, readings);
  } finally {
    await shop.stop();
  }
}

/**
 * @param {import("./shopper.mjs").Load[]} loads
 * @param {{ service: string, read: Readings }[]} readings
 * @returns {Figures}
 */
function figures(loads, readings) {
  const names = [...new Set(readings.flatMap(({ read }) => Object.keys(read.calls)))].sort();
  const services = Object.fromEntries(names.map((name) => [name, serviceFigures(name, readings)]));
  const attempts = sum(Object.values(services), (service) => service.attempts);
  /** @type {Record<string, number>} */
  const failures = {};
  for (const { page, why, ok } of loads) {
    if (!ok) {
      failures[`${page}: ${why}`] = (failures[`${page}: ${why}`] ?? 0) + 1;
    }
  }
  return {
    requests: loads.length,
    success: share(loads.filter(({ ok }) => ok).length, loads.length),
    implied: share(sum(loads, ({ implied }) => implied), loads.length),
    ...percentiles(loads.filter(({ ok }) => ok).map(({ ms }) => ms)),
    attempts: round(attempts / Math.max(1, loads.length)),
    breaker_openings: sum(Object.values(services), (service) => service.breaker_openings),
    services,
    failures,
  };
}

/**
 * @param {string} name
 * @param {{ service: string, read: Readings }[]} readings
 * @returns {ServiceFigures}
 */
function serviceFigures(name, readings) {
  const meters = readings.flatMap(({ read }) => read.calls[name] ?? []);
  const calls = sum(meters, (meter) => meter.calls);
  return {
    calls,
    // Counted where they arrive, so that both modes are measured alike.
    attempts: sum(readings.filter(({ service }) => `${service}-service` === name), ({ read }) => read.served.requests),
    success: share(calls - sum(meters, ({ failed }) => failed), calls),
    // A call whose page had failed already leaves a hole.
    ...percentiles(meters.flatMap(({ ms }) => ms.filter((value) => typeof value === "number"))),
    breaker_openings: sum(meters, ({ opened }) => opened),
  };
}

/** @param {number[]} ms */
function percentiles(ms) {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (/** @type {number} */ q) => round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => number} of
 */
function sum(items, of) {
  return items.reduce((total, item) => total + of(item), 0);
}

/** @param {number} part @param {number} whole */
function share(part, whole) {
  return whole === 0 ? 0 : Math.round((part / whole) * 1e5) / 1e5;
}

/** @param {number} number */
function round(number) {
  return Math.round(number * 100) / 100;
}

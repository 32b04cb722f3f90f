// What a mesh costs: from operations that were counted, the tables of docs/costs.md.

/** Dollars for a million, and what a month of the paid plan has in it. */
export const PRICES = {
  kvReads: { dollars: 0.5, included: 10e6 },
  kvWrites: { dollars: 5, included: 1e6 },
  requests: { dollars: 0.15, included: 1e6 },
  rows: { dollars: 1, included: 50e6 },
};

const MONTH_S = 30 * 24 * 3_600;
/** Isolates of one location, where the tables reckon with a cache. */
export const ISOLATES_OF_A_LOCATION = 10;

/**
 * Operations a second. `isolates` are alive, and each gets `perSecond` requests, at least one in half a minute; `changes`
 * are those of endpoints in an hour. `counted` is what the test found.
 */
export function operations({ isolates, cache, changes, limit, shared }, counted) {
  const readers = cache ? isolates / ISOLATES_OF_A_LOCATION : isolates;
  return {
    kvReads: (readers * counted.readsPerMinute) / 60,
    kvWrites: (changes * counted.change.kvWrites) / 3_600,
    requests:
      (readers * counted.registrationsPerHour) / 3_600 +
      (changes * (counted.change.requests + isolates * counted.requestsPerHint)) / 3_600 +
      (limit ? (isolates * counted.leasesPerMinute) / 60 : 0) +
      (shared ? (isolates * counted.sharedMinute.requests) / 60 : 0),
    rows: (changes * counted.change.rows) / 3_600,
  };
}

const dollarsOf = (amounts) => Object.entries(PRICES).reduce((sum, [name, { dollars }]) => sum + (amounts[name] * dollars) / 1e6, 0);
const times = (amounts, factor) => Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amount * factor]));

/** What a shape costs: operations and dollars for a million requests, and dollars of a month before and after what is included. */
export function costs(shape, counted) {
  const each = operations(shape, counted);
  const million = times(each, 1e6 / (shape.isolates * shape.perSecond));
  const month = times(each, MONTH_S);
  const above = Object.fromEntries(Object.entries(month).map(([name, amount]) => [name, Math.max(0, amount - PRICES[name].included)]));
  return { million, dollars: dollarsOf(million), month: dollarsOf(month), monthAbove: dollarsOf(above) };
}

/** Two digits that count, and no more than are needed. */
const short = (number) => {
  const rounded = Number(number.toPrecision(2));
  return rounded === 0 ? "0" : rounded >= 1_000 ? rounded.toLocaleString("en-US") : String(rounded);
};
const dollars = (number) => (number === 0 ? "0" : number >= 10 ? Math.round(number).toLocaleString("en-US") : number >= 1 ? number.toFixed(2) : Number(number.toPrecision(2)).toFixed(Math.max(2, 1 - Math.floor(Math.log10(number)))));
const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [row(head), `|${"---|".repeat(head.length)}`, ...rows.map(row)].join("\n");

const DEFAULT = { cache: true, changes: 1, limit: false, shared: false };
const COSTS = ["KV reads", "KV writes", "object requests", "rows written", "$ a million", "$ a month", "above what is included"];
const cellsOf = (shape, counted) => {
  const { million, dollars: perMillion, month, monthAbove } = costs(shape, counted);
  return [...["kvReads", "kvWrites", "requests", "rows"].map((name) => short(million[name])), ...[perMillion, month, monthAbove].map(dollars)];
};

/** The default settings, by isolates and requests. */
function byTraffic(counted) {
  const shapes = [10, 100, 1_000].flatMap((isolates) => [1, 100].map((perSecond) => ({ ...DEFAULT, isolates, perSecond })));
  const millions = ({ isolates, perSecond }) => Math.round((isolates * perSecond * MONTH_S) / 1e6).toLocaleString("en-US");
  return table(["isolates", "requests/s of each", "million a month", ...COSTS], shapes.map((shape) => [shape.isolates.toLocaleString("en-US"), shape.perSecond, millions(shape), ...cellsOf(shape, counted)]));
}

/** What one setting or circumstance makes of it. */
function byCircumstance(counted) {
  const others = [
    ["default, 1 change an hour", {}],
    ["no change", { changes: 0 }],
    ["10 changes an hour", { changes: 10 }],
    ["`cache: false`", { cache: false }],
    ["`cache: false`, 10 changes an hour", { cache: false, changes: 10 }],
    ["shared state", { shared: true }],
    ["a global limit", { limit: true }],
    ["a global limit, 10 changes an hour", { limit: true, changes: 10 }],
  ];
  const shapes = [1, 100].flatMap((perSecond) => others.map(([name, other]) => [name, { ...DEFAULT, isolates: 100, perSecond, ...other }]));
  return table(["100 isolates, each with", "what", ...COSTS], shapes.map(([name, shape]) => [`${shape.perSecond}/s`, name, ...cellsOf(shape, counted)]));
}

/** What was counted. */
function byUnit({ change, checks, cron, heartbeat, inKv, leasesPerMinute, readsPerMinute, registrationRowsPerDay, registrationsPerHour, requestsPerHint, rolloutMinute, sharedMinute }) {
  return table(
    ["what", "KV reads", "KV writes", "object requests", "rows written"],
    [
      ["a minute of an isolate; of a location, with the cache", readsPerMinute, 0, 0, 0],
      ["an hour of an isolate, to register; of a location, with the cache", 0, 0, registrationsPerHour, 0],
      ["a day of a Worker that registers, however many isolates it has", 0, 0, 0, registrationRowsPerDay],
      ["an endpoint that comes or goes", 0, change.kvWrites, change.requests, change.rows],
      ["an isolate that hears of a change by a hint", 0, 0, requestsPerHint, 0],
      ["a minute of an isolate with a global limit of one key", 0, 0, leasesPerMinute, 0],
      ["a minute of an isolate with shared state", 0, 0, sharedMinute.requests, sharedMinute.rows],
      ["a minute of an isolate while a rollout runs", 0, 0, rolloutMinute.requests, rolloutMinute.rows],
      ["a heartbeat for ten endpoints, each third of their lease", 0, 0, heartbeat.requests, heartbeat.rows],
      ["an hour of an isolate, to register where there is KV alone", inKv.reads, `${inKv.writes} of all`, 0, 0],
      ["a run of the cron where there is KV alone", cron.same.reads, `${cron.same.lists} list`, 0, 0],
      ["the same where something changed", cron.changed.reads, `${cron.changed.lists} list, ${cron.changed.writes}`, 0, 0],
      ["a health check", 0, 0, checks.requests, checks.rows],
    ].map((cells) => cells.map(String)),
  );
}

/** A cron where there is KV alone, by how often it runs: one change an hour. */
function byPeriod({ cron: { changed, same } }) {
  const rows = [1, 2, 5, 15].map((minutes) => {
    const [runs, changes] = [(24 * 60) / minutes, 24];
    const day = { kvReads: runs * same.reads + changes * (changed.reads - same.reads), kvWrites: runs * same.lists + changes * changed.writes, requests: 0, rows: 0 };
    const month = times(day, 30);
    const above = Object.fromEntries(Object.entries(month).map(([name, amount]) => [name, Math.max(0, amount - PRICES[name].included)]));
    return [minutes === 1 ? "1 minute" : `${minutes} minutes`, ...[day.kvReads, runs * same.lists, changes * changed.writes].map((number) => number.toLocaleString("en-US")), dollars(dollarsOf(month)), dollars(dollarsOf(above))];
  });
  return table(["a run each", "KV reads a day", "lists a day", "writes a day", "$ a month", "above what is included"], rows);
}

/** The tables of the page, in its order. */
export const tables = (counted) => [byUnit(counted), byTraffic(counted), byCircumstance(counted), byPeriod(counted)];

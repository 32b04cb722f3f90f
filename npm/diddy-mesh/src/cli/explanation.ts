/** An explanation as text for people. */
import type { ChosenRule, ExplainedBackend, ExplainedFault, ExplainedLimit, ExplainedOutliers, Explanation, HashOn, HedgeWhen, TimeSpan } from "../../wasm/control.js";
import type { painter } from "./io.js";

type Paint = ReturnType<typeof painter>;

/** Lays an explanation out, what counts most first. */
export function render({ request, refused, answer, rule, others, backends }: Explanation, paint: Paint): string {
  const { host, method, path, pathAsGiven, query } = request;
  const lines = [paint("bold", `${method} ${host}${path}${query === "" ? "" : `?${query}`}`)];
  if (pathAsGiven !== undefined) {
    lines.push(paint("dim", `  given as ${pathAsGiven}`));
  }
  if (refused !== undefined) {
    lines.push("", `${paint("red", "refused")}  ${refused}`);
  }
  if (answer !== undefined) {
    lines.push("", `${paint("green", "answer")}  ${answer.status}${answer.location === undefined ? "" : ` ${answer.location}`}`, ...indent(answer.edits), ...indent(answer.body === undefined ? [] : [`body: ${excerpt(answer.body)}`]));
  }
  if (rule !== undefined) {
    lines.push("", `${paint("green", "rule")}  ${rule.name}  ${paint("dim", rule.path)}`, ...indent(rule.why));
    lines.push(...indent(Object.entries(rule.params).map(([name, value]) => `{${name}} = ${value}`)), ...indent(rule.edits));
    lines.push(...indent(rule.rewrite === undefined ? [] : [`rewrite: ${rule.rewrite}`]), ...indent(rule.redirect === undefined ? [] : [`redirect: ${rule.redirect}`]));
    lines.push(...indent(ruleLines(rule)));
  }
  for (const backend of backends) {
    lines.push("", ...backendLines(backend, paint));
  }
  if (others.length > 0) {
    lines.push("", paint("dim", "not taken"), ...table(others.map(({ name, refusal, why, wonBy }) => [name, refusal, wonBy === undefined ? why : `${why} (${wonBy} goes first)`])));
  }
  return lines.join("\n");
}

/** What a rule does besides sending requests on. */
function ruleLines({ directResponse, cors, limits, split, priority }: ChosenRule): string[] {
  const lines = directResponse === undefined ? [] : [`direct response: ${directResponse}`];
  if (cors !== undefined) {
    const origin = cors.origin === undefined ? "no origin" : `${cors.origin} ${cors.allowed ? "may call" : "may not call"}`;
    lines.push(`cors: ${origin}${cors.preflight ? "; a preflight, answered here" : ""}`, ...cors.edits.map((edit) => `  ${edit}`));
  }
  lines.push(...limits.map((limit) => `limit: ${limitText(limit)}`));
  if (split !== undefined) {
    lines.push(`split: ${split.why}`, ...(split.cookie === undefined ? [] : [`  cookie: ${split.cookie}`]));
  }
  return priority === "normal" ? lines : [...lines, `priority: ${priority}`];
}

function backendLines({ percent, chosen, pins, version, service, sent, policy, mirrors, faults, endpoints }: ExplainedBackend, paint: Paint): string[] {
  const { breaker } = service;
  const { retries } = policy;
  const facts = [
    ["sent", sent === undefined ? "" : `${sent.host ?? ""}${sent.path}`],
    ...(sent?.edits ?? []).map((edit) => ["", edit]),
    ["balancer", policy.balancerCode !== undefined ? `${policy.loadBalancer} ${policy.balancerCode}` : policy.hashOn === undefined ? policy.loadBalancer : `${policy.loadBalancer} on ${keyText(policy.hashOn)}`],
    ["timeout", `${duration(policy.requestTimeout)} in all, ${policy.attemptTimeout === 0 ? "the same" : duration(policy.attemptTimeout)} per attempt`],
    ["retries", retries.attempts === 0 ? "none" : `${retries.attempts}, on ${retries.on.map((on) => (typeof on === "object" ? JSON.stringify(on) : on)).join(" ")}; ${retries.methods.join(" ")}`],
    ["", retries.attempts === 0 ? "" : `wait ${duration(retries.backoffBase)} to ${duration(retries.backoffMax)}; budget ${retries.budget === undefined ? "none" : `${retries.budget.percent} % or ${retries.budget.minPerSecond}/s`}`],
    ["breaker", breaker.mode === "automatic" ? `opens after ${breaker.consecutiveFailures} failures or below ${breaker.successRatio * 100} % of ${breaker.minRequests} or more in ${duration(breaker.window)}` : breaker.mode],
    ["min ready", `${service.minReady} of ${endpoints.length}`],
    ["pinned by", pins.join(" and ")],
    ["version", version ?? ""],
    ["hedge", policy.hedge === undefined ? "" : hedgeText(policy.hedge)],
    ["fallback", policy.fallback ?? ""],
    ["concurrency", service.concurrency === undefined ? "" : `${service.concurrency.initial}, from ${service.concurrency.min} to ${service.concurrency.max}`],
    ["outliers", service.outlierDetection === undefined ? "" : outliersText(service.outlierDetection)],
    ["shared", service.shareState ? "retry budget, concurrency" : ""],
    ...service.limits.map((limit) => ["limit", limitText(limit)]),
    ...mirrors.map(({ percent, service }) => ["mirror", `${percent} % to ${service}`]),
    ...faults.map((fault) => ["fault", faultText(fault)]),
  ].filter(([, text]) => text !== "") as string[][];
  const rows = endpoints.map(({ address, weight, priority, version, inVersion, region, colo, health }) => {
    const shown = version ?? "-";
    return [address, String(weight), String(priority), inVersion === false ? `${shown} (not here)` : shown, colo ?? region ?? "-", health];
  });
  const share = chosen === undefined ? `${percent} %` : chosen ? "this one" : "not this one";
  return [`${paint("green", share)}  ${paint("bold", service.name)}`, ...table(facts), ...table([["endpoint", "weight", "priority", "version", "place", "health"], ...rows])];
}

function keyText(key: HashOn): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}

function outliersText({ baseEjectionTime, enforcingFailurePercentage, enforcingSuccessRate, failurePercentageThreshold, interval, maxEjectionPercent, openIsolatesPercent, successRateStdevFactor }: ExplainedOutliers): string {
  const signs = [
    ...(enforcingSuccessRate === 0 ? [] : [`${successRateStdevFactor} deviations below the mean`]),
    ...(enforcingFailurePercentage === 0 ? [] : [`${failurePercentageThreshold} % failures`]),
    ...(openIsolatesPercent === 0 ? [] : [`open in ${openIsolatesPercent} % of isolates`]),
  ];
  return `${signs.join(" or ") || "none"}, each ${duration(interval)}; out for ${duration(baseEjectionTime)} and longer, up to ${maxEjectionPercent} %`;
}

function limitText({ name, requests, per, burst, by, value }: ExplainedLimit): string {
  const counted = by === undefined ? "for all together" : `by ${keyText(by)}, here ${value === undefined ? "none" : JSON.stringify(value)}`;
  return `${name}: ${requests} in ${duration(per)}, ${burst} at once, ${counted}`;
}

function faultText({ conditions, holds, delay, delayPercent, abortStatus, abortPercent, maxActive }: ExplainedFault): string {
  const parts = [
    ...(delay === undefined ? [] : [`${delayPercent} % wait ${duration(delay)}, ${maxActive} at a time`]),
    ...(abortStatus === undefined ? [] : [`${abortPercent} % get ${abortStatus}`]),
    ...(conditions.length === 0 ? [] : [`${holds ? "met" : "not met"}: ${conditions.join(" and ")}`]),
  ];
  return parts.join("; ");
}

/** A body in one line, in quotes, without what could disturb a terminal. */
function excerpt(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function hedgeText(hedge: HedgeWhen): string {
  return "after" in hedge ? `after ${duration(hedge.after)}` : `at the ${hedge.percentile}th percentile`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join("  ")}`.trimEnd());
}

/** Milliseconds, as explanations have them, in the largest unit that needs no more than one decimal. */
function duration(span: TimeSpan): string {
  const ms = Number(span);
  return ms === 0 ? "no limit" : ms >= 60_000 && ms % 6_000 === 0 ? `${ms / 60_000} min` : ms >= 1_000 && ms % 100 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}

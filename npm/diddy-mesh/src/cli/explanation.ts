/** An explanation as text for people. */
import type { ExplainedBackend, Explanation, TimeSpan } from "../../wasm/control.js";
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
    lines.push("", `${paint("green", "answer")}  ${answer.status}${answer.location === undefined ? "" : ` ${answer.location}`}`);
  }
  if (rule !== undefined) {
    lines.push("", `${paint("green", "rule")}  ${rule.name}  ${paint("dim", rule.path)}`, ...indent(rule.why));
    lines.push(...indent(Object.entries(rule.params).map(([name, value]) => `{${name}} = ${value}`)), ...indent(rule.edits));
    lines.push(...indent(rule.rewrite === undefined ? [] : [`rewrite: ${rule.rewrite}`]), ...indent(rule.redirect === undefined ? [] : [`redirect: ${rule.redirect}`]));
  }
  for (const backend of backends) {
    lines.push("", ...backendLines(backend, paint));
  }
  if (others.length > 0) {
    lines.push("", paint("dim", "not taken"), ...table(others.map(({ name, refusal, why, wonBy }) => [name, refusal, wonBy === undefined ? why : `${why} (${wonBy} goes first)`])));
  }
  return lines.join("\n");
}

function backendLines({ percent, service, sent, policy, endpoints }: ExplainedBackend, paint: Paint): string[] {
  const { breaker } = service;
  const { retries } = policy;
  const facts = [
    ["sent", sent === undefined ? "" : `${sent.host ?? ""}${sent.path}`],
    ...(sent?.edits ?? []).map((edit) => ["", edit]),
    ["balancer", policy.hashOn === undefined ? policy.loadBalancer : `${policy.loadBalancer} on ${typeof policy.hashOn === "string" ? policy.hashOn : JSON.stringify(policy.hashOn)}`],
    ["timeout", `${duration(policy.requestTimeout)} in all, ${policy.attemptTimeout === 0 ? "the same" : duration(policy.attemptTimeout)} per attempt`],
    ["retries", retries.attempts === 0 ? "none" : `${retries.attempts}, on ${retries.on.join(" ")}; ${retries.methods.join(" ")}`],
    ["", retries.attempts === 0 ? "" : `wait ${duration(retries.backoffBase)} to ${duration(retries.backoffMax)}; budget ${retries.budget === undefined ? "none" : `${retries.budget.percent} % and ${retries.budget.minPerSecond}/s`}`],
    ["breaker", breaker.mode === "automatic" ? `opens after ${breaker.consecutiveFailures} failures or below ${breaker.successRatio * 100} % of ${breaker.minRequests} or more in ${duration(breaker.window)}` : breaker.mode],
    ["min ready", `${service.minReady} of ${endpoints.length}`],
  ].filter(([, text]) => text !== "") as string[][];
  const rows = endpoints.map(({ address, weight, version, region, colo, health }) => [address, String(weight), version ?? "-", colo ?? region ?? "-", health]);
  return [`${paint("green", `${percent} %`)}  ${paint("bold", service.name)}`, ...table(facts), ...table([["endpoint", "weight", "version", "place", "health"], ...rows])];
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

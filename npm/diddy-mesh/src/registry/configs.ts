/** Publishing configurations: compare-and-set, dry run, rollback, staged rollout. Nothing here waits: each call is one turn. */
import { doesWorse } from "../../wasm/control.js";
import { compile, diff } from "../config.js";
import { refuse, type Counts, type Document, type HistoryEntry, type IsolateReport, type Publishing, type PublishOptions, type Refusal, type Rollout, type RolloutStep } from "../protocol.js";
import type { State } from "./state.js";

const MESSAGE_CHARS_MAX = 1_000;
const AUTHOR_CHARS_MAX = 200;
/** Characters of a document as JSON: the compiler's own bound of 8 MiB. */
const DOCUMENT_CHARS_MAX = 8 * 1024 * 1024;
const HISTORY_MAX = 100;

/** Publishes a document, or only looks. */
export function publish(state: State, document: Document, options: PublishOptions = {}, rollbackOf: number | null = null): Publishing {
  const { storage, versions } = state;
  const wrong = wrongOption(options);
  if (wrong !== undefined) {
    return refuse("invalid_request", wrong);
  }
  const latest = versions.latest();
  if (options.expect !== undefined && options.expect !== latest) {
    return refuse("conflict", `version ${latest} was published since version ${options.expect}`, { current: latest });
  }
  if (storage.get("candidate") > 0 && options.dryRun !== true) {
    return refuse("rollout", `the rollout of version ${storage.get("candidate")} is running: finish or stop it first`, { current: latest });
  }
  const text = textOf(document);
  if (text === undefined) {
    return refuse("invalid", "the document is larger than 8 MiB, or no JSON value");
  }
  const effective = state.overridden(document);
  const { summary, diagnostics } = compile(effective);
  if (summary === undefined) {
    return refuse("invalid", `the configuration has ${diagnostics.filter(({ severity }) => severity === "error").length} error(s)`, { diagnostics });
  }
  const config = storage.get("config");
  const current = versions.text(config);
  const changed = current !== text;
  const percent = current === undefined ? undefined : options.percent;
  if (options.dryRun === true) {
    const difference = current === undefined ? undefined : diff(JSON.parse(current) as Document, document);
    return { ok: true, version: changed ? latest + 1 : config, changed, diagnostics, summary, difference };
  }
  if (!changed) {
    return { ok: true, version: config, changed, diagnostics, summary };
  }
  const version = state.change((brain) => {
    const { author = "", message = "" } = options;
    const at = Date.now();
    const added = versions.add({ text, at, author, message, rollbackOf, hash: summary.hash }, [config]);
    if (percent === undefined) {
      state.configure(brain, effective, at);
      storage.set({ config: added });
    } else {
      state.stage(brain, effective);
      storage.set({ candidate: added, percent, since: at, counts: "[0,0,0,0]" });
    }
    return added;
  });
  state.emit(percent === undefined ? { type: "config", version } : { type: "rollout", version, detail: `${percent} %` });
  return { ok: true, version, changed, diagnostics, summary };
}

/** Publishes an earlier version again, as a new one. */
export function rollback(state: State, options: { readonly to?: number | undefined } & PublishOptions = {}): Publishing {
  const { storage, versions } = state;
  const to = options.to ?? versions.before(storage.get("config"));
  const document = Number.isInteger(to) ? versions.document(to) : undefined;
  if (document === undefined) {
    return refuse("unknown_version", options.to === undefined ? "there is no version before the one in use" : `there is no version ${String(options.to)}`);
  }
  return publish(state, document, { ...options, message: options.message ?? `rollback to version ${to}` }, to);
}

/** What changes from one version to another. */
export function compare(state: State, from: number, to: number): ReturnType<typeof diff> | Refusal {
  const [old, next] = [state.versions.document(from), state.versions.document(to)];
  if (old === undefined || next === undefined) {
    return refuse("unknown_version", `there is no version ${old === undefined ? from : to}`);
  }
  return diff(old, next);
}

/** Versions, the latest first. */
export function history({ storage, versions }: State, limit = 20, before = Number.MAX_SAFE_INTEGER): HistoryEntry[] {
  return versions.history(Math.min(Math.max(Math.trunc(limit) || 0, 1), HISTORY_MAX), before, storage.get("config"), storage.get("candidate"));
}

/** The rollout that is running. */
export function rolloutOf({ storage }: State): Rollout | null {
  const version = storage.get("candidate");
  if (version === 0) {
    return null;
  }
  const [requests = 0, failures = 0, ofCandidate = 0, failed = 0] = JSON.parse(storage.get("counts")) as number[];
  const [stable, candidate]: Counts[] = [{ requests, failures }, { requests: ofCandidate, failures: failed }];
  return { version, stable: storage.get("config"), percent: storage.get("percent"), since: storage.get("since"), counts: { stable: stable as Counts, candidate: candidate as Counts } };
}

/** Goes on with a rollout, ends it well, or stops it. `why` is told to those who watch. */
export function step(state: State, next: RolloutStep, why = "stopped by hand"): { readonly ok: true; readonly rollout: Rollout | null } | Refusal {
  const { storage, versions } = state;
  const version = storage.get("candidate");
  if (version === 0) {
    return refuse("no_rollout", "no rollout is running");
  }
  const percent = "percent" in next ? next.percent : undefined;
  if (!("stop" in next && next.stop === true) && !(typeof percent === "number" && percent > 0 && percent <= 100)) {
    return refuse("invalid_request", "a step is { percent } above 0 and up to 100, or { stop: true }");
  }
  state.change((brain) => {
    const at = Date.now();
    if (percent !== undefined && percent < 100) {
      brain.touch();
      storage.set({ percent, since: at, counts: "[0,0,0,0]" });
      return;
    }
    state.stage(brain, undefined);
    if (percent === 100) {
      state.configure(brain, state.overridden(versions.document(version) as Document), at);
      storage.set({ config: version });
    } else {
      versions.stop(version);
    }
    storage.set({ candidate: 0, percent: 0 });
  });
  state.emit(percent === undefined ? { type: "rollout_stopped", version, detail: why } : percent < 100 ? { type: "rollout", version, detail: `${percent} %` } : { type: "config", version });
  return { ok: true, rollout: rolloutOf(state) };
}

/** Takes what an isolate tells of its requests, and stops a rollout whose candidate does worse. What is told of another publication counts for nothing. */
export function judge(state: State, { candidate, failures = NaN, requests = NaN, version }: IsolateReport): void {
  const { storage } = state;
  const whole = [requests, failures].every((number) => Number.isSafeInteger(number) && number >= 0) && failures <= requests;
  if (storage.get("candidate") === 0 || version !== storage.get("snapshot") || !whole) {
    return;
  }
  const counts = JSON.parse(storage.get("counts")) as [number, number, number, number];
  const at = candidate === true ? 2 : 0;
  counts[at] += requests;
  counts[at + 1] = (counts[at + 1] as number) + failures;
  storage.set({ counts: JSON.stringify(counts) });
  if (doesWorse(...counts)) {
    const [ofStable, failed, ofCandidate, candidateFailed] = counts;
    step(state, { stop: true }, `${candidateFailed} of ${ofCandidate} requests failed, and ${failed} of ${ofStable} of the others`);
  }
}

function wrongOption({ author, expect, message, percent }: PublishOptions): string | undefined {
  if (expect !== undefined && !(Number.isInteger(expect) && expect >= 0)) {
    return "expect is the number of a version";
  }
  if (percent !== undefined && !(typeof percent === "number" && percent > 0 && percent < 100)) {
    return "percent is a number above 0 and below 100";
  }
  if (message !== undefined && !(typeof message === "string" && message.length <= MESSAGE_CHARS_MAX)) {
    return `message is a text of up to ${MESSAGE_CHARS_MAX} characters`;
  }
  return author !== undefined && !(typeof author === "string" && author.length <= AUTHOR_CHARS_MAX) ? `author is a text of up to ${AUTHOR_CHARS_MAX} characters` : undefined;
}

/** As JSON; undefined where that cannot be, or is too long. */
function textOf(document: Document): string | undefined {
  try {
    const text = JSON.stringify(document) as string | undefined;
    return text !== undefined && text.length <= DOCUMENT_CHARS_MAX ? text : undefined;
  } catch {
    return undefined;
  }
}

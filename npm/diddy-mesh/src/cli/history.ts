/** `diddy-mesh history`. */
import type { HistoryEntry } from "../protocol.js";
import { Failure, options, painter } from "./io.js";
import { numberOf } from "./numbers.js";
import { connect, TARGET } from "./registry.js";
import { moment, table } from "./table.js";
import { waiting } from "./waiting.js";

/** Versions that a registry gives at once. */
const LIMIT_MAX = 100;

/** Lists the versions of the configuration, the latest first. */
export async function historyCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, { ...TARGET, limit: { type: "string" } });
  if (positionals.length > 0) {
    throw new Failure("history takes options only; see `diddy-mesh help history`");
  }
  const json = values.json === true;
  const limit = numberOf("limit", values.limit, (value) => Number.isInteger(value) && value >= 1 && value <= LIMIT_MAX, `a number from 1 to ${LIMIT_MAX}`) ?? 20;
  const history = await waiting("asking the registry", json, connect(values).history(limit));
  if (json) {
    console.log(JSON.stringify(history, null, 2));
  } else {
    console.log(history.length === 0 ? "nothing is published yet" : lines(history).join("\n"));
  }
  return 0;
}

function lines(history: readonly HistoryEntry[]): string[] {
  const paint = painter(process.stdout);
  const rows = history.map(({ version, state, at, author, message, rollbackOf }) => [String(version), state, moment(at), oneLine(author), oneLine(message || (rollbackOf === null ? "" : `rollback to version ${rollbackOf}`))]);
  const [head = "", ...rest] = table([["version", "state", "at (UTC)", "author", "message"], ...rows]);
  const coloured = (line: string, { state }: HistoryEntry): string => (state === "current" ? paint("green", line) : state === "candidate" ? paint("yellow", line) : line);
  return [paint("bold", head), ...rest.map((line, i) => coloured(line, history[i] as HistoryEntry))];
}

function oneLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}

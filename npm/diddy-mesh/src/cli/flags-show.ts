/** `diddy-mesh flags` and `diddy-mesh flags show`: what is published, for people and for programs. */
import type { FlagRule } from "../../wasm/control.js";
import { named } from "./flags-arguments.js";
import { configInUse } from "./flags-registry.js";
import { flagOf, flagsOf, type StoredFlag } from "./flags-stored.js";
import { options, painter } from "./io.js";
import { plain } from "./plain.js";
import { TARGET } from "./registry.js";
import { table } from "./table.js";

/** What a rule may ask of a caller. */
const TARGETS = ["principal", "tenant", "country", "continent", "regionCode", "colo", "headers", "query"] as const;

/** Lists the flags. */
export async function listFlags(args: string[]): Promise<number> {
  const { values, positionals } = options(args, TARGET);
  named(positionals, "");
  const { document, version } = await configInUse(values);
  const flags = flagsOf(document);
  if (values.json === true) {
    const rows = flags.map(({ defaultVariant, description, enabled, key, rules, type }) => ({ key, type, enabled, default: defaultVariant, rules: rules.length, description }));
    console.log(asPlainJson({ version, flags: rows }));
    return 0;
  }
  const paint = painter(process.stdout);
  const rows = flags.map(({ defaultVariant, description, enabled, key, rules, type }) => [key, type, enabled ? "yes" : "no", defaultVariant, String(rules.length), description].map(oneLine));
  const [head = "", ...lines] = table([["flag", "type", "enabled", "default", "rules", "description"], ...rows]);
  const shown = flags.length === 0 ? ["no flag is configured"] : [paint("bold", head), ...lines.map((line, i) => (flags[i]?.enabled === true ? line : paint("dim", line)))];
  console.log([...shown, paint("dim", `configuration version ${version}`)].join("\n"));
  return 0;
}

/** Shows one flag. */
export async function showFlag(args: string[]): Promise<number> {
  const { values, positionals } = options(args, TARGET);
  const [key = ""] = named(positionals, "show KEY");
  const { document, version } = await configInUse(values);
  const flag = flagOf(document, key);
  console.log(values.json === true ? asPlainJson({ version, key, flag: flag.entry }) : lines(flag).join("\n"));
  return 0;
}

/** What others wrote, so that it moves no cursor. */
function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, " ");
}

function asPlainJson(value: object): string {
  return plain(JSON.stringify(value, null, 2));
}

function lines({ defaultVariant, description, enabled, key, rules, type, variants }: StoredFlag): string[] {
  const paint = painter(process.stdout);
  const cells = [
    ...Object.entries(variants).map(([name, value]) => ["variant", name, JSON.stringify(value)]),
    ...rules.map((rule, place) => [`rule ${place}`, rule.name ?? "-", `${whom(rule)} ${given(rule)}`]),
  ];
  return [
    `${paint("bold", oneLine(key))}  ${type}, ${enabled ? "enabled" : paint("yellow", "disabled: callers get their own fallback")}`,
    ...(description === "" ? [] : [oneLine(description)]),
    ...table(cells.map((row) => row.map(oneLine))).map((line) => `  ${line}`),
    oneLine(`${rules.length === 0 ? "all" : "else"} get ${defaultVariant}`),
  ];
}

function whom(rule: FlagRule): string {
  const asked = TARGETS.flatMap((name) => (rule[name] === undefined ? [] : [`${name} ${shownTarget(rule[name])}`]));
  return asked.length === 0 ? "all" : asked.join(" and ");
}

function shownTarget(target: unknown): string {
  return typeof target === "string" ? target : Array.isArray(target) && target.every((one) => typeof one === "string") ? target.join(" or ") : JSON.stringify(target);
}

function given({ by = "principal", percent, split, variant = "?" }: FlagRule): string {
  const shares = split === undefined ? `get ${variant}, ${percent ?? 100} %` : `are split: ${Object.entries(split).map(([name, weight]) => `${name} ${JSON.stringify(weight)}`).join(", ")}`;
  return split === undefined && percent === undefined ? `get ${variant}` : `${shares} by ${typeof by === "string" ? by : JSON.stringify(by)}`;
}

/** `diddy-mesh flags enable`, `disable`, `default` and `percent`: one change to one flag, published if nobody published since it was read. */
import type { Document } from "../../wasm/control.js";
import { named } from "./flags-arguments.js";
import { configToChange } from "./flags-registry.js";
import { changed, didYouMean, flagOf, type StoredFlag } from "./flags-stored.js";
import { Failure, options } from "./io.js";
import { numberOf } from "./numbers.js";
import { plain } from "./plain.js";
import { tell, tellRefusal } from "./publishing.js";
import { connect, TARGET } from "./registry.js";
import { waiting } from "./waiting.js";

/** What a change comes to. */
interface Change {
  readonly document: Document;
  /** What is so afterwards. */
  readonly sentence: string;
}

/** How a command changes a flag; it has its words after the KEY. */
interface Changer {
  readonly form: string;
  readonly change: (document: Document, flag: StoredFlag, words: readonly string[]) => Change;
}

const CHANGERS: Readonly<Record<string, Changer>> = {
  enable: { form: "enable KEY", change: (document, flag) => switched(document, flag, true) },
  disable: { form: "disable KEY", change: (document, flag) => switched(document, flag, false) },
  default: { form: "default KEY VARIANT", change: (document, flag, [variant = ""]) => withDefault(document, flag, variant) },
  percent: { form: "percent KEY RULE PERCENT", change: (document, flag, [rule = "", percent = ""]) => withPercent(document, flag, rule, percent) },
};

/** The command of that name, if it is one of these. */
export function changeCommand(name: string): ((args: string[]) => Promise<number>) | undefined {
  const changer = Object.hasOwn(CHANGERS, name) ? (CHANGERS[name] as Changer) : undefined;
  return changer && ((args) => change(changer, name, args));
}

/** Names of the commands. */
export const CHANGES = Object.keys(CHANGERS);

async function change({ change, form }: Changer, name: string, args: string[]): Promise<number> {
  const { values, positionals } = options(args, {
    ...TARGET,
    message: { type: "string", short: "m" },
    author: { type: "string" },
    percent: { type: "string" },
    "dry-run": { type: "boolean" },
  });
  const [key = "", ...words] = named(positionals, form);
  const json = values.json === true;
  const dryRun = values["dry-run"] === true;
  const percent = numberOf("percent", values.percent, (value) => value > 0 && value < 100, "a percentage of isolates above 0 and below 100");
  if (dryRun && percent !== undefined) {
    throw new Failure("a dry run goes to nobody: leave --percent away");
  }
  const { author, message = `flags ${[name, key, ...words].join(" ")}` } = values;
  const registry = connect(values);
  const { document, expect } = await waiting("asking the registry", json, configToChange(registry));
  const next = change(document, flagOf(document, key), words);
  const publishing = await waiting("publishing", json, registry.publish(next.document, { expect, message, author, percent, dryRun: dryRun || undefined }));
  if (!publishing.ok && publishing.reason === "conflict" && !json) {
    const { current: _, ...refusal } = publishing;
    return tellRefusal({ ...refusal, reason: "invalid_request", message: `${publishing.message}, while this was being changed. Run it again: it reads the new version first` });
  }
  if (publishing.ok && publishing.changed && !json) {
    console.log(plain(next.sentence));
  }
  return tell(publishing, { json, dryRun, percent });
}

function switched(document: Document, flag: StoredFlag, enabled: boolean): Change {
  const sentence = `${flag.key}: ${enabled ? "enabled" : "disabled, callers get their own fallback"}`;
  return { document: flag.enabled === enabled ? document : changed(document, flag, { enabled }), sentence };
}

function withDefault(document: Document, flag: StoredFlag, variant: string): Change {
  const { defaultVariant, key, variants } = flag;
  if (!Object.hasOwn(variants, variant)) {
    const names = Object.keys(variants);
    throw new Failure(`${key} has no variant ${JSON.stringify(variant)}${didYouMean(variant, names)}; it has ${plain(names.join(", "))}`);
  }
  return { document: variant === defaultVariant ? document : changed(document, flag, { defaultVariant: variant }), sentence: `${key}: ${defaultVariant} → ${variant} where no rule applies` };
}

function withPercent(document: Document, flag: StoredFlag, word: string, text: string): Change {
  const { key, rules } = flag;
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(percent >= 0 && percent <= 100)) {
    throw new Failure(`PERCENT is a number from 0 to 100, not ${JSON.stringify(text)}`);
  }
  const place = placeOf(flag, word);
  const rule = rules[place];
  if (rule === undefined) {
    const names = rules.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const known = rules.length === 0 ? "it has none" : `it has ${plain(rules.map(({ name }, i) => name ?? String(i)).join(", "))}`;
    throw new Failure(`${key} has no rule ${JSON.stringify(word)}${didYouMean(word, names)}; ${known}`);
  }
  if (rule.split !== undefined) {
    throw new Failure(`rule ${word} of ${key} has split: a percentage is for rules with variant`);
  }
  const sentence = `${key}: rule ${rule.name ?? place} gives ${rule.variant ?? "its variant"} to ${rule.percent ?? 100} → ${percent} %`;
  const next = rules.map((one, i) => (i === place ? { ...one, percent } : one));
  return { document: percent === (rule.percent ?? 100) ? document : changed(document, flag, { rules: next }), sentence };
}

/** A rule by its name, else by its place from 0. */
function placeOf({ rules }: StoredFlag, word: string): number {
  const place = rules.findIndex(({ name }) => name === word);
  return place < 0 && /^\d{1,4}$/.test(word) ? Number(word) : place;
}

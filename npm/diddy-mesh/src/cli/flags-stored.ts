/** The flags of a document as its author wrote them, in one form. */
import type { Document, Flag, FlagEntry, FlagRule, FlagValue } from "../../wasm/control.js";
import { Failure } from "./io.js";
import { nearest } from "./nearest.js";
import { plain } from "./plain.js";

/** A flag with its defaults filled in. */
export interface StoredFlag {
  readonly key: string;
  /** As it stands in the document. */
  readonly entry: FlagEntry;
  readonly description: string;
  readonly type: "boolean" | "string" | "number" | "JSON";
  readonly enabled: boolean;
  readonly variants: Readonly<Record<string, FlagValue>>;
  readonly defaultVariant: string;
  readonly rules: readonly FlagRule[];
}

/** All flags of a document. */
export function flagsOf({ flags = {} }: Document): StoredFlag[] {
  return Object.entries(flags).map(([key, entry]) => stored(key, entry));
}

/** The flag of that name; where there is none, the nearest one is named. */
export function flagOf(document: Document, key: string): StoredFlag {
  const { flags = {} } = document;
  if (!Object.hasOwn(flags, key)) {
    throw new Failure(`there is no flag ${JSON.stringify(key)}${didYouMean(key, Object.keys(flags))}`);
  }
  return stored(key, flags[key] as FlagEntry);
}

/** What a name that is not there should perhaps have been, as the end of a sentence. */
export function didYouMean(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? "" : `; did you mean ${plain(near)}?`;
}

/** The long form of a constant is what the compiler makes of it. */
function long(entry: FlagEntry): Flag {
  if (typeof entry === "object") {
    return entry;
  }
  return typeof entry === "boolean" ? { defaultVariant: entry ? "on" : "off" } : { variants: { default: entry }, defaultVariant: "default" };
}

function stored(key: string, entry: FlagEntry): StoredFlag {
  const { description = "", defaultVariant = "off", enabled = true, rules = [], variants = { on: true, off: false } } = long(entry);
  const [first] = Object.values(variants);
  const type = typeof first === "boolean" || typeof first === "string" || typeof first === "number" ? (typeof first as "boolean" | "string" | "number") : "JSON";
  return { key, entry, description, type, enabled, variants, defaultVariant, rules };
}

/** The document with a flag changed; the one given stays as it is. */
export function changed(document: Document, { entry, key }: StoredFlag, change: Partial<Flag>): Document {
  return { ...document, flags: { ...document.flags, [key]: { ...long(entry), ...change } } };
}

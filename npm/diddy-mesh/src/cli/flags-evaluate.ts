/** `diddy-mesh flags evaluate`: what a flag comes to for one request, decided by the engine that Workers run. */
import { readFileSync } from "node:fs";
import { compile } from "../config.js";
import { decide, type Decision } from "../flags/decision.js";
import type { FlagContext } from "../flags/subject.js";
import { DiddyMesh } from "../index.js";
import { install } from "../runtime.js";
import type { MeshDocument } from "../types.js";
import { asJson, check, load, report } from "./check.js";
import { configInUse } from "./flags-registry.js";
import { flagOf } from "./flags-stored.js";
import { Failure, options, painter } from "./io.js";
import { plain } from "./plain.js";
import { TARGET, type TargetValues } from "./registry.js";

const SUBJECT = {
  principal: { type: "string" },
  tenant: { type: "string" },
  country: { type: "string" },
  continent: { type: "string" },
  "region-code": { type: "string" },
  colo: { type: "string" },
  "client-address": { type: "string" },
  request: { type: "string" },
  method: { type: "string" },
  header: { type: "string", short: "H", multiple: true },
} as const;

type SubjectValues = { readonly [Name in keyof typeof SUBJECT]?: (Name extends "header" ? string[] : string) | undefined };

/** A document and its Snapshot. */
interface Compiled {
  readonly document: MeshDocument;
  readonly snapshot: Uint8Array;
}

/** Decides a flag: of a file, or of what is published. */
export async function evaluateFlag(args: string[]): Promise<number> {
  const { values, positionals } = options(args, { ...TARGET, ...SUBJECT });
  const [key, file, extra] = positionals;
  if (key === undefined || extra !== undefined) {
    throw new Failure("it is `diddy-mesh flags evaluate KEY [FILE]`; see `diddy-mesh help flags`");
  }
  if (file !== undefined && Object.keys(TARGET).some((name) => name !== "json" && values[name as keyof TargetValues] !== undefined)) {
    throw new Failure("a flag of a FILE is decided without a registry; the URL of the request is --request");
  }
  const subject = subjectOf(values);
  const compiled = file === undefined ? await ofRegistry(values) : ofFile(file, values.json === true);
  if (compiled === undefined) {
    return 1;
  }
  const { rules } = flagOf(compiled.document, key);
  install(new WebAssembly.Module(readFileSync(new URL("../wasm/engine.wasm", import.meta.url))));
  const mesh = new DiddyMesh({ serviceName: "diddy-mesh", config: compiled.snapshot });
  const decision = decide(mesh.ground(), key, subject);
  if (decision.failure !== undefined) {
    throw new Failure(`${key} cannot be decided: ${decision.failure.message}`);
  }
  const name = rules[decision.rule ?? -1]?.name;
  const { chosen, reason, rule } = decision;
  console.log(values.json === true ? plain(JSON.stringify({ key, ...chosen, reason, rule, ruleName: name }, null, 2)) : sentence(key, decision, name));
  return 0;
}

function subjectOf({ header = [], method, principal, request: url, tenant, ...where }: SubjectValues): FlagContext {
  if (url !== undefined && !(URL.canParse(url) && /^https?:/.test(url))) {
    throw new Failure(`--request takes the URL of a request, not ${JSON.stringify(url)}`);
  }
  // In capital letters, as the platform has them.
  const [country, continent, colo, regionCode] = [where.country, where.continent, where.colo, where["region-code"]].map((text) => text?.toUpperCase());
  return { principal, tenant, country, continent, colo, regionCode, clientAddress: where["client-address"], url, method, headers: Object.fromEntries(header.map(headerOf)) };
}

/** `name=value`, or as others write it: `name: value`. */
function headerOf(text: string): [string, string] {
  const [, name, value] = /^([^\s:=]+)\s*[:=]\s*(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new Failure(`a header is name=value, not ${JSON.stringify(text)}`);
  }
  return [name, value.trimEnd()];
}

async function ofRegistry(values: TargetValues): Promise<Compiled> {
  const { document } = await configInUse(values);
  load();
  const { diagnostics, snapshot } = compile(document);
  if (snapshot === undefined) {
    throw new Failure(`what is published does not compile here: ${plain(diagnostics.map(({ message }) => message).join("; "))}`);
  }
  return { document, snapshot };
}

function ofFile(file: string, json: boolean): Compiled | undefined {
  const checked = check(file);
  const { document, snapshot } = checked;
  if (document !== undefined && snapshot !== undefined) {
    return { document, snapshot };
  }
  if (json) {
    console.log(asJson(checked));
  } else {
    report(checked, process.stderr);
  }
  return undefined;
}

function sentence(key: string, { chosen, reason, rule }: Decision, name: string | undefined): string {
  if (chosen === undefined) {
    return `${key} is disabled: callers get their own fallback`;
  }
  const by = plain(name ?? String(rule));
  const why = { STATIC: "it has no rules", DEFAULT: "no rule applies", TARGETING_MATCH: `rule ${by} applies`, SPLIT: `the caller is in a share of rule ${by}`, DISABLED: "", ERROR: "" }[reason];
  return `${key} = ${painter(process.stdout)("bold", plain(JSON.stringify(chosen.value)))}\n${reason}: ${why}; the variant is ${chosen.variant}`;
}

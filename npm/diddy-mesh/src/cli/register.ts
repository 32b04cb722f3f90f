/** `diddy-mesh register`. */
import type { Registered, Registration } from "../protocol.js";
import { findingLine, label, type Finding } from "./check.js";
import { readDocument, type Position } from "./document.js";
import { Failure, onlyFile, options, painter } from "./io.js";
import { numberOf } from "./numbers.js";
import { connect, TARGET } from "./registry.js";
import { span } from "./table.js";
import { waiting } from "./waiting.js";

const FIELDS = {
  service: { type: "string" },
  address: { type: "string" },
  version: { type: "string" },
  weight: { type: "string" },
  priority: { type: "string" },
  region: { type: "string" },
  colo: { type: "string" },
  health: { type: "string" },
  ttl: { type: "string" },
  capability: { type: "string", multiple: true },
  metadata: { type: "string", multiple: true },
  "allow-insecure": { type: "boolean" },
} as const;

/** What is to be registered, and where each part of it stands in its file. */
interface Source {
  readonly file: string | undefined;
  /** The registry says what is wrong with one; here they are only found. */
  readonly registrations: readonly unknown[];
  readonly place: (index: number, path: string) => Position | undefined;
}

/** Registers endpoints, each for itself. 0: all were taken in, 1: some were refused. */
export async function registerCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, { ...TARGET, ...FIELDS });
  const json = values.json === true;
  const byFlags = Object.keys(FIELDS).some((name) => values[name as keyof typeof FIELDS] !== undefined);
  if (byFlags && positionals.length > 0) {
    throw new Failure("register takes a FILE, or --service and --address, not both");
  }
  const registry = connect(values);
  const source = byFlags ? ofFlags(values) : ofFile(onlyFile(positionals, "register"));
  if ("errors" in source) {
    return broken(source, json);
  }
  const registered = await waiting("registering", json, registry.register(source.registrations as Registration[]));
  const ok = registered.every((one) => one.ok);
  if (json) {
    const placed = registered.map((one, i) => ({ ...one, diagnostics: one.diagnostics.map((finding) => ({ ...finding, ...source.place(i, finding.path) })) }));
    console.log(JSON.stringify({ ok, registered: placed }, null, 2));
  } else {
    registered.forEach((one, i) => tell(one, i, source));
  }
  return ok ? 0 : 1;
}

type Flags = { readonly [name in keyof typeof FIELDS]?: string | string[] | boolean | undefined };

function ofFlags({ service, address, weight, priority, capability, metadata, ...rest }: Flags): Source {
  if (service === undefined || address === undefined) {
    throw new Failure("register needs both --service and --address, or a FILE");
  }
  const { version, region, colo, health, ttl } = rest;
  const pairs = (metadata as string[] | undefined)?.map(pairOf);
  const given = {
    ...{ service, address, version, region, colo, health, ttl },
    weight: numberOf("weight", weight as string | undefined, Number.isFinite, "a number"),
    priority: numberOf("priority", priority as string | undefined, Number.isInteger, "a whole number"),
    capabilities: capability,
    metadata: pairs && Object.fromEntries(pairs),
    allowInsecure: rest["allow-insecure"],
  };
  const registration = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { file: undefined, registrations: [registration], place: () => undefined };
}

function pairOf(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new Failure(`--metadata is KEY=VALUE, not ${JSON.stringify(text)}`);
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** A registration, a list of them, or an object with the list. */
function ofFile(file: string): Source | { readonly file: string; readonly errors: readonly Finding[] } {
  const { value, errors, locate } = readDocument(file);
  if (errors.length > 0) {
    return { file, errors: errors.map((error): Finding => ({ ...error, severity: "error", code: "syntax", path: "" })) };
  }
  const inner = typeof value === "object" && value !== null && "registrations" in value ? value.registrations : undefined;
  const [prefix, registrations] = Array.isArray(inner) ? ["registrations", inner as unknown[]] : Array.isArray(value) ? ["", value as unknown[]] : [undefined, [value]];
  if (registrations.length === 0) {
    throw new Failure(`${file} holds no registration`);
  }
  const base = (index: number): string => (prefix === undefined ? "" : `${prefix}[${index}]`);
  return { file, registrations, place: (index, path) => locate([base(index), path].filter((part) => part !== "").join(".")) };
}

function broken({ file, errors }: { readonly file: string; readonly errors: readonly Finding[] }, json: boolean): number {
  if (json) {
    console.log(JSON.stringify({ ok: false, file, diagnostics: errors }, null, 2));
  } else {
    errors.forEach((error) => console.error(findingLine(file, error, process.stderr)));
  }
  return 1;
}

function tell({ ok, id, state, expiresAt, registration, diagnostics }: Registered, index: number, { file, place }: Source): void {
  for (const finding of diagnostics) {
    const position = place(index, finding.path);
    console.error(file === undefined || position === undefined ? `${label(finding.severity, process.stderr)} ${finding.message}` : findingLine(file, { ...finding, ...position }, process.stderr));
  }
  if (ok && registration !== undefined) {
    const { service, address, version } = registration;
    const words = { new: "registered", changed: "changed", renewed: "renewed" }[state ?? "new"];
    const end = expiresAt === undefined ? "" : `, ends in ${span(expiresAt - Date.now())} unless renewed`;
    console.log(`${painter(process.stdout)("green", words)} ${service} ${address}${version === undefined ? "" : ` ${version}`} (${id ?? ""})${end}`);
  } else {
    console.error(`${painter(process.stderr)("red", "refused")} registration ${index + 1}`);
  }
}

/** `diddy-mesh diff`: what changes from one configuration to another. */
import type { Difference } from "../../wasm/control.js";
import { diff } from "../config.js";
import { check, findingsOf, refuse, type Checked } from "./check.js";
import { render } from "./difference.js";
import { Failure, options } from "./io.js";
import { versionOf } from "./numbers.js";
import { connect, TARGET, type Registry, type TargetValues } from "./registry.js";
import { waiting } from "./waiting.js";
import type { MeshDocument } from "../types.js";

/** Compares two files, a file with what is published, or two versions that were. 0, or with --exit-code 1 where something changes; 2: there is nothing to compare, or it has errors. */
export async function diffCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, { ...TARGET, from: { type: "string" }, to: { type: "string" }, "exit-code": { type: "boolean" } });
  const json = values.json === true;
  const from = versionOf("from", values.from);
  const to = versionOf("to", values.to);
  const [oldFile, newFile, extra] = positionals;
  if (extra !== undefined || (oldFile === undefined) === (from === undefined) || (to !== undefined && from === undefined)) {
    throw new Failure("diff takes an OLD and a NEW file, one FILE, or --from with a version; see `diddy-mesh help diff`");
  }
  if (newFile !== undefined && Object.keys(TARGET).some((name) => name !== "json" && values[name as keyof TargetValues] !== undefined)) {
    throw new Failure("diff of two files asks no registry; see `diddy-mesh help diff`");
  }
  const files = positionals.map((file) => check(file, {}));
  const broken = files.filter(({ snapshot }) => snapshot === undefined);
  if (broken.length > 0) {
    return refuse(broken, json);
  }
  const difference = newFile !== undefined ? between(documentOf(files[0]), documentOf(files[1])) : await waiting("asking the registry", json, from !== undefined ? ofVersions(connect(values), from, to) : ofUse(connect(values), documentOf(files[0])));
  console.log(json ? JSON.stringify(difference, null, 2) : render(difference));
  return values["exit-code"] === true && !difference.same ? 1 : 0;
}

function documentOf(checked: Checked | undefined): MeshDocument {
  return checked?.document as MeshDocument;
}

async function ofVersions(registry: Registry, from: number, to: number | undefined): Promise<Difference> {
  const found = await registry.diff(from, to ?? (await registry.status()).config);
  if (!found.ok) {
    throw new Failure(found.message);
  }
  return found.difference;
}

async function ofUse(registry: Registry, document: MeshDocument): Promise<Difference> {
  const inUse = await registry.config();
  if (inUse === undefined) {
    throw new Failure("nothing is published yet");
  }
  return between(inUse.document, document);
}

/** Files were checked, so an error is of what was published: by another version of the compiler. */
function between(old: MeshDocument, next: MeshDocument): Difference {
  const { value, findings } = findingsOf(() => diff(old, next));
  if (value === undefined) {
    throw new Failure(`what is published does not compile here: ${findings.map(({ message }) => message).join("; ")}`);
  }
  return value;
}

/** `diddy-mesh import`. */
import { existsSync } from "node:fs";
import type { Imported, RouteStatus } from "../../wasm/control.js";
import { importGatewayApi } from "../config.js";
import { findingLine, label, load } from "./check.js";
import { readAll, SCHEMA } from "./document.js";
import { Failure, options, write } from "./io.js";

const FILE = "mesh.json";

/** Imports the objects of files, and writes the document of one entry. */
export function importCommand(args: string[]): number {
  const { values, positionals } = options(args, { output: { type: "string", short: "o" }, entry: { type: "string" }, json: { type: "boolean" } });
  const [format, ...files] = positionals;
  if (format !== "gateway-api" || files.length === 0) {
    throw new Failure("import takes `gateway-api` and one FILE or more; see `diddy-mesh help import`");
  }
  const output = values.json === true && values.output === undefined ? undefined : outputOf(values.output, files);
  const read = files.map((file) => ({ file, ...readAll(file) }));
  const broken = read.flatMap(({ file, errors }) => errors.map((error) => findingLine(file, { ...error, severity: "error" }, process.stderr)));
  if (broken.length > 0) {
    broken.forEach((line) => console.error(line));
    return 1;
  }
  load();
  const imported = importGatewayApi(read.flatMap(({ values }) => values));
  const ok = imported.diagnostics.every(({ severity }) => severity !== "error");
  if (values.json === true) {
    // Standard output belongs to the document where it goes there.
    (output === "-" ? process.stderr : process.stdout).write(`${JSON.stringify({ ok, ...imported }, null, 2)}\n`);
  } else {
    report(imported);
  }
  if (!ok) {
    return 1;
  }
  if (output !== undefined) {
    write(output, `${JSON.stringify({ $schema: SCHEMA, ...chosen(imported, values.entry) }, null, 2)}\n`);
    if (output !== "-" && values.json !== true) {
      console.error(`${output}: written`);
    }
  }
  return 0;
}

/** A configuration that is there already is replaced only by who names it; what is read, never. */
function outputOf(named: string | undefined, files: readonly string[]): string {
  const output = named ?? FILE;
  if (output !== "-" && files.includes(output)) {
    throw new Failure(`${output} would be replaced by what is made of it; give another one with -o`);
  }
  if (named === undefined && existsSync(FILE)) {
    throw new Failure(`${FILE} is here already; -o ${FILE} replaces it`);
  }
  return output;
}

/** What a controller would say, then the findings. Standard output is the document's. */
function report({ diagnostics, statuses }: Imported): void {
  statuses.forEach((status) => console.error(statusLine(status)));
  diagnostics.forEach(({ message, severity }) => console.error(`${label(severity, process.stderr)} ${message}`));
}

function statusLine({ conditions, kind, namespace, parent, route }: RouteStatus): string {
  const said = conditions.map(({ type, status, reason, message }) => `${type}=${status ? "True" : "False"} (${reason}${message === "" ? "" : `: ${message}`})`);
  return `${kind} ${namespace}/${route} at ${parent}: ${said.join(", ")}`;
}

/** The document of an entry: the one that is asked for, or the only one. */
function chosen({ documents }: Imported, entry: string | undefined): Imported["documents"][number]["document"] {
  const found = entry === undefined && documents.length === 1 ? documents[0] : documents.find((one) => one.entry === entry);
  if (found === undefined) {
    const known = documents.map((one) => one.entry).join(", ");
    throw new Failure(documents.length === 0 ? "the files hold no Gateway and no route of a Service: there is nothing to write" : `choose where requests come in with --entry: ${known}`);
  }
  return found.document;
}

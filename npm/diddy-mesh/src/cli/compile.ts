/** `diddy-mesh compile`. */
import { basename, dirname, extname, join } from "node:path";
import { asJson, check, report } from "./check.js";
import { Failure, onlyFile, options, write } from "./io.js";

const FORMATS = ["snapshot", "ts", "js"] as const;
type Format = (typeof FORMATS)[number];

/** Compiles a file. Nothing is written where it has errors. */
export function compileCommand(args: string[]): number {
  const { values, positionals } = options(args, { output: { type: "string", short: "o" }, format: { type: "string" }, json: { type: "boolean" } });
  const file = onlyFile(positionals, "compile");
  const format = formatOf(values.format, values.output);
  const output = values.output ?? (file === "-" ? "-" : join(dirname(file), `${basename(file, extname(file))}.${format}`));
  if (output === file && file !== "-") {
    throw new Failure(`${file} would be replaced by its own Snapshot; give another one with -o`);
  }
  const checked = check(file);
  if (values.json === true) {
    // Standard output belongs to the Snapshot where it goes there.
    (output === "-" ? process.stderr : process.stdout).write(`${asJson(checked)}\n`);
  } else {
    report(checked, process.stderr);
  }
  if (checked.snapshot === undefined) {
    return 1;
  }
  write(output, format === "snapshot" ? checked.snapshot : moduleOf(checked.snapshot, format));
  if (output !== "-" && values.json !== true) {
    console.log(`${output}: ${checked.snapshot.byteLength} bytes`);
  }
  return 0;
}

function formatOf(format: string | undefined, output: string | undefined): Format {
  const wanted = format ?? { ".ts": "ts", ".js": "js", ".mjs": "js" }[extname(output ?? "")] ?? "snapshot";
  const known = FORMATS.find((name) => name === wanted);
  if (known === undefined) {
    throw new Failure(`unknown format ${JSON.stringify(wanted)}; it is one of ${FORMATS.join(", ")}`);
  }
  return known;
}

/** A module for bundlers that cannot import files as data. */
function moduleOf(snapshot: Uint8Array, format: Format): string {
  const type = format === "ts" ? ": Uint8Array" : "";
  return `// Made by \`diddy-mesh compile\`. Do not edit.
const text = "${Buffer.from(snapshot).toString("base64")}";
const snapshot${type} = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
export default snapshot;
`;
}

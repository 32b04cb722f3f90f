/** `diddy-mesh validate`. */
import { asJson, check, report } from "./check.js";
import { onlyFile, options, painter } from "./io.js";

/** Checks a file. */
export function validateCommand(args: string[]): number {
  const { values, positionals } = options(args, { json: { type: "boolean" } });
  const checked = check(onlyFile(positionals, "validate"));
  if (values.json === true) {
    console.log(asJson(checked));
  } else {
    report(checked, process.stdout);
    if (checked.snapshot !== undefined) {
      console.log(`${painter(process.stdout)("green", "valid")}: ${checked.file}`);
    }
  }
  return checked.snapshot === undefined ? 1 : 0;
}

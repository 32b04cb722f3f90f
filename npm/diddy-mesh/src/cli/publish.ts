/** `diddy-mesh publish`. */
import { asJson, check, report } from "./check.js";
import { Failure, onlyFile, options } from "./io.js";
import { numberOf, versionOf } from "./numbers.js";
import { tell } from "./publishing.js";
import { connect, TARGET } from "./registry.js";
import { waiting } from "./waiting.js";

/** Publishes a file. Nothing is sent where it has errors. */
export async function publishCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, {
    ...TARGET,
    expect: { type: "string" },
    message: { type: "string", short: "m" },
    author: { type: "string" },
    percent: { type: "string" },
    "dry-run": { type: "boolean" },
  });
  const file = onlyFile(positionals, "publish");
  const json = values.json === true;
  const dryRun = values["dry-run"] === true;
  const percent = numberOf("percent", values.percent, (value) => value > 0 && value < 100, "a percentage above 0 and below 100");
  if (dryRun && percent !== undefined) {
    throw new Failure("a dry run goes to nobody: leave --percent away");
  }
  const expect = versionOf("expect", values.expect, 0);
  const registry = connect(values);
  const checked = check(file, {});
  if (checked.document === undefined || checked.snapshot === undefined) {
    if (json) {
      console.log(asJson(checked));
    } else {
      report(checked, process.stderr);
    }
    return 1;
  }
  const { message, author } = values;
  const publishing = await waiting("publishing", json, registry.publish(checked.document, { expect, message, author, percent, dryRun: dryRun || undefined }));
  return tell(publishing, { json, dryRun, percent, file: checked });
}

/** What came of publishing, for `publish` and `rollback`. */
import type { Diagnostic, Publishing, Refusal } from "../protocol.js";
import { findingLine, report, type Checked, type Finding } from "./check.js";
import { render } from "./difference.js";
import { painter } from "./io.js";

/** What was asked. */
export interface Asked {
  readonly json: boolean;
  readonly dryRun?: boolean;
  readonly percent?: number | undefined;
  /** The file that was published; findings are shown at their places in it. */
  readonly file?: Checked;
}

/** What to do about a refusal. */
const ADVICE: Readonly<Partial<Record<Refusal["reason"], (refusal: Refusal) => string>>> = {
  conflict: ({ current }) => `See what came with \`diddy-mesh history\` and \`diddy-mesh diff FILE\`, then publish with --expect ${current ?? "and its version"}.`,
  rollout: () => "`diddy-mesh rollout --finish` takes it into use, `diddy-mesh rollout --stop` gives it up.",
  no_rollout: () => "`diddy-mesh publish FILE --percent 10` begins one.",
  unknown_version: () => "`diddy-mesh history` lists those that are there.",
};

/** Prints it; answers the exit code. */
export function tell(publishing: Publishing, { json, dryRun = false, file, percent }: Asked): number {
  const findings = placed(publishing.diagnostics ?? [], file);
  if (json) {
    console.log(JSON.stringify({ ...publishing, ...(publishing.diagnostics === undefined ? {} : { diagnostics: findings }) }, null, 2));
    return publishing.ok ? 0 : 1;
  }
  if (!publishing.ok) {
    return tellRefusal(publishing, file === undefined ? undefined : findings, file?.file);
  }
  const name = file?.file;
  if (name !== undefined) {
    findings.forEach((finding) => console.error(findingLine(name, finding, process.stderr)));
  }
  const { changed, difference, version } = publishing;
  if (difference !== undefined && changed) {
    console.log(render(difference));
  }
  console.log(sum(version, changed, dryRun, percent));
  return 0;
}

/** Prints a refusal and what to do about it; answers the exit code. */
export function tellRefusal(refusal: Refusal, findings: readonly Finding[] = [], file = "", json = false): number {
  if (json) {
    console.log(JSON.stringify(refusal, null, 2));
    return 1;
  }
  if (findings.length > 0) {
    report({ file, findings }, process.stderr);
  } else {
    refusal.diagnostics?.forEach(({ message }) => console.error(`  ${message}`));
  }
  const advice = ADVICE[refusal.reason]?.(refusal);
  console.error(`${painter(process.stderr)("red", "refused")}: ${refusal.message}${advice === undefined ? "" : `\n${advice}`}`);
  return 1;
}

function placed(diagnostics: readonly Diagnostic[], file: Checked | undefined): Finding[] {
  return diagnostics.map((finding) => ({ ...finding, ...(file?.locate(finding.path) ?? { line: 1, column: 1 }) }));
}

function sum(version: number, changed: boolean, dryRun: boolean, percent: number | undefined): string {
  const paint = painter(process.stdout);
  if (!changed) {
    return dryRun ? `nothing would change: version ${version} means the same` : `nothing changed: version ${version} means the same`;
  }
  if (dryRun) {
    return `dry run: this would be version ${version}${version === 1 ? ", the first one" : ""}`;
  }
  const published = paint("green", `version ${version} published`);
  // The first one has none beside it that the others could keep.
  return percent === undefined || version === 1 ? published : `${published} to ${percent} % of isolates\n\`diddy-mesh rollout --percent 50\` goes on, --finish takes it into use, --stop gives it up`;
}

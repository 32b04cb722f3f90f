/** `diddy-mesh test`: cases of requests against a configuration. */
import type { TestCases, TestReport, TestResult } from "../../wasm/control.js";
import { testCases } from "../config.js";
import type { MeshDocument } from "../types.js";
import { check, findingsOf, refuse, type Finding, type FileFindings } from "./check.js";
import { readDocument, type Position } from "./document.js";
import { Failure, options, painter } from "./io.js";

/** What a file of cases came to: a report, or what is wrong with it. */
interface Tested {
  readonly file: string;
  readonly report: TestReport | undefined;
  readonly findings: readonly Finding[];
  readonly locate: (path: string) => Position;
}

/** Runs the cases of files. 0: all hold, 1: some do not, 2: something cannot be read. */
export function testCommand(args: string[]): number {
  const { values, positionals } = options(args, { json: { type: "boolean" } });
  const [file, ...files] = positionals;
  if (file === undefined || files.length === 0) {
    throw new Failure("test takes a FILE and one file of cases or more; see `diddy-mesh help test`");
  }
  const json = values.json === true;
  const { document, snapshot, findings } = check(file);
  const broken: FileFindings[] = snapshot === undefined ? [{ file, findings }] : [];
  const tested = files.map((cases) => run(snapshot === undefined ? undefined : document, cases));
  broken.push(...tested.filter(({ report }) => report === undefined).filter((one) => one.findings.length > 0));
  if (broken.length > 0) {
    return refuse(broken, json);
  }
  const sum = (count: "passed" | "failed"): number => tested.reduce((total, { report }) => total + (report?.[count] ?? 0), 0);
  const [passed, failed] = [sum("passed"), sum("failed")];
  console.log(json ? JSON.stringify({ ok: failed === 0, passed, failed, files: tested.map(placed) }, null, 2) : [...tested.flatMap(lines), `${passed} passed, ${failed} failed`].join("\n"));
  return failed === 0 ? 0 : 1;
}

/** Where the configuration has errors, the cases are only read. */
function run(document: MeshDocument | undefined, file: string): Tested {
  const { value, errors, locate } = readDocument(file, true);
  if (errors.length > 0 || document === undefined) {
    return { file, report: undefined, findings: errors.map((error): Finding => ({ ...error, severity: "error", code: "syntax", path: "" })), locate };
  }
  const { value: report, findings } = findingsOf(() => testCases(document, value as TestCases));
  return { file, report, findings: findings.map((finding): Finding => ({ ...finding, code: finding.code as Finding["code"], ...locate(finding.path) })), locate };
}

/** A file's results with their places. */
function placed({ file, report, locate }: Tested): object {
  return { file, ...report, results: report?.results.map((result) => ({ ...result, ...locate(result.path), failures: result.failures.map((failure) => ({ ...failure, ...locate(failure.path) })) })) };
}

/** One line for each case; below one that failed, what did not come, and why. */
function lines({ file, report, locate }: Tested): string[] {
  const paint = painter(process.stdout);
  const place = (path: string): string => paint("dim", `${file === "-" ? "<stdin>" : file}:${locate(path).line}`);
  const one = ({ name, passed, failures, why }: TestResult): string[] => [
    `${passed ? paint("green", "pass") : paint("red", "FAIL")}  ${name}`,
    ...failures.map(({ message, path }) => `      ${message}  ${place(path)}`),
    ...why.map((line) => paint("dim", `      ${line}`)),
  ];
  return (report?.results ?? []).flatMap(one);
}

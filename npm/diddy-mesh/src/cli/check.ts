/** A file compiled, with each finding at its place. */
import { readFileSync } from "node:fs";
import { applyOverrides, compile, initConfig, MeshError } from "../config.js";
import type { Diagnostic } from "../../wasm/control.js";
import { readDocument, type Position } from "./document.js";
import { painter } from "./io.js";
import type { MeshDocument } from "../types.js";

/** A finding with its place. */
export type Finding = Pick<Diagnostic, "severity" | "code" | "path" | "message"> & Partial<Diagnostic> & Position;

/** What a file holds. */
export interface Checked {
  readonly file: string;
  readonly document: MeshDocument | undefined;
  /** Absent where there is an error. */
  readonly snapshot: Uint8Array | undefined;
  readonly findings: readonly Finding[];
  /** Where the part of the document with a path stands. */
  readonly locate: (path: string) => Position;
}

/** Loads the compiler. Beside dist/cli.js, which is where this runs from. */
export function load(): void {
  initConfig(new WebAssembly.Module(readFileSync(new URL("../wasm/control.wasm", import.meta.url))));
}

/** Reads and compiles a file. Variables of `env` override parts of it: by default those that the command was run with. */
export function check(file: string, env: object = process.env): Checked {
  const { value, errors, locate } = readDocument(file);
  if (errors.length > 0) {
    const findings = errors.map(({ line, column, message }): Finding => ({ severity: "error", code: "syntax", path: "", message, line, column }));
    return { file, document: undefined, snapshot: undefined, findings, locate };
  }
  load();
  const start = { line: 1, column: 1 };
  let document = value as MeshDocument;
  try {
    ({ document } = applyOverrides(document, env));
  } catch (error) {
    const diagnostics = error instanceof MeshError ? (error.diagnostics as readonly Diagnostic[]) : [];
    return { file, document: undefined, snapshot: undefined, findings: diagnostics.map((finding) => ({ ...finding, ...start })), locate };
  }
  const { snapshot, diagnostics } = compile(document);
  const findings = diagnostics.map((finding): Finding => ({ ...finding, ...locate(finding.path) }));
  return { file, document, snapshot, findings, locate };
}

/** One finding as `file:line:column error message`. */
export function findingLine(file: string, { line, column, severity, message }: Pick<Finding, "line" | "column" | "severity" | "message">, stream: NodeJS.WriteStream): string {
  return `${file === "-" ? "<stdin>" : file}:${line}:${column} ${label(severity, stream)} ${message}`;
}

/** How bad a finding is, coloured. */
export function label(severity: Finding["severity"], stream: NodeJS.WriteStream): string {
  return painter(stream)(severity === "error" ? "red" : "yellow", severity);
}

/** Prints the findings as `file:line:column path: message`, and how many there are. */
export function report({ file, findings }: FileFindings, stream: NodeJS.WriteStream): void {
  const paint = painter(stream);
  findings.forEach((finding) => stream.write(`${findingLine(file, finding, stream)}\n`));
  const errors = findings.filter(({ severity }) => severity === "error").length;
  if (findings.length > 0) {
    stream.write(`${paint("bold", `${errors} ${errors === 1 ? "error" : "errors"}, ${findings.length - errors} ${findings.length - errors === 1 ? "warning" : "warnings"}`)}\n`);
  }
}

/** The same for programs. */
export function asJson({ file, snapshot, findings }: Checked): string {
  return JSON.stringify({ ok: snapshot !== undefined, file, diagnostics: findings }, null, 2);
}

/** A file and what is wrong with it. */
export type FileFindings = Pick<Checked, "file" | "findings">;

/** Prints what is wrong with files that other commands read; answers their exit code. */
export function refuse(files: readonly FileFindings[], json: boolean): number {
  if (json) {
    console.log(JSON.stringify({ ok: false, files: files.map(({ file, findings }) => ({ file, diagnostics: findings })) }, null, 2));
  } else {
    files.forEach(({ file, findings }) => findings.forEach((finding) => console.error(findingLine(file, finding, process.stderr))));
  }
  return 2;
}

/** What a call to the compiler gives, or the findings that it throws. */
export function findingsOf<T>(call: () => T): { value: T | undefined; findings: MeshError["diagnostics"] } {
  try {
    return { value: call(), findings: [] };
  } catch (error) {
    if (error instanceof MeshError && error.code === "invalid_config") {
      return { value: undefined, findings: error.diagnostics };
    }
    throw error;
  }
}

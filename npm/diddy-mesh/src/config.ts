/** `diddy-mesh/config`: the compiler of configuration documents. Loading it lets `new DiddyMesh({ config: document })` take documents. */
import * as control from "../wasm/control.js";
import { MeshError } from "./errors.js";
import { runtime } from "./runtime.js";
import type { MeshDocument } from "./types.js";

export { MeshError } from "./errors.js";
export type * from "../wasm/control.js";
export type { MeshDocument };

let ready = false;

/** Gives the compiler its wasm module, the one of `diddy-mesh/control.wasm`, where no entry of the package fits the bundler. */
export function initConfig(module: WebAssembly.Module): void {
  control.initSync({ module });
  runtime.compiler = compileOrThrow;
  ready = true;
}

function loaded(): typeof control {
  if (!ready) {
    throw new MeshError("not_initialized", 'the compiler was not loaded: call initConfig(module) with the module of "diddy-mesh/control.wasm"');
  }
  return control;
}

/**
 * Compiles a document; throws a `MeshError` with every finding in `diagnostics` when it has errors. Variables of `env`
 * override parts of it; see `applyOverrides`.
 */
export function compileOrThrow(document: MeshDocument, env?: object): Uint8Array {
  const { snapshot, diagnostics } = loaded().compile(env === undefined ? document : applyOverrides(document, env).document);
  if (snapshot === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    throw new MeshError("invalid_config", `the configuration has ${errors.length} error(s):\n${errors.map(({ message }) => `  ${message}`).join("\n")}`, diagnostics);
  }
  return snapshot;
}

/** Compiles a document: a Snapshot where there is no error, and all findings. */
export function compile(document: MeshDocument): control.Compiled {
  return loaded().compile(document);
}

/**
 * Overrides parts of a document by variables of `env`, such as a Worker's or `process.env`:
 * `MESH__SERVICES__USER_SERVICE__TIMEOUT=2000` sets `services.user-service.timeout`. A value is JSON where it can be, else text.
 * Throws a `MeshError` where one leads nowhere.
 */
export function applyOverrides(document: MeshDocument, env: object): { document: MeshDocument; overrides: control.Override[] } {
  const texts = Object.entries(env).filter(([name, value]) => name.startsWith("MESH__") && typeof value === "string") as [string, string][];
  if (texts.length === 0) {
    return { document, overrides: [] };
  }
  const { document: changed, overrides, diagnostics } = loaded().applyOverrides(document, Object.fromEntries(texts.map(([name, text]) => [name, jsonOr(text)])));
  return { document: found(changed, diagnostics), overrides };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** All findings about a document. */
export function validate(document: MeshDocument): control.Diagnostic[] {
  return loaded().validate(document);
}

/** Imports Kubernetes Gateway API objects, such as a YAML parser gives: a document for each port of a Gateway, and what a controller would say of each route. */
export function importGatewayApi(objects: readonly unknown[]): control.Imported {
  return loaded().importGatewayApi(objects);
}

/** What the mesh would do with one request: the rule and why the others not, the endpoints, the policies. Throws a `MeshError` where either has errors. */
export function explain(document: MeshDocument, request: control.ExplainRequest): control.Explanation {
  const { explanation, diagnostics } = loaded().explain(document, request);
  return found(explanation, diagnostics);
}

/** Runs cases against a document: requests, and what is expected to become of them. Throws a `MeshError` where either has errors, such as a case that names a rule that is not there. */
export function testCases(document: MeshDocument, cases: control.TestCases): control.TestReport {
  const { report, diagnostics } = loaded().testCases(document, cases);
  return found(report, diagnostics);
}

/** What changes from one document to another, and for which requests. Throws a `MeshError` where either has errors; their paths begin with `old` and `new`. */
export function diff(old: MeshDocument, next: MeshDocument): control.Difference {
  const { difference, diagnostics } = loaded().diff(old, next);
  return found(difference, diagnostics);
}

function found<T>(value: T | undefined, diagnostics: control.Diagnostic[]): T {
  if (value === undefined) {
    throw new MeshError("invalid_config", diagnostics.map(({ message }) => message).join("\n"), diagnostics);
  }
  return value;
}

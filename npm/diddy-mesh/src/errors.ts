/** The errors this package throws. Every one is a `MeshError` with a `code` that stays the same between versions. */

/** What went wrong, as a word that programs can compare. */
export type MeshErrorCode =
  | "not_initialized"
  | "invalid_options"
  | "invalid_handlers"
  | "invalid_config"
  | "invalid_snapshot"
  | "config_needs_compiler"
  | "feature_missing"
  | "registry_not_found"
  | "invalid_target"
  | "same_zone_fetch";

/** One finding of the compiler about a configuration document. */
export interface ConfigDiagnostic {
  readonly severity: "error" | "warning";
  /** Kebab-case, stable. */
  readonly code: string;
  /** Where in the document, such as `services.user-service.endpoints[0]`. */
  readonly path: string;
  readonly message: string;
}

/** An error made by the mesh itself: a wrong use, a wrong configuration, or a platform rule that was broken. */
export class MeshError extends Error {
  override readonly name = "MeshError";
  /** Stable: compare this, not the message. */
  readonly code: MeshErrorCode;
  /** The findings, when `code` is `invalid_config`; else empty. */
  readonly diagnostics: readonly ConfigDiagnostic[];

  constructor(code: MeshErrorCode, message: string, diagnostics: readonly ConfigDiagnostic[] = []) {
    super(message);
    this.code = code;
    this.diagnostics = diagnostics;
  }
}

/** What a host keeps of a Snapshot, as the compiler wrote it: see `snapshot/host_text.rs` of the crate `mesh-core`. */

/** One header edit: `=` set, `+` add or `-` remove, the name, the value. */
export type Edit = readonly [verb: string, name: string, value: string];

/** What a backend changes on requests and responses. */
export interface Edits {
  /** The host that goes out; empty = the request's own. */
  readonly host: string;
  readonly request: readonly Edit[];
  readonly response: readonly Edit[];
}

/** See the head of this file. */
export interface Tables {
  readonly version: number;
  readonly name: string;
  /** `NEED` bits. */
  readonly needs: number;
  /** Names of the headers that `begin` hands in, in their order. */
  readonly headers: readonly string[];
  /** Names. */
  readonly services: readonly string[];
  /** The first endpoint of each service, -1 = none. */
  readonly serviceEndpoints: readonly number[];
  /** Addresses. */
  readonly endpoints: readonly string[];
  /** The version of each endpoint, empty = none. */
  readonly versions: readonly string[];
  /** Names. */
  readonly rules: readonly string[];
  /** The first service of each rule, -1 = none. */
  readonly ruleServices: readonly number[];
  /** By number; only those that change something. */
  readonly backends: Readonly<Record<string, Edits>>;
}

const COLUMNS = ["headers", "services", "serviceEndpoints", "endpoints", "versions", "rules", "ruleServices"] as const;

/** Reads the text. Undefined where it is of another shape: a checksum says that it is what was published, not that it is good. */
export function tablesOf(text: string): Tables | undefined {
  try {
    const known = JSON.parse(text) as Tables;
    return COLUMNS.every((name) => Array.isArray(known[name])) && typeof known.backends === "object" ? known : undefined;
  } catch {
    return undefined;
  }
}

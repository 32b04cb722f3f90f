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
  /** Name and first endpoint, -1 = none. */
  readonly services: readonly (readonly [name: string, endpoint: number])[];
  /** Address and version, empty = none. */
  readonly endpoints: readonly (readonly [address: string, version: string])[];
  /** Name and first service, -1 = none. */
  readonly rules: readonly (readonly [name: string, service: number])[];
  /** By number; only those that change something. */
  readonly backends: Readonly<Record<string, Edits>>;
}

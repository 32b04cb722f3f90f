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

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => Number.isInteger(value);
/** A name that `Headers` takes. */
const isName: Check = (value) => isText(value) && /^[\w!#$%&'*+.^`|~-]+$/.test(value as string);
const isColumn = (value: unknown, cell: Check, like: unknown = value): boolean =>
  Array.isArray(value) && value.every(cell) && value.length === (like as readonly unknown[]).length;
const isEdit: Check = (value) => isColumn(value, isText, "=nv") && isName((value as Edit)[1]);
const isBackend: Check = (value) => isText((value as Edits).host) && isColumn((value as Edits).request, isEdit) && isColumn((value as Edits).response, isEdit);

/** Reads the text. Undefined where it is of another shape: a checksum says that it is what was published, not that it is good. */
export function tablesOf(text: string, endpoints: number): Tables | undefined {
  try {
    const known = JSON.parse(text) as Tables;
    const { backends, headers, rules, ruleServices, services, serviceEndpoints, versions } = known;
    const good =
      isColumn(headers, isName) &&
      isColumn(services, isText) &&
      isColumn(serviceEndpoints, isNumber, services) &&
      isColumn(known.endpoints, isText, { length: endpoints }) &&
      isColumn(versions, isText, known.endpoints) &&
      isColumn(rules, isText) &&
      isColumn(ruleServices, isNumber, rules) &&
      typeof backends === "object" &&
      Object.values(backends).every(isBackend);
    return good ? known : undefined;
  } catch {
    return undefined;
  }
}

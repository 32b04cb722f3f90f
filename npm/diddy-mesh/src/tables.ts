/** What a host keeps of a Snapshot, as the compiler wrote it: see `snapshot/host_text.rs` of the crate `mesh-core`. */

/** One header edit: `=` set, `+` add, `-` remove or `^` copy from the request, the name, the value. */
export type Edit = readonly [verb: string, name: string, value: string];

/** What a backend changes on requests and responses. */
export interface Edits {
  /** The host that goes out; empty = the request's own. */
  readonly host: string;
  readonly request: readonly Edit[];
  readonly response: readonly Edit[];
  /** The body of a direct response. */
  readonly body?: string;
}

/** Header edits of answers to other origins. */
export interface CrossOrigin {
  readonly preflight: readonly Edit[];
  readonly actual: readonly Edit[];
}

/** What asks for another attempt: `?` a header that is there, `=` one of that value, `!` a predicate given in code. */
export type Predicate = readonly [kind: string, name: string, value: string];

/** A feature flag: its name, and the names and values of its variants, each by its number. */
export type FlagRow = readonly [name: string, variants: readonly (readonly [name: string, value: unknown])[]];

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
  readonly cors?: readonly CrossOrigin[];
  /** `RateLimit-Policy` of each limit. */
  readonly limits?: readonly string[];
  /** Who counts each limit: the isolate (empty), a rate-limit binding by its name, or `*` = all isolates together. */
  readonly tiers?: readonly string[];
  /** Name of a sticky cookie, and what follows its value, by rule. */
  readonly cookies?: Readonly<Record<string, readonly [name: string, attributes: string]>>;
  /** By number. */
  readonly flags?: readonly FlagRow[];
  /** Names of balancers given in code, by policy. */
  readonly balancers?: Readonly<Record<string, string>>;
  /** Services whose state isolates share. */
  readonly shared?: readonly number[];
  /** By policy. */
  readonly predicates?: Readonly<Record<string, readonly Predicate[]>>;
}

export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => Number.isInteger(value);
/** A name that `Headers` takes, or with a colon in front one that hosts have a value for. */
const isName: Check = (value) => isText(value) && /^:?[\w!#$%&'*+.^`|~-]+$/.test(value as string);
export const isColumn = (value: unknown, cell: Check, like: unknown = value): boolean =>
  Array.isArray(value) && value.every(cell) && value.length === (like as readonly unknown[]).length;
/** A value that `Headers` takes. */
export const isValue: Check = (value) => isText(value) && !/[\0\r\n]/.test(value as string);
export const isNamed = (value: unknown, like: string): boolean => isColumn(value, isValue, like) && isName((value as readonly unknown[])[like.indexOf("n")]);
const isEdit: Check = (value) => isNamed(value, "=nv");
export const isEdits: Check = (value) => isColumn(value, isEdit);
const isBackend: Check = (value) => isText((value as Edits).host) && isEdits((value as Edits).request) && isEdits((value as Edits).response) && isText((value as Edits).body ?? "");

/** Reads the text; `more` checks what this does not. Undefined where it is of another shape: a checksum says that it is what was published, not that it is good. */
export function tablesOf(text: string, endpoints: number, more: (known: Tables) => boolean): Tables | undefined {
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
      Object.values(backends).every(isBackend) &&
      more(known);
    return good ? known : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whom a flag is asked for, as the engine is shown it: like a request that comes in, with what the caller knows better
 * in place of what the request says. Nothing here throws for what a context holds: what is no text is not there.
 */
import type { Ground, Shown } from "../call.js";
import { BODY } from "../generated/abi.js";
import type { Located } from "../traffic/identity.js";

/** Stands for a request of which nobody said where it goes. */
const NOWHERE = "https://localhost/";

/** What a flag may depend on; all optional. What is not said and not in `request` is not there: no rule that asks for it holds. */
export interface FlagContext {
  /** A request whose own values hold where the others say nothing. Its body is not read. */
  readonly request?: Request | undefined;
  /** Who calls. By default what the mesh's option `principal` says of `request`. */
  readonly principal?: string | undefined;
  /** By default what the mesh's option `tenant` says of `request`. */
  readonly tenant?: string | undefined;
  /** Two letters of ISO 3166-1, such as `DE`. This and the next three are by default those of `request.cf`. */
  readonly country?: string | undefined;
  /** Two letters, such as `EU`. */
  readonly continent?: string | undefined;
  /** The first-level region of ISO 3166-2 without its country, such as `TX`. */
  readonly regionCode?: string | undefined;
  /** Three letters of the data centre, such as `FRA`. */
  readonly colo?: string | undefined;
  /** By default the header `cf-connecting-ip`. */
  readonly clientAddress?: string | undefined;
  /** An http(s) URL: rules may ask for its query. */
  readonly url?: string | undefined;
  /** Default `GET`. */
  readonly method?: string | undefined;
  readonly headers?: Headers | Readonly<Record<string, string>> | undefined;
}

/** Whom a flag is asked for. */
export type FlagSubject = Request | FlagContext;

/** What the engine is shown of a subject. */
export function shown(ground: Ground, subject: FlagSubject | undefined): Shown {
  const common = { ...ground, root: undefined, body: BODY.NONE, deadline: Infinity, depth: 0 };
  if (subject instanceof Request) {
    const { method, url } = subject;
    return { ...common, request: subject, method, url };
  }
  const said = typeof subject === "object" && subject !== null ? subject : {};
  const request = said.request instanceof Request ? said.request : undefined;
  const own = textsOf(said.headers);
  if (typeof said.clientAddress === "string") {
    own.set("cf-connecting-ip", said.clientAddress);
  }
  const get = (name: string): string | null => own.get(name) ?? request?.headers.get(name) ?? null;
  const headers = { get, has: (name: string) => get(name) !== null };
  const { cf } = (request ?? {}) as Located;
  const told: Readonly<Record<string, unknown>> = {
    ":principal": said.principal,
    ":tenant": said.tenant,
    ":country": said.country,
    ":continent": said.continent,
    ":regionCode": said.regionCode,
    ":colo": said.colo,
  };
  const { traffic } = ground.features;
  const identity: NonNullable<typeof traffic>["identity"] = (call, name) => {
    const value = told[name];
    return typeof value === "string" ? value : ((request && traffic?.identity(call, name, request)) ?? null);
  };
  return {
    ...common,
    features: { traffic: { ...traffic, identity } as NonNullable<typeof traffic> },
    request: { headers, cf } as unknown as Request,
    method: typeof said.method === "string" ? said.method.toUpperCase() : (request?.method ?? "GET"),
    url: httpUrl(said.url) ?? request?.url ?? NOWHERE,
  };
}

/** Headers by their names in small letters. Any text is taken: nothing of it is sent. */
function textsOf(headers: unknown): Map<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers ?? {});
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string").map(([name, value]) => [name.toLowerCase(), value]));
}

/** A URL as a request has it; undefined where it is none. */
function httpUrl(text: unknown): string | undefined {
  if (typeof text !== "string" || !/^https?:/i.test(text)) {
    return undefined;
  }
  try {
    return new URL(text).href;
  } catch {
    return undefined;
  }
}

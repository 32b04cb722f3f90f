/** Endpoints and the ways to reach them. Nothing of a request is kept: every attempt gets its own stub. */
import { binding } from "./transport/binding.js";
import { dispatch } from "./transport/dispatch.js";
import { durableObject } from "./transport/durable-object.js";
import { local } from "./transport/local.js";
import { mtls } from "./transport/mtls.js";
import { url } from "./transport/url.js";
import { vpc } from "./transport/vpc.js";
import type { ContextLike, LocalService } from "./types.js";

/** What a transport may use of the request's surroundings. */
export interface Scene {
  readonly env: object;
  readonly ctx: ContextLike | undefined;
  readonly local: Readonly<Record<string, LocalService>> | undefined;
}

/** One way to reach a service, read from its address. */
export interface Endpoint {
  /** As in the configuration. */
  readonly address: string;
  readonly transport: Transport;
  /** The binding, or the name of a local service; empty for URLs. */
  readonly name: string;
  /** What the URL of a request begins with here; empty where the URL's own origin stays. */
  readonly base: string;
  /** The key, Worker or entrypoint behind the name. */
  readonly rest: string;
  /** Whether this Worker has what the address needs. */
  reachable: boolean;
}

/** One kind of address. */
export interface Transport {
  /** Whether an attempt that is given up must be aborted. A binding's is not: its late answer is dropped, which costs less. */
  readonly aborts: boolean;
  readonly reachable: (endpoint: Endpoint, env: object, local: Scene["local"]) => boolean;
  readonly send: (endpoint: Endpoint, request: Request, scene: Scene, signal?: AbortSignal) => Promise<Response>;
}

const kinds: Readonly<Record<string, Transport>> = { binding, do: durableObject, dispatch, vpc, mtls, local };

/** Reads an address. The compiler checked the grammar already. */
export function parseAddress(address: string): Endpoint {
  const colon = address.indexOf(":");
  const scheme = address.slice(0, colon);
  const transport = Object.hasOwn(kinds, scheme) ? kinds[scheme] : undefined;
  if (transport === undefined) {
    return { address, transport: url, name: "", base: address.replace(/\/$/, ""), rest: "", reachable: true };
  }
  const whole = address.slice(colon + 1);
  const cut = whole.search(/[/#]/);
  const [name, rest] = cut < 0 ? [whole, ""] : [whole.slice(0, cut), whole.slice(cut + 1)];
  // What is aborted goes to an origin of its own.
  const base = transport.aborts ? (rest.includes("://") ? rest : `http://${rest}`).replace(/\/$/, "") : "";
  return { address, transport, name, base, rest, reachable: true };
}

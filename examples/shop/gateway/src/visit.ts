/** One page load: who the shopper is, what they pay in, and the calls made for them. */
import { backends, type Backends } from "../../shared/backends";
import type { Context } from "../../shared/calls";

/** What the shop shows prices in. The first is the default. */
export const CURRENCIES = ["USD", "EUR", "JPY", "CAD", "GBP", "TRY"] as const;

const SESSION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const YEAR_S = 31_536_000;

/** See the head of this file. */
export interface Visit {
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
  readonly session: string;
  /** Whether the session starts with this page. */
  readonly fresh: boolean;
  readonly currency: string;
  readonly shop: Backends;
  /** Calls made so far for this page, by service. */
  readonly calls: ReadonlyMap<string, number>;
  readonly tallies: Context["tallies"];
}

/** Reads the cookies and sets the services up. */
export function visitOf(request: Request, { params, fetch, tallies }: Context): Visit {
  const cookies = new Map((request.headers.get("cookie") ?? "").split(/;\s*/).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  const known = SESSION.test(cookies.get("shop_session") ?? "") ? cookies.get("shop_session") : undefined;
  const calls = new Map<string, number>();
  return {
    request,
    params,
    session: known ?? crypto.randomUUID(),
    fresh: known === undefined,
    currency: CURRENCIES.find((code) => code === cookies.get("shop_currency")) ?? CURRENCIES[0],
    shop: backends((service, target, init) => {
      calls.set(service, (calls.get(service) ?? 0) + 1);
      return fetch(service, target, init);
    }),
    calls,
    tallies,
  };
}

/** A `set-cookie` value; an empty one ends the cookie. */
export function cookie(name: string, value: string): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${value === "" ? 0 : YEAR_S}`;
}

/** The services of the shop as functions. Each makes exactly one call; what is not 2xx throws. */
import type { Fetch } from "./calls";
import { Refused, Unavailable } from "./http";
import type { Money } from "./money";
import type { Ad, CartLine, Card, Order, OrderWish, Product, Suggestion } from "./wire";

/** See the head of this file. */
export type Backends = ReturnType<typeof backends>;

/** The services, called through `fetch`. */
export function backends(fetch: Fetch) {
  const get = <T>(service: string, target: string): Promise<T> => call<T>(fetch, service, target);
  const send = <T>(service: string, target: string, body: unknown, headers: Record<string, string> = {}): Promise<T> =>
    call<T>(fetch, service, target, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });

  return {
    currencies: () => get<string[]>("currency-service", "/currencies"),
    convert: ({ units, nanos, currencyCode }: Money, to: string) =>
      get<Money>("currency-service", `/convert?units=${units}&nanos=${nanos}&from=${currencyCode}&to=${encodeURIComponent(to)}`),
    products: () => get<Product[]>("productcatalog-service", "/products"),
    product: (id: string) => get<Product>("productcatalog-service", `/products/${encodeURIComponent(id)}`),
    cart: (session: string) => get<CartLine[]>("cart-service", `/carts/${session}`),
    addItem: (session: string, line: CartLine) => send<CartLine[]>("cart-service", `/carts/${session}/lines`, line),
    emptyCart: (session: string) => call<CartLine[]>(fetch, "cart-service", `/carts/${session}`, { method: "DELETE" }),
    suggestions: (without: readonly string[]) => get<Suggestion[]>("recommendation-service", `/suggestions?without=${without.join()}`),
    quote: (pieces: number) => get<Money>("shipping-service", `/quote?pieces=${pieces}`),
    ship: (order: string) => send<{ trackingId: string }>("shipping-service", "/shipments", { order }),
    charge: (order: string, amount: Money, card: Card) => send<{ transactionId: string }>("payment-service", "/charges", { amount, card }, { "idempotency-key": order }),
    confirm: (email: string, order: Order) => send<{ sent: boolean }>("email-service", "/confirmations", { email, order }),
    placeOrder: (wish: OrderWish) => send<Order>("checkout-service", "/orders", wish),
    ads: (categories: readonly string[]) => get<Ad[]>("ad-service", `/ads?categories=${categories.map(encodeURIComponent).join()}`),
  };
}

async function call<T>(fetch: Fetch, service: string, target: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(service, target, init);
  } catch {
    throw new Unavailable(service, 0);
  }
  if (response.ok) {
    return response.json<T>();
  }
  if (response.status >= 500) {
    await response.body?.cancel();
    throw new Unavailable(service, response.status);
  }
  const { error } = await response.json<{ error?: string }>().catch(() => ({ error: undefined }));
  throw new Refused(response.status, error ?? `${service} answered ${response.status}`);
}

/** The answer, or undefined: for parts that a page can do without. */
export async function tolerated<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch {
    return undefined;
  }
}

/** What a shopper does and is then sent elsewhere for. */
import type { Render } from "./page";
import { cookie, CURRENCIES } from "./visit";

function see(location: string, ...cookies: string[]): Response {
  const headers = new Headers({ location, "cache-control": "no-store" });
  cookies.forEach((value) => headers.append("set-cookie", value));
  return new Response(null, { status: 303, headers });
}

function field(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** Puts pieces of a product into the cart, once the catalogue says that it exists. */
export const addToCart: Render = async ({ request, shop, session }) => {
  const form = await request.formData();
  const product = await shop.product(field(form, "product_id"));
  await shop.addItem(session, { productId: product.id, quantity: Number(field(form, "quantity")) });
  return see("/cart");
};

export const emptyCart: Render = async ({ shop, session }) => {
  await shop.emptyCart(session);
  return see("/cart");
};

/** Remembers the currency and goes back to the page the shopper came from, if it is one of ours. */
export const setCurrency: Render = async ({ request }) => {
  const wanted = field(await request.formData(), "currency_code");
  const here = new URL(request.url);
  const referer = request.headers.get("referer") ?? "";
  const from = URL.canParse(referer) ? new URL(referer) : undefined;
  const back = from?.host === here.host && from.pathname !== "/cart/checkout" ? from.pathname : "/";
  const known = CURRENCIES.find((code) => code === wanted);
  return known === undefined ? see(back) : see(back, cookie("shop_currency", known));
};

export const logout: Render = async () => see("/", cookie("shop_session", ""), cookie("shop_currency", ""));

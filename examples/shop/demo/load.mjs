/** The load: shoppers that do what the weights say, one page after the other, until enough pages were loaded. */
import { chance } from "./implied.mjs";
import { dice, oneOf, weighted } from "./random.mjs";
import { Shopper } from "./shopper.mjs";

/** @typedef {import("./shopper.mjs").Load} Load */

/** How often shoppers do what: the weights of the Online Boutique's own load generator. */
const WEIGHTS = { index: 1, setCurrency: 2, browseProduct: 10, addToCart: 2, viewCart: 3, checkout: 1 };
const PRODUCTS = ["0PUK6V6EV0", "1YMWWN1N4O", "2ZYFJ3GM2N", "66VCHSJNUP", "6E92ZMYYFZ", "9SIQT8TOJO", "L9ECAV7KIM", "LS4PSXUNUM", "OLJCESPC7Z"];
const CURRENCIES = ["EUR", "USD", "JPY", "CAD", "GBP", "TRY"];
const FORM = { email: "someone@example.com", street_address: "12 Quay Street", postcode: "1012", city: "Harbour Town", country: "New Zealand", card_number: "4242 4242 4242 4242", card_month: "1", card_year: "2039" };
/** Shoppers at once. */
const SHOPPERS = 4;
/** No run takes longer, in ms. */
const RUN_MS_MAX = 60_000;

/**
 * @typedef {object} Plan
 * @property {URL} url
 * @property {number} requests page loads
 * @property {number} seed
 * @property {() => import("./implied.mjs").Rates} rates what fails at the moment
 * @property {(number: number) => Promise<void>} onLoad called before each page load, with its number from 1
 */

/**
 * @param {Plan} plan
 * @returns {Promise<Load[]>}
 */
export async function drive(plan) {
  /** @type {Load[]} */
  const loads = [];
  const until = performance.now() + RUN_MS_MAX;
  let started = 0;
  const more = () => started < plan.requests && performance.now() < until;

  /**
   * @param {Shopper} shopper
   * @param {string} kind
   * @param {[page: string, path: string, form?: Record<string, string>]} what
   * @param {number} lines products in the cart while the page is made
   */
  const visit = async (shopper, kind, what, lines = shopper.cart.size) => {
    started += 1;
    await plan.onLoad(started);
    const implied = chance(kind, lines, plan.rates());
    const result = await shopper.load(...what);
    loads.push({ page: kind, implied, ok: result.ok, ms: result.ms, why: result.why });
    return result;
  };

  const shop = async (/** @type {number} */ number) => {
    const roll = dice(plan.seed * 1000 + number);
    const shopper = new Shopper(plan.url);
    const browse = (/** @type {string} */ id) => visit(shopper, "product", ["product", `/product/${id}`]);
    const fill = async () => {
      const id = oneOf(PRODUCTS, roll);
      await browse(id);
      if (more()) {
        const lines = new Set([...shopper.cart, id]).size;
        const { redirected } = await visit(shopper, "add to cart", ["cart", "/cart", { product_id: id, quantity: oneOf(["1", "2", "3", "4", "5", "10"], roll) }], lines);
        // A shopper who was sent to the cart knows that the piece is in it, whatever became of that page.
        if (redirected) {
          shopper.cart.add(id);
        }
      }
    };
    const actions = {
      index: () => visit(shopper, "home", ["home", "/"]),
      setCurrency: () => visit(shopper, "home", ["home", "/setCurrency", { currency_code: oneOf(CURRENCIES, roll) }]),
      browseProduct: () => browse(oneOf(PRODUCTS, roll)),
      addToCart: fill,
      viewCart: () => visit(shopper, "cart", ["cart", "/cart"]),
      checkout: async () => {
        await fill();
        // Nobody tries to pay for a cart that stayed empty.
        if (more() && shopper.cart.size > 0 && (await visit(shopper, "order", ["order", "/cart/checkout", FORM])).ok) {
          shopper.cart.clear();
        }
      },
    };
    while (more()) {
      await actions[weighted(WEIGHTS, roll)]();
    }
  };

  await Promise.all(Array.from({ length: SHOPPERS }, (_, number) => shop(number)));
  return loads;
}

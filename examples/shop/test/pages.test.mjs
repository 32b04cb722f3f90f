/** The pages, with the mesh off and on, while nothing is broken on purpose. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { compile } from "../demo/compile.mjs";
import { buildAll, start } from "../demo/workers.mjs";

const FORM = { email: "someone@example.com", street_address: "12 Quay Street", postcode: "1012", city: "Harbour Town", country: "New Zealand", card_number: "4242 4242 4242 4242", card_month: "1", card_year: "2039" };

/** @type {import("../demo/workers.mjs").Built[]} */
let built;
before(async () => {
  await compile();
  built = await buildAll();
});

for (const mode of /** @type {const} */ (["off", "on"])) {
  describe(`mesh ${mode}`, () => {
    /** @type {import("../demo/workers.mjs").Shop} */
    let shop;
    before(async () => {
      shop = await start(built, { mode, faults: false });
    });
    after(() => shop.stop());

    /**
     * @param {string} path
     * @param {{ cookie?: string, form?: Record<string, string>, headers?: Record<string, string> }} [options]
     */
    const ask = async (path, { cookie = "", form, headers = {} } = {}) => {
      const answer = await fetch(new URL(path, shop.url), {
        redirect: "manual",
        headers: { ...headers, cookie },
        ...(form && { method: "POST", body: new URLSearchParams(form) }),
      });
      return { status: answer.status, headers: answer.headers, text: await answer.text(), session: answer.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
    };

    test("the home page shows nine products with prices, and an ad", async () => {
      const { status, text, headers } = await ask("/");
      assert.equal(status, 200);
      assert.equal(text.match(/data-product=/g)?.length, 9);
      assert.match(text, /\$109\.99/);
      assert.match(text, /class="ad"/);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    });

    test("prices are shown in the chosen currency", async () => {
      const set = await ask("/setCurrency", { form: { currency_code: "JPY" } });
      assert.equal(set.status, 303);
      assert.equal(set.headers.get("location"), "/");
      const cookie = set.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
      const { text } = await ask("/", { cookie });
      assert.match(text, /¥16,469/);
      assert.match(text, /<option selected>JPY/);
    });

    test("a currency is set only to one there is, and the way back stays in the shop", async () => {
      const answer = await ask("/setCurrency", { form: { currency_code: "XXX" }, headers: { referer: "https://elsewhere.example/trap" } });
      assert.equal(answer.headers.get("location"), "/");
      assert.doesNotMatch(answer.headers.getSetCookie().join(), /shop_currency/);
    });

    test("a product page shows the product and four others", async () => {
      const { status, text } = await ask("/product/L9ECAV7KIM");
      assert.equal(status, 200);
      assert.match(text, /<h1>Saffron Loafers<\/h1>/);
      assert.equal(text.match(/data-suggested="(?!L9ECAV7KIM)/g)?.length, 4);
    });

    test("a product that does not exist is a 404 page", async () => {
      const { status, text } = await ask("/product/NOPE");
      assert.equal(status, 404);
      assert.match(text, /No such product/);
    });

    test("from the product through the cart to the order", async () => {
      const added = await ask("/cart", { form: { product_id: "6E92ZMYYFZ", quantity: "2" } });
      assert.equal(added.status, 303);
      const cookie = added.session;
      await ask("/cart", { cookie, form: { product_id: "9SIQT8TOJO", quantity: "1" } });
      const cart = await ask("/cart", { cookie });
      assert.equal(cart.text.match(/data-line=/g)?.length, 2);
      // 2 × 14.90 + 12.40 + 8.99
      assert.match(cart.text, /data-total>\$51\.19</);
      const order = await ask("/cart/checkout", { cookie, form: FORM });
      assert.equal(order.status, 200);
      assert.match(order.text, /data-order>[0-9a-f-]{36}</);
      assert.match(order.text, /\$51\.19/);
      assert.match((await ask("/cart", { cookie })).text, /Your cart is empty/);
    });

    test("a card that has expired is refused, and the cart stays", async () => {
      const { session: cookie } = await ask("/cart", { form: { product_id: "6E92ZMYYFZ", quantity: "1" } });
      const refused = await ask("/cart/checkout", { cookie, form: { ...FORM, card_year: "2020" } });
      assert.equal(refused.status, 402);
      assert.match(refused.text, /The card has expired/);
      assert.match((await ask("/cart", { cookie })).text, /data-line="6E92ZMYYFZ"/);
    });

    test("what a shopper sends is not markup", async () => {
      const { status, text } = await ask("/cart/checkout", { form: { ...FORM, email: "" } });
      assert.equal(status, 422);
      assert.match(text, /Email is missing/);
      assert.doesNotMatch((await ask("/product/%3Cscript%3E")).text, /<script/);
    });

    test("the rules of mesh.json carry the API to its services", async () => {
      const currencies = await ask("/api/currencies");
      assert.deepEqual(JSON.parse(currencies.text), ["EUR", "USD", "JPY", "CAD", "GBP", "TRY"]);
      assert.equal(JSON.parse((await ask("/api/products/1YMWWN1N4O")).text).name, "Meridian Watch");
    });

    test("the foot of the page says what the mesh did", async () => {
      const { text } = await ask("/");
      assert.match(text, mode === "on" ? /What the mesh did for this page/ : /Mesh off/);
      assert.match(text, /<th scope="row">currency<\/th><td class="number">10<\/td>/);
    });

    test("nothing answers after the stop", async () => {
      const other = await start(built, { mode, faults: false });
      assert.equal((await fetch(other.url)).status, 200);
      await other.stop();
      await assert.rejects(fetch(other.url));
    });
  });
}

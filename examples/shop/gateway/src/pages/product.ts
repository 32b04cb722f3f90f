/** One product, and four others. */
import { tolerated } from "../../../shared/backends";
import { format } from "../../../shared/money";
import type { Render } from "../page";
import { art } from "../view/art";
import { banner } from "../view/banner";
import { card } from "../view/card";
import { html } from "../view/html";

export const product: Render = async ({ shop, session, currency, params }) => {
  const shown = await shop.product(params["id"] ?? "");
  const ads = tolerated(shop.ads(shown.categories));
  const others = shop.suggestions([shown.id]).then((found) => Promise.all(found.map(({ id }) => shop.product(id))));
  const [currencies, cart, price, suggested] = await Promise.all([shop.currencies(), shop.cart(session), shop.convert(shown.price, currency), others]);
  const main = html`<article class="product" data-product="${shown.id}">
  ${art(shown.id)}
  <div>
    <p class="kicker">${shown.categories.join(" · ")}</p>
    <h1>${shown.name}</h1>
    <p class="tagline">${shown.tagline}</p>
    <p class="price big">${format(price)}</p>
    <p>${shown.description}</p>
    <form class="buy" method="post" action="/cart">
      <input type="hidden" name="product_id" value="${shown.id}">
      <label for="quantity">How many</label>
      <select id="quantity" name="quantity">${[1, 2, 3, 4, 5, 10].map((count) => html`<option>${count}</option>`)}</select>
      <button>Add to cart</button>
    </form>
  </div>
</article>
<section aria-labelledby="others">
  <h2 id="others">You may also like</h2>
  <ul class="grid small-cards">${suggested.map((other) => html`<li data-suggested="${other.id}">${card(other)}</li>`)}</ul>
</section>
${banner(await ads)}`;
  return { title: shown.name, main, currencies, pieces: cart.reduce((sum, { quantity }) => sum + quantity, 0) };
};

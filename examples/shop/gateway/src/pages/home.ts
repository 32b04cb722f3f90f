/** Everything there is. */
import { tolerated } from "../../../shared/backends";
import type { Render } from "../page";
import { banner } from "../view/banner";
import { card } from "../view/card";
import { html } from "../view/html";

export const home: Render = async ({ shop, session, currency }) => {
  const ads = tolerated(shop.ads([]));
  const [currencies, products, cart] = await Promise.all([shop.currencies(), shop.products(), shop.cart(session)]);
  const prices = await Promise.all(products.map(({ price }) => shop.convert(price, currency)));
  const main = html`<section class="hero">
  <h1>Nine good things,<br>kept simple.</h1>
  <p>A very small shop on Cloudflare Workers. Nine services stand behind this page; some of them misbehave on purpose.</p>
</section>
<h2 class="hidden">Products</h2>
<ul class="grid">${products.map((product, i) => html`<li>${card(product, prices[i])}</li>`)}</ul>
${banner(await ads)}`;
  return { title: "Nine good things", main, currencies, pieces: cart.reduce((sum, { quantity }) => sum + quantity, 0) };
};

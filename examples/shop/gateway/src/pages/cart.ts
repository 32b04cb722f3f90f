/** What the shopper chose, and the way to pay for it. */
import { add, format, times } from "../../../shared/money";
import type { CartLine } from "../../../shared/wire";
import type { Render } from "../page";
import { art } from "../view/art";
import { checkoutForm } from "../view/checkout-form";
import { html, type Html } from "../view/html";
import { suggestions } from "../view/suggestions";

export const cart: Render = async ({ shop, session, currency }) => {
  const [currencies, lines] = await Promise.all([shop.currencies(), shop.cart(session)]);
  const pieces = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const price = async ({ productId, quantity }: CartLine) => {
    const { name, price } = await shop.product(productId);
    return { productId, quantity, name, sum: times(await shop.convert(price, currency), quantity) };
  };
  const [suggested, shipping, priced] = await Promise.all([
    shop.suggestions(lines.map(({ productId }) => productId)),
    shop.quote(pieces).then((quote) => shop.convert(quote, currency)),
    Promise.all(lines.map(price)),
  ]);
  const total = priced.reduce((sum, line) => add(sum, line.sum), shipping);
  const filled = html`<h1 class="columns-title">Your cart</h1>
<div class="columns">
  <section aria-label="Lines">
    <ul class="lines">${priced.map(({ productId, quantity, name, sum }) => html`<li data-line="${productId}">
      <a class="thumb" href="/product/${productId}" tabindex="-1" aria-hidden="true">${art(productId)}</a>
      <a href="/product/${productId}">${name}</a>
      <span class="quantity">× ${quantity}</span>
      <span class="price">${format(sum)}</span>
    </li>`)}</ul>
    <dl class="sums">
      <div><dt>Shipping</dt><dd>${format(shipping)}</dd></div>
      <div class="total"><dt>Total</dt><dd data-total>${format(total)}</dd></div>
    </dl>
    <form method="post" action="/cart/empty"><button class="quiet">Empty the cart</button></form>
  </section>
  ${checkoutForm(format(total))}
</div>`;
  return { title: "Your cart", main: html`${lines.length === 0 ? empty() : filled}${suggestions(suggested)}`, currencies, pieces };
};

function empty(): Html {
  return html`<section class="hero"><h1>Your cart is empty.</h1><p data-total>Nothing to pay for yet. <a href="/">Look around</a>.</p></section>`;
}

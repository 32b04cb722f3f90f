/** A product in a grid. */
import { format, type Money } from "../../../shared/money";
import type { Product } from "../../../shared/wire";
import { art } from "./art";
import { html, type Html } from "./html";

/** The card of a product, with its price in the shopper's currency where the page asked for it. */
export function card({ id, name, tagline }: Product, price?: Money): Html {
  return html`<a class="card" href="/product/${id}" data-product="${id}">
  ${art(id)}
  <span class="name">${name}</span>
  ${price === undefined ? html`<span class="tagline">${tagline}</span>` : html`<span class="price">${format(price)}</span><span class="tagline">${tagline}</span>`}
</a>`;
}

/** Pays for the cart and says that it is on its way. */
import { tolerated } from "../../../shared/backends";
import { Refused } from "../../../shared/http";
import { format, times } from "../../../shared/money";
import type { OrderWish } from "../../../shared/wire";
import type { Render } from "../page";
import type { Visit } from "../visit";
import { html } from "../view/html";
import { suggestions } from "../view/suggestions";

export const order: Render = async (visit) => {
  const { shop } = visit;
  const placed = await shop.placeOrder(await wishOf(visit));
  const [suggested, currencies] = await Promise.all([tolerated(shop.suggestions(placed.lines.map(({ productId }) => productId))), shop.currencies()]);
  const main = html`<section class="hero">
  <h1>Thank you.</h1>
  <p>Your order is on its way, and so is a note to your mailbox.</p>
</section>
<section class="receipt" aria-label="Receipt">
  <dl class="sums">
    ${placed.lines.map(({ name, quantity, price }) => html`<div><dt>${quantity} × ${name}</dt><dd>${format(times(price, quantity))}</dd></div>`)}
    <div><dt>Shipping</dt><dd>${format(placed.shipping)}</dd></div>
    <div class="total"><dt>Paid</dt><dd>${format(placed.total)}</dd></div>
  </dl>
  <p class="small">Order <code data-order>${placed.id}</code><br>Parcel <code>${placed.trackingId}</code></p>
</section>
${suggestions(suggested ?? [])}`;
  return { title: "Thank you", main, currencies, pieces: 0 };
};

async function wishOf({ request, session, currency }: Visit): Promise<OrderWish> {
  const form = await request.formData();
  const field = (name: string): string => {
    const value = form.get(name);
    if (typeof value !== "string" || value.trim() === "") {
      throw new Refused(422, `${name.replaceAll("_", " ")} is missing`);
    }
    return value.trim().slice(0, 200);
  };
  return {
    session,
    currency,
    email: field("email"),
    address: { street: field("street_address"), city: field("city"), postcode: field("postcode"), country: field("country") },
    card: { number: field("card_number"), month: Number(field("card_month")), year: Number(field("card_year")) },
  };
}

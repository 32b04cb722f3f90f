/** Where to send it and how to pay. Filled in already: this is a demo, and the card is the one printed in every manual. */
import { html, type Html } from "./html";

interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly autocomplete: string;
  readonly type?: "email" | "text";
  readonly wide?: boolean;
  readonly numeric?: boolean;
}

const WHERE: readonly Field[] = [
  { name: "email", label: "E-mail", value: "someone@example.com", autocomplete: "email", type: "email", wide: true },
  { name: "street_address", label: "Street", value: "12 Quay Street", autocomplete: "street-address", wide: true },
  { name: "postcode", label: "Postcode", value: "1012", autocomplete: "postal-code" },
  { name: "city", label: "City", value: "Harbour Town", autocomplete: "address-level2" },
  { name: "country", label: "Country", value: "New Zealand", autocomplete: "country-name", wide: true },
];

const HOW: readonly Field[] = [
  { name: "card_number", label: "Card number", value: "4242 4242 4242 4242", autocomplete: "cc-number", wide: true, numeric: true },
  { name: "card_month", label: "Month", value: "1", autocomplete: "cc-exp-month", numeric: true },
  { name: "card_year", label: "Year", value: "2039", autocomplete: "cc-exp-year", numeric: true },
];

export function checkoutForm(total: string): Html {
  return html`<form class="checkout" method="post" action="/cart/checkout">
  <fieldset><legend>Send it to</legend>${WHERE.map(input)}</fieldset>
  <fieldset><legend>Pay with</legend>${HOW.map(input)}</fieldset>
  <button>Pay ${total}</button>
</form>`;
}

function input({ name, label, value, autocomplete, type = "text", wide = false, numeric = false }: Field): Html {
  return html`<label${wide && html` class="wide"`}>${label}<input name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}" required${numeric && html` inputmode="numeric"`}></label>`;
}

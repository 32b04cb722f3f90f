/** The frame around every page. */
import type { Page } from "../page";
import { CURRENCIES, type Visit } from "../visit";
import { html, type Html } from "./html";

/** The whole document. */
export function layout({ title, main, pieces, currencies = CURRENCIES }: Page, { currency }: Visit, panel: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Diddy Shop</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
  <a class="brand" href="/"><span aria-hidden="true" class="mark"></span>Diddy Shop</a>
  <nav aria-label="Shop">
    <form class="currency" method="post" action="/setCurrency">
      <label for="currency">Prices in</label>
      <select id="currency" name="currency_code">${currencies.map((code) => html`<option${code === currency && html` selected`}>${code}</option>`)}</select>
      <button class="quiet">Show</button>
    </form>
    <a class="cart-link" href="/cart">Cart${pieces !== undefined && html` <span class="count">${pieces}<span class="hidden"> ${pieces === 1 ? "piece" : "pieces"}</span></span>`}</a>
  </nav>
</header>
<main id="main">
${main}
</main>
<footer>
${panel}
<p class="small">A demo of Diddy-Mesh. Nothing here is for sale, and no card is charged.</p>
</footer>
</body>
</html>
`;
}

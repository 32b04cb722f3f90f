/** Other products by name. */
import type { Suggestion } from "../../../shared/wire";
import { html, type Html } from "./html";

export function suggestions(found: readonly Suggestion[]): Html | undefined {
  if (found.length === 0) {
    return undefined;
  }
  return html`<section class="also" aria-labelledby="others">
  <h2 id="others">You may also like</h2>
  <ul>${found.map(({ id, name }) => html`<li data-suggested="${id}"><a href="/product/${id}">${name}</a></li>`)}</ul>
</section>`;
}

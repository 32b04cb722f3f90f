/** A page for when a page cannot be made. */
import { Unavailable, type Refused } from "../../../shared/http";
import type { Page } from "../page";
import { html } from "../view/html";

export function trouble(error: Unavailable | Refused): Page {
  const ours = error instanceof Unavailable;
  const main = html`<section class="hero">
  <h1>${ours ? "Something behind the counter broke." : "That did not work."}</h1>
  <p>${error.message[0]?.toUpperCase()}${error.message.slice(1)}. <a href="/">Back to the shop</a>.</p>
</section>`;
  return { title: ours ? "Out of order" : "Not like this", main, status: ours ? 503 : error.status };
}

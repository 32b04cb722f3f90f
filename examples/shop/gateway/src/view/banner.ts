/** One line of advertising, where the ad service had one in time. */
import type { Ad } from "../../../shared/wire";
import { html, type Html } from "./html";

export function banner(ads: readonly Ad[] | undefined): Html | undefined {
  const ad = ads?.[0];
  return ad && html`<aside class="ad" aria-label="Advertisement"><span class="small">Ad</span> <a href="/product/${ad.productId}">${ad.text}</a></aside>`;
}

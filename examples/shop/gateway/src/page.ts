/** From a visit to an answer: renders, or says what went wrong. */
import type { Handler } from "../../shared/calls";
import { Refused, Unavailable } from "../../shared/http";
import { trouble } from "./pages/trouble";
import type { Html } from "./view/html";
import { layout } from "./view/layout";
import { panel } from "./view/panel";
import { cookie, visitOf, type Visit } from "./visit";

/** What a page is made of. */
export interface Page {
  readonly title: string;
  readonly main: Html;
  readonly status?: number;
  /** Pieces in the cart, where the page knows. */
  readonly pieces?: number;
  /** What the currency service offers, where the page asked. */
  readonly currencies?: readonly string[];
}

/** A page, or an answer such as a redirect. */
export type Render = (visit: Visit) => Promise<Page | Response>;

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** The handler of a page. */
export function page(render: Render): Handler {
  return async (request, context) => {
    const visit = visitOf(request, context);
    const before = visit.tallies();
    let made: Page | Response;
    try {
      made = await render(visit);
    } catch (error) {
      if (!(error instanceof Unavailable || error instanceof Refused)) {
        throw error;
      }
      made = trouble(error);
    }
    const answer = made instanceof Response ? made : new Response(layout(made, visit, panel(visit, before)).text, { status: made.status ?? 200, headers: HEADERS });
    if (visit.fresh) {
      answer.headers.append("set-cookie", cookie("shop_session", visit.session));
    }
    return answer;
  };
}

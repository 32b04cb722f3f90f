/** The storefront: pages for people. Everything under /api goes by the rules of `mesh.json` instead. */
import { serve } from "../../shared/serve";
import { addToCart, emptyCart, logout, setCurrency } from "./actions";
import { page } from "./page";
import { cart } from "./pages/cart";
import { home } from "./pages/home";
import { order } from "./pages/order";
import { product } from "./pages/product";
import { favicon, robots, stylesheet } from "./static";

export default serve("gateway", () => ({
  "GET /": page(home),
  "GET /product/{id}": page(product),
  "GET /cart": page(cart),
  "POST /cart": page(addToCart),
  "POST /cart/empty": page(emptyCart),
  "POST /cart/checkout": page(order),
  "POST /setCurrency": page(setCurrency),
  "GET /logout": page(logout),
  "GET /style.css": stylesheet,
  "GET /favicon.svg": favicon,
  "GET /robots.txt": robots,
  "GET /_healthz": () => new Response("ok"),
}));

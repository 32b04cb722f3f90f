/** Turns a cart into an order: prices it, charges it, sends it. */
import { backends } from "../../../shared/backends";
import { json, Refused, refuse, Unavailable } from "../../../shared/http";
import { serve } from "../../../shared/serve";
import type { OrderWish } from "../../../shared/wire";
import { placeOrder } from "./order";

export default serve("checkout-service", () => ({
  "POST /orders": async (request, { fetch }) => {
    const wish = await request.json<OrderWish>();
    try {
      return json(await placeOrder(backends(fetch), wish), 201);
    } catch (error) {
      if (error instanceof Refused) {
        return refuse(error.status, error.message);
      }
      if (error instanceof Unavailable) {
        return refuse(503, error.message);
      }
      throw error;
    }
  },
}));

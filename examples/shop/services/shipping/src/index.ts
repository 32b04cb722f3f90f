/** What sending costs, and the sending. */
import { json, refuse } from "../../../shared/http";
import { serve } from "../../../shared/serve";

/** One price for any parcel, in US dollars. */
const PARCEL = { currencyCode: "USD", units: 8, nanos: 990_000_000 };
const NOTHING = { currencyCode: "USD", units: 0, nanos: 0 };

export default serve("shipping-service", () => ({
  "GET /quote": (request) => {
    const pieces = Number(new URL(request.url).searchParams.get("pieces"));
    return Number.isInteger(pieces) && pieces >= 0 ? json(pieces > 0 ? PARCEL : NOTHING) : refuse(400, "pieces must be a whole number");
  },

  "POST /shipments": async (request) => {
    const { order } = await request.json<{ order?: string }>();
    return order === undefined ? refuse(400, "a shipment needs an order") : json({ trackingId: `DM-${order.slice(0, 8).toUpperCase()}` }, 201);
  },
}));

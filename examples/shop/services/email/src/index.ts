/** Writes the confirmation of an order. It stays in the building: nothing is sent. */
import { json, refuse } from "../../../shared/http";
import { format } from "../../../shared/money";
import { serve } from "../../../shared/serve";
import type { Order } from "../../../shared/wire";

export default serve("email-service", () => ({
  "POST /confirmations": async (request) => {
    const { email, order } = await request.json<{ email: string; order: Order }>();
    if (!email.includes("@")) {
      return refuse(400, "no address to write to");
    }
    const lines = order.lines.map(({ quantity, name, price }) => `${quantity} × ${name} at ${format(price)}`);
    const text = [`Your order ${order.id} is on its way.`, ...lines, `Total ${format(order.total)}`, `Parcel ${order.trackingId}`].join("\n");
    return json({ sent: true, text }, 202);
  },
}));

/** Carts, one per session. */
import type { ShopEnv } from "../../../shared/calls";
import { json, refuse } from "../../../shared/http";
import { serve } from "../../../shared/serve";
import type { CartLine } from "../../../shared/wire";
import type { Cart } from "./cart";

export { Cart } from "./cart";

interface Env extends ShopEnv {
  readonly CARTS: DurableObjectNamespace<Cart>;
}

function isLine({ productId, quantity }: Partial<CartLine>): boolean {
  return typeof productId === "string" && /^[A-Z0-9]{1,16}$/.test(productId) && Number.isInteger(quantity) && quantity! >= 1 && quantity! <= 10;
}

export default serve<Env>("cart-service", (env) => {
  const cartOf = (params: Readonly<Record<string, string>>): DurableObjectStub<Cart> => env.CARTS.getByName(params["session"] ?? "");
  return {
    "GET /carts/{session}": async (_, { params }) => json(await cartOf(params).lines()),

    "POST /carts/{session}/lines": async (request, { params }) => {
      const line = await request.json<CartLine>();
      if (!isLine(line)) {
        return refuse(400, "a line is a product and a quantity of 1 to 10");
      }
      const cart = cartOf(params);
      return (await cart.add(line)) ? json(await cart.lines()) : refuse(409, "the cart is full");
    },

    "DELETE /carts/{session}": async (_, { params }) => {
      await cartOf(params).empty();
      return json([]);
    },
  };
});

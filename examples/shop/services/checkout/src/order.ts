/** The order of the steps: nothing is charged before everything has a price, nothing is sent before it was charged. */
import { tolerated, type Backends } from "../../../shared/backends";
import { Refused } from "../../../shared/http";
import { add, times } from "../../../shared/money";
import type { CartLine, Order, OrderLine, OrderWish } from "../../../shared/wire";

/** Places the order for what is in the cart. */
export async function placeOrder(shop: Backends, { session, currency, email, card }: OrderWish): Promise<Order> {
  const cart = await shop.cart(session);
  if (cart.length === 0) {
    throw new Refused(422, "the cart is empty");
  }
  const price = async ({ productId, quantity }: CartLine): Promise<OrderLine> => {
    const product = await shop.product(productId);
    return { productId, quantity, name: product.name, price: await shop.convert(product.price, currency) };
  };
  const ship = async () => shop.convert(await shop.quote(cart.reduce((sum, { quantity }) => sum + quantity, 0)), currency);
  const [lines, shipping] = await Promise.all([Promise.all(cart.map(price)), ship()]);
  const total = lines.reduce((sum, line) => add(sum, times(line.price, line.quantity)), shipping);

  const id = crypto.randomUUID();
  await shop.charge(id, total, card);
  const { trackingId } = await shop.ship(id);
  const order = { id, trackingId, lines, shipping, total };
  await shop.emptyCart(session);
  await tolerated(shop.confirm(email, order));
  return order;
}

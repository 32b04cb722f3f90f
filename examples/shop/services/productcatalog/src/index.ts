/** What the shop sells. */
import { json, refuse } from "../../../shared/http";
import { serve } from "../../../shared/serve";
import { products } from "./products";

export default serve("productcatalog-service", () => ({
  "GET /products": () => json(products),

  "GET /products/{id}": (_, { params }) => {
    const product = products.find(({ id }) => id === params["id"]);
    return product === undefined ? refuse(404, "no such product") : json(product);
  },
}));

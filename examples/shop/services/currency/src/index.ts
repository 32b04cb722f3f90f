/** Currencies, and amounts in another one. */
import { json, refuse } from "../../../shared/http";
import { fromQuery, scale } from "../../../shared/money";
import { serve } from "../../../shared/serve";
import { rates } from "./rates";

export default serve("currency-service", () => ({
  "GET /currencies": () => json([...rates.keys()]),

  "GET /convert": (request) => {
    const query = new URL(request.url).searchParams;
    const money = fromQuery(query);
    const to = query.get("to") ?? "";
    const [have, want] = [rates.get(money?.currencyCode ?? ""), rates.get(to)];
    if (money === undefined || have === undefined || want === undefined) {
      return refuse(400, "units, nanos, from and to must name an amount and two known currencies");
    }
    return json(scale(money, to, want, have));
  },
}));

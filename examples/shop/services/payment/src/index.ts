/** Charges cards. No money moves: a card only has to look like one. */
import { json, refuse } from "../../../shared/http";
import type { Money } from "../../../shared/money";
import { serve } from "../../../shared/serve";
import type { Card } from "../../../shared/wire";
import { cardProblem } from "./card";

export default serve("payment-service", () => ({
  "POST /charges": async (request) => {
    const { card, amount } = await request.json<{ card: Card; amount: Money }>();
    const problem = cardProblem(card, new Date());
    if (problem !== undefined) {
      return refuse(402, problem);
    }
    // The key names the charge, so that the same order is never charged twice.
    const key = request.headers.get("idempotency-key") ?? crypto.randomUUID();
    return json({ transactionId: `${key}-${amount.currencyCode}` }, 201);
  },
}));

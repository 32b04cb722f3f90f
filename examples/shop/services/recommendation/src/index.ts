/** Other things a shopper may like. */
import { backends } from "../../../shared/backends";
import { json } from "../../../shared/http";
import { serve } from "../../../shared/serve";
import type { Suggestion } from "../../../shared/wire";

const SUGGESTIONS = 4;

export default serve("recommendation-service", () => ({
  "GET /suggestions": async (request, { fetch }) => {
    const without = (new URL(request.url).searchParams.get("without") ?? "").split(",");
    const others = (await backends(fetch).products()).filter(({ id }) => !without.includes(id));
    return json(shuffled(others).slice(0, SUGGESTIONS).map(({ id, name }): Suggestion => ({ id, name })));
  },
}));

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** One line to look at, chosen by what the page shows. */
import { json } from "../../../shared/http";
import { serve } from "../../../shared/serve";
import type { Ad } from "../../../shared/wire";

const ads: readonly (Ad & { readonly category: string })[] = [
  { category: "kitchen", productId: "9SIQT8TOJO", text: "Two jars for the price of a jar and a half, until the oats run out." },
  { category: "kitchen", productId: "6E92ZMYYFZ", text: "Mondays are better from thick stoneware." },
  { category: "accessories", productId: "1YMWWN1N4O", text: "The Meridian: late in style." },
  { category: "clothing", productId: "66VCHSJNUP", text: "Tank tops, now in the colour of last summer." },
  { category: "footwear", productId: "L9ECAV7KIM", text: "Loafers that know the way to the bakery." },
  { category: "decor", productId: "0PUK6V6EV0", text: "Long evenings want a small fire." },
  { category: "beauty", productId: "2ZYFJ3GM2N", text: "Dry in four songs." },
];

export default serve("ad-service", () => ({
  "GET /ads": (request) => {
    const wanted = (new URL(request.url).searchParams.get("categories") ?? "").split(",");
    const fitting = ads.filter(({ category }) => wanted.includes(category));
    const from = fitting.length > 0 ? fitting : ads;
    const { text, productId } = from[Math.floor(Math.random() * from.length)] as Ad;
    return json([{ text, productId }]);
  },
}));

/** Everything the shop sells. */
import type { Product } from "../../../shared/wire";

function usd(units: number, cents: number): Product["price"] {
  return { currencyCode: "USD", units, nanos: cents * 10_000_000 };
}

export const products: readonly Product[] = [
  {
    id: "OLJCESPC7Z",
    name: "Harbour Sunglasses",
    tagline: "Low sun, clear horizon",
    description: "Round acetate frames with smoke-green lenses, cut for the hour when the light comes in flat over the water. Spring hinges, so they survive being sat on once.",
    categories: ["accessories"],
    price: usd(24, 99),
  },
  {
    id: "66VCHSJNUP",
    name: "Meadow Tank Top",
    tagline: "Soft cotton, wide straps",
    description: "A loose tank in washed organic cotton with a slightly dropped arm. It was dyed after sewing, which is why no two of them fade the same way.",
    categories: ["clothing"],
    price: usd(18, 99),
  },
  {
    id: "1YMWWN1N4O",
    name: "Meridian Watch",
    tagline: "Two hands, no hurry",
    description: "A slim steel case, a quartz movement that asks for a battery every three years, and a dial with nothing on it that you would have to explain.",
    categories: ["accessories"],
    price: usd(109, 99),
  },
  {
    id: "L9ECAV7KIM",
    name: "Saffron Loafers",
    tagline: "For floors and short walks",
    description: "Unlined suede on a stitched leather sole. They give a little in the first week and then remember your feet for years.",
    categories: ["footwear"],
    price: usd(89, 99),
  },
  {
    id: "2ZYFJ3GM2N",
    name: "Breeze Hairdryer",
    tagline: "Loud where it matters",
    description: "Three heats, two speeds, one cold button under the thumb, and a cable long enough to reach the mirror you like.",
    categories: ["beauty"],
    price: usd(34, 50),
  },
  {
    id: "0PUK6V6EV0",
    name: "Hearth Candle Holder",
    tagline: "A small fire, well behaved",
    description: "Hand-thrown clay with a deep dish that keeps the wax off the table. Takes any candle of two centimetres.",
    categories: ["decor", "home"],
    price: usd(21, 80),
  },
  {
    id: "LS4PSXUNUM",
    name: "Salt & Pepper Pair",
    tagline: "They lean on each other",
    description: "Two porcelain shakers that only stand straight together. Three holes for salt, five for pepper, corks underneath.",
    categories: ["kitchen"],
    price: usd(17, 49),
  },
  {
    id: "9SIQT8TOJO",
    name: "Bamboo Lid Jar",
    tagline: "Dry things stay dry",
    description: "A litre of borosilicate glass under a turned bamboo lid with a silicone ring. It is happiest holding rice, oats or buttons.",
    categories: ["kitchen"],
    price: usd(12, 40),
  },
  {
    id: "6E92ZMYYFZ",
    name: "Stoneware Mug",
    tagline: "Holds a whole morning",
    description: "Thick walls, a glaze that pools at the foot, and a handle that fits three fingers. Four decilitres to the brim.",
    categories: ["kitchen"],
    price: usd(14, 90),
  },
];

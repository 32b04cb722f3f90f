/** What the services say to each other, as JSON. */
import type { Money } from "./money";

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly tagline: string;
  readonly description: string;
  readonly categories: readonly string[];
  /** In US dollars; the currency service knows the rest. */
  readonly price: Money;
}

export interface CartLine {
  readonly productId: string;
  /** 1 to 10. */
  readonly quantity: number;
}

export interface Suggestion {
  readonly id: string;
  readonly name: string;
}

export interface Ad {
  readonly text: string;
  /** The product it leads to. */
  readonly productId: string;
}

export interface Address {
  readonly street: string;
  readonly city: string;
  readonly postcode: string;
  readonly country: string;
}

export interface Card {
  readonly number: string;
  readonly month: number;
  readonly year: number;
}

/** A shopper's wish to buy what is in the cart. */
export interface OrderWish {
  readonly session: string;
  readonly currency: string;
  readonly email: string;
  readonly address: Address;
  readonly card: Card;
}

export interface OrderLine extends CartLine {
  readonly name: string;
  /** Of one piece, in the shopper's currency. */
  readonly price: Money;
}

/** An order that was paid and sent. */
export interface Order {
  readonly id: string;
  readonly trackingId: string;
  readonly lines: readonly OrderLine[];
  readonly shipping: Money;
  readonly total: Money;
}

/** One shopper's cart: a Durable Object with its lines in SQLite. */
import { DurableObject } from "cloudflare:workers";
import type { CartLine } from "../../../shared/wire";

const LINES_MAX = 20;
const QUANTITY_MAX = 10;

/** See the head of this file. */
export class Cart extends DurableObject {
  readonly #sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#sql.exec("CREATE TABLE IF NOT EXISTS line (product TEXT PRIMARY KEY, quantity INTEGER NOT NULL) STRICT");
  }

  lines(): CartLine[] {
    return this.#sql.exec<{ productId: string; quantity: number }>("SELECT product AS productId, quantity FROM line ORDER BY rowid").toArray();
  }

  /** Adds pieces; a line holds ten at most. False when the cart has no room for another line. */
  add({ productId, quantity }: CartLine): boolean {
    const lines = this.lines();
    if (lines.length >= LINES_MAX && !lines.some((line) => line.productId === productId)) {
      return false;
    }
    this.#sql.exec(
      "INSERT INTO line VALUES (?1, MIN(?2, ?3)) ON CONFLICT (product) DO UPDATE SET quantity = MIN(quantity + ?2, ?3)",
      productId,
      quantity,
      QUANTITY_MAX,
    );
    return true;
  }

  empty(): void {
    this.#sql.exec("DELETE FROM line");
  }
}

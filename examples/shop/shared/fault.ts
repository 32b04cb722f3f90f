/**
 * Faults on purpose, by the variable FAULT: `fail:0.3` answers 503 to that share of the requests,
 * `slow:300` waits that many milliseconds first, `die` throws at every request once it was told to.
 */
import type { ShopEnv } from "./calls";
import { refuse } from "./http";

let dead = false;

/** Ends this version, where FAULT is `die`. */
export function die(env: ShopEnv): boolean {
  dead = env.FAULT === "die";
  return dead;
}

/** The answer of a fault, or undefined where the request may go on. */
export async function fault(env: ShopEnv): Promise<Response | undefined> {
  if (dead) {
    throw new Error("this version died");
  }
  const [kind, value = "0"] = (env.FAULT ?? "").split(":");
  if (kind === "fail" && Math.random() < Number(value)) {
    return refuse(503, "this version fails now and then, on purpose");
  }
  if (kind === "slow") {
    await new Promise((resolve) => setTimeout(resolve, Number(value)));
  }
  return undefined;
}

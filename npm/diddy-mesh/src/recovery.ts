/**
 * What happens when the engine traps: it is made anew, the last Snapshot is loaded again, the trap is counted,
 * and the request that met it takes the plain path to the first endpoint of its route, without retries.
 */
import type { Call } from "./call.js";
import { MeshError } from "./errors.js";
import { OUTCOME } from "./generated/abi.js";
import type { Order } from "./outgoing.js";
import { send } from "./send.js";
import { finish, refuse } from "./respond.js";
import { runtime } from "./runtime.js";
import type { Slot } from "./slot.js";

/** Runs engine work. Undefined means that it trapped and that the instance was replaced. */
export function guarded<T>(slot: Slot, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof MeshError) {
      throw error;
    }
    runtime.traps += 1;
    slot.forget();
    slot.notice({ type: "engine_trap", at: performance.now(), detail: String(error) });
    return undefined;
  }
}

/** One attempt that the engine does not hear of. */
export function plain(call: Call, order: Order): Promise<Response> {
  return send(call, order, (result) => {
    if (typeof result !== "number") {
      return finish(call, order, result);
    }
    return result === OUTCOME.TIMEOUT ? refuse(504, "timeout") : refuse(502, "reset");
  });
}

/**
 * The limits object: shares out rates that isolates hold together. It keeps nothing: where it is restarted, isolates
 * go on with the parts they have, and it learns what they need from their next questions.
 */
import { DurableObject } from "cloudflare:workers";
import { LimitBrain } from "../../wasm/control.js";
import type { LimitDemand, LimitLease } from "../types.js";

/** Keys that are taken in one go. */
const DEMANDS_MAX = 256;

/** See the head of this file. Re-export it beside `MeshRegistry`, and bind it as MESH_LIMITS. */
export class MeshLimits<Env extends object = object> extends DurableObject<Env> {
  #brain = new LimitBrain();

  /** Takes what an isolate saw since it asked last, and gives it its parts. `isolate` is any whole number that tells it from others. */
  async lease(isolate: number, demands: readonly LimitDemand[]): Promise<LimitLease[]> {
    if (!Array.isArray(demands) || demands.length > DEMANDS_MAX) {
      throw new RangeError(`demands is a list of up to ${DEMANDS_MAX}`);
    }
    try {
      return this.#brain.lease(isolate, demands, Date.now());
    } catch (error) {
      // A trap is a bug; what was counted is lost with it, as in a restart.
      this.#brain = new LimitBrain();
      throw error;
    }
  }
}

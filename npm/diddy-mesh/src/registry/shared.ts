/**
 * What isolates share through the object: they tell what they saw, and hear what others know. Kept in memory alone, but for
 * ejections: an object that begins anew learns the rest from the next reports.
 */
import type { ReportAnswer, SharedReport } from "../protocol.js";
import type { State } from "./state.js";

/** Takes what an isolate saw of services whose state is shared. */
export function take(state: State, shared: SharedReport | undefined): ReportAnswer {
  const { hints } = shared === undefined ? { hints: {} } : told(state, shared);
  const { storage } = state;
  const { version } = state.brain();
  // What is published by now means the same as that version, if nothing is left to be published.
  return { version: version === storage.get("settled") ? storage.get("snapshot") : version, hints };
}

function told(state: State, { everyMs, isolate, services }: SharedReport): Pick<ReportAnswer, "hints"> {
  if (!Number.isSafeInteger(isolate) || isolate < 0) {
    throw new RangeError("isolate is a whole number");
  }
  if (!(everyMs > 0 && everyMs < Infinity)) {
    throw new RangeError("everyMs is a number of milliseconds above 0");
  }
  const { ejected, hints, refused, returned } = state.change((brain) => brain.report(isolate, everyMs, services, Date.now()));
  if (refused !== undefined) {
    throw new TypeError(`services: ${refused}`);
  }
  ejected.forEach(({ endpoint, reason }) => state.emit({ type: "ejected", endpoint, detail: reason }));
  returned.forEach((endpoint) => state.emit({ type: "returned", endpoint }));
  return { hints };
}

/** Who calls, as the options of the mesh tell it, and from where: keys of limits, splits and balancers, targets of flags. */
import type { Call, Shown } from "../call.js";
import type { Brain } from "../engine.js";
import { IN } from "../generated/abi.js";

/** What the platform says of a request. */
export interface Located {
  readonly cf?: Readonly<Record<string, unknown>>;
}

/** The value of a name that begins with a colon and stands among the headers that the engine asks for. What is no text is none. */
export function identity({ options, slot }: Shown, name: string, request: Request): string | null {
  try {
    const said: unknown = name === ":principal" ? options.principal?.(request) : name === ":tenant" ? options.tenant?.(request) : (request as Located).cf?.[name.slice(1)];
    if (said !== undefined && said !== null && typeof said !== "string") {
      throw new TypeError(`a text or undefined was expected, not ${typeof said}`);
    }
    return said ?? null;
  } catch (cause) {
    slot.notice({ type: "identity_failed", at: performance.now(), detail: name.slice(1), cause });
    return null;
  }
}

/** Says which service this Worker is: its limits hold for its own handlers. */
export function introduce({ options, slot, table }: Call, brain: Brain): void {
  if (table !== undefined) {
    brain.slots()[IN.SELF] = slot.services.get(options.serviceName) ?? -1;
  }
}

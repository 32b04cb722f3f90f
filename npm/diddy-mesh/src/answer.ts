/** Local answers: the handler that the engine chose, with its context. */
import type { Call } from "./call.js";
import type { Brain } from "./engine.js";
import { keepAlive } from "./env.js";
import { OUT } from "./generated/abi.js";
import { handlerAt } from "./handlers.js";
import { guarded } from "./recovery.js";
import { refuse } from "./respond.js";
import type { HandlerMap, MeshContext, MeshFetch } from "./types.js";

/** Calls the handler of a LOCAL step. What it throws stays inside: the answer is a bare 500, the event has the error. */
export async function local(call: Call, brain: Brain, handlers: HandlerMap, fetch: MeshFetch): Promise<Response> {
  const line = call.table?.lines[brain.slot(OUT.HANDLER)];
  if (line === undefined) {
    return refuse(500, "internal");
  }
  const context: MeshContext = {
    params: line.params.length === 0 ? none : (guarded(call.slot, () => params(brain, line.params)) ?? none),
    env: call.env,
    traceId: call.trace?.id,
    fetch,
    waitUntil: (promise) => keepAlive(call.ctx, promise),
  };
  try {
    const answer: unknown = await handlerAt(handlers, line)(call.request, context);
    if (answer instanceof Response) {
      return answer;
    }
    throw new TypeError(`the handler of ${line.key} answered with ${answer === null ? "null" : typeof answer} instead of a Response`);
  } catch (error) {
    call.slot.notice({ type: "handler_exception", at: performance.now(), reason: "handler_exception", detail: line.key, cause: error });
    return refuse(500, "handler_exception");
  }
}

const none: Readonly<Record<string, string>> = Object.freeze({});

/** The parameters, which lie as spans over the path in its normal form. */
function params(brain: Brain, names: readonly string[]): Record<string, string> {
  const path = brain.text();
  const found: Record<string, string> = {};
  names.slice(0, brain.slot(OUT.PARAMS)).forEach((name, i) => {
    const at = brain.slot(OUT.PARAM_FIRST + 2 * i);
    found[name] = decode(path.slice(at, at + brain.slot(OUT.PARAM_FIRST + 2 * i + 1)));
  });
  return found;
}

/** Percent-decoded, or as it stands where the escapes are no UTF-8. */
function decode(text: string): string {
  if (!text.includes("%")) {
    return text;
  }
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

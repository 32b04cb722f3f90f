/** What of an answer asks for another attempt: a header, or a predicate given in code. */
import type { Call } from "../call.js";
import type { Predicate } from "../tables.js";

/** Whether one of the predicates holds. One that throws, that nobody gave, or that answers with anything but a boolean, does not. */
export function again(call: Call, predicates: readonly Predicate[], answer: Response): boolean {
  return predicates.some(([kind, name, value]) => {
    const said = kind === "!" ? null : answer.headers.get(name);
    if (kind !== "!") {
      return kind === "?" ? said !== null : said === value;
    }
    try {
      const predicate = call.options.predicates?.[name];
      if (predicate === undefined) {
        throw new TypeError("no predicate of that name is among the options of the mesh");
      }
      const said: unknown = predicate(answer, call.request);
      if (typeof said !== "boolean") {
        throw new TypeError(`true or false was expected, not ${typeof said}`);
      }
      return said;
    } catch (cause) {
      call.slot.notice({ type: "predicate_failed", at: performance.now(), detail: name, cause });
      return false;
    }
  });
}

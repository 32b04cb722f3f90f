// Requests of a case file as the engine takes them; crates/mesh-config/cases/README.md says how to read one.
import { BODY, CALLER, METHODS } from "../../src/generated/abi.ts";

const encoder = new TextEncoder();

/** The fields of a step as a request. `{i}` in the request line and in header values is `place`. */
export function requestOf(step, place = 0) {
  const fill = (text) => text.replaceAll("{i}", String(place));
  const [, method, host, target] = /^(\S+) ([^/\\]*)(.*)$/s.exec(fill(step.request ?? "GET /"));
  const mark = target.indexOf("?");
  return {
    method: METHODS.indexOf(method) < 0 ? METHODS.length : METHODS.indexOf(method),
    host: encoder.encode(host),
    path: encoder.encode((mark < 0 ? target : target.slice(0, mark)) + tail(step)),
    query: encoder.encode(mark < 0 ? "" : target.slice(mark + 1)),
    header: (name) => (step.headers?.[name] === undefined ? null : fill(step.headers[name])),
    body: step.body === undefined ? BODY.NONE : step.body === "stream" ? BODY.STREAM : step.body,
    caller: (step.depth ?? 0) | (step.https ? CALLER.HTTPS : 0) | (step.idempotencyKey ? CALLER.IDEMPOTENCY_KEY : 0),
    remaining: step.remaining ?? Infinity,
    place: step.place,
  };
}

/** The raw path of a path case. */
export function rawPath(step) {
  return step.hex === undefined ? encoder.encode(step.raw + tail(step)) : Uint8Array.from(step.hex.match(/../g), (pair) => Number.parseInt(pair, 16));
}

/** `"then": ["a", 3]` is `aaa` behind the path. */
function tail({ then: [text, times] = ["", 0] }) {
  return text.repeat(times);
}

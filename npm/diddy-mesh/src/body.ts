/** Request bodies and whether they can be sent twice. Never tee or clone: a retry then hangs behind an unread first answer. */
import { BODY } from "./generated/abi.js";

/** Bodies up to this many bytes may be held for a retry. */
export const BODY_MAX = 65_536;

/** What `begin` is told of the body of an incoming request. */
export function bodyKind(request: Request, method: string): number {
  if (method === "GET" || method === "HEAD" || request.body === null) {
    return BODY.NONE;
  }
  // Digits only: a body of unknown length is not held.
  const length = request.headers.get("content-length");
  return length !== null && /^\d{1,5}$/.test(length) && Number(length) <= BODY_MAX ? BODY.REPLAYABLE : BODY.NOT_REPLAYABLE;
}

/** The same of a call whose body is given beside the request. */
export function givenKind(request: Request, method: string, body: BodyInit | null | undefined): number {
  if (body === undefined || body === null) {
    return bodyKind(request, method);
  }
  return body instanceof ReadableStream ? BODY.NOT_REPLAYABLE : BODY.REPLAYABLE;
}

/** Whether a given body can be sent again as it is. A form cannot: its boundary is made anew, so it is held as bytes. */
export function isReusable(body: BodyInit | null | undefined): body is BodyInit {
  return body !== null && body !== undefined && !(body instanceof ReadableStream) && !(body instanceof FormData);
}

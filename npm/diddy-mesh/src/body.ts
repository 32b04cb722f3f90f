/** Request bodies and whether they can be sent twice. Never tee or clone: a retry then hangs behind an unread first answer. */
import { BODY } from "./generated/abi.js";

/**
 * What `begin` is told of the body of a request: its length by `Content-Length`, or one of `BODY`.
 * One that was given as a value is in memory anyway and counts as empty: holding it costs nothing.
 */
export function bodyOf(request: Request, method: string, given: BodyInit | null | undefined): number {
  if (given !== undefined && given !== null) {
    return given instanceof ReadableStream ? BODY.STREAM : 0;
  }
  if (method === "GET" || method === "HEAD" || request.body === null) {
    return BODY.NONE;
  }
  const length = request.headers.get("content-length");
  return length !== null && /^\d{1,9}$/.test(length) ? Number(length) : BODY.STREAM;
}

/** Whether a given body can be sent again as it is. A form cannot: its boundary is made anew, so it is held as bytes. */
export function isReusable(body: BodyInit | null | undefined): body is BodyInit {
  return body !== null && body !== undefined && !(body instanceof ReadableStream) && !(body instanceof FormData);
}

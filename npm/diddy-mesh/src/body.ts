/** Request bodies and whether they can be sent twice. Never tee or clone: a retry then hangs behind an unread first answer. */
import { BODY } from "./generated/abi.js";

/** What `begin` is told of the body of a request: its length by `Content-Length`, or one of `BODY`. */
export function bodyOf(request: Request, method: string): number {
  if (method === "GET" || method === "HEAD" || request.body === null) {
    return BODY.NONE;
  }
  const length = request.headers.get("content-length");
  return length !== null && /^\d{1,9}$/.test(length) ? Number(length) : BODY.STREAM;
}

/** The same of a call whose body is given beside the request. What is in memory anyway counts as empty: holding it costs nothing. */
export function givenBody(request: Request, method: string, body: BodyInit | null | undefined): number {
  if (body === undefined || body === null) {
    return bodyOf(request, method);
  }
  return body instanceof ReadableStream ? BODY.STREAM : 0;
}

/** Whether a given body can be sent again as it is. A form cannot: its boundary is made anew, so it is held as bytes. */
export function isReusable(body: BodyInit | null | undefined): body is BodyInit {
  return body !== null && body !== undefined && !(body instanceof ReadableStream) && !(body instanceof FormData);
}

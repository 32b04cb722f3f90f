/** One HTTP request to a registry: bounded in time and size, never redirected, and silent about its token. */
import { Failure, reason } from "./io.js";
import { plain } from "./plain.js";

/** Bytes of an answer. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** Whom to ask. */
export interface Target {
  readonly origin: URL;
  readonly token: string;
  readonly timeoutMs: number;
}

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request; throws a `Failure` where nobody answers. */
export async function request({ origin, token, timeoutMs }: Target, url: URL, body: unknown): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json", authorization: `Bearer ${token}` };
  const init: RequestInit = body === undefined ? { headers } : { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    // A redirect would carry the token to somebody else.
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new Failure(`${origin.host} redirects to ${plain(response.headers.get("location") ?? "nowhere")}; give the URL of the Worker itself`);
    }
    // Whatever an answer says, the token is in none of it that is shown.
    return { status: response.status, body: (await bounded(response, origin)).replaceAll(token, "***") };
  } catch (error) {
    if (error instanceof Failure) {
      throw error;
    }
    throw new Failure(`${origin.host} cannot be reached: ${why(error, timeoutMs).replaceAll(token, "***")}`);
  }
}

async function bounded(response: Response, origin: URL): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    bytes += (part.value as Uint8Array).byteLength;
    if (bytes > ANSWER_BYTES_MAX) {
      await reader?.cancel();
      throw new Failure(`${origin.host} answers with more than ${ANSWER_BYTES_MAX / 1024 / 1024} MiB`);
    }
    text += decoder.decode(part.value as Uint8Array, { stream: true });
  }
  return text + decoder.decode();
}

/** `fetch` says only "fetch failed"; what happened is its cause. */
function why(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return `no whole answer within ${timeoutMs / 1000} s`;
  }
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
  const said = [cause?.message, cause?.code].find((text) => typeof text === "string" && text !== "") as string | undefined;
  const code = typeof cause?.code === "string" && said?.includes(cause.code) === false ? ` (${cause.code})` : "";
  return `${plain(said ?? reason(error))}${code}`;
}

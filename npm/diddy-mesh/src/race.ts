/** One awaited send with one timer. An attempt that is given up at a binding is not aborted: its late answer is dropped, which costs less. */
import type { Call } from "./call.js";
import { MeshError } from "./errors.js";
import { OUTCOME } from "./generated/abi.js";
import type { Endpoint } from "./transport.js";

const ignore = (): void => undefined;
const NO_CONNECTION = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** Ends an answer that nobody will read. */
export async function drop(answer: Response | undefined): Promise<void> {
  await answer?.body?.cancel().catch(ignore);
}

/** Waits without I/O. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The answer, or the outcome that stands for its absence. Never rejects. */
export function race(call: Call, endpoint: Endpoint, request: Request, timeout: number): Promise<Response | number> {
  return new Promise((resolve) => {
    const abort = endpoint.transport.aborts ? new AbortController() : undefined;
    let late = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const failed = (error: unknown): void => {
      clearTimeout(timer);
      if (!late) {
        call.error = error;
        resolve(outcomeOf(error, endpoint));
      }
    };
    if (timeout > 0) {
      timer = setTimeout(() => {
        late = true;
        abort?.abort();
        resolve(OUTCOME.TIMEOUT);
      }, timeout);
    }
    try {
      endpoint.transport.send(endpoint, request, call, abort?.signal).then((answer) => {
        clearTimeout(timer);
        if (late) {
          void drop(answer);
        } else {
          resolve(answer);
        }
      }, failed);
    } catch (error) {
      failed(error);
    }
  });
}

/** What a thrown value means. */
function outcomeOf(error: unknown, endpoint: Endpoint): number {
  const { cause, message, overloaded, retryable } = (error ?? {}) as { cause?: { code?: string }; message?: string; overloaded?: boolean; retryable?: boolean };
  if (error instanceof MeshError || NO_CONNECTION.test(cause?.code ?? "")) {
    return OUTCOME.CONNECT_FAILURE;
  }
  // A URL never throws its own code's errors; a binding does, except where the platform says that the way was lost.
  // One that is overloaded must not be asked again.
  return overloaded !== true && (endpoint.transport.aborts || retryable === true || message?.startsWith("Network connection lost") === true) ? OUTCOME.RESET : OUTCOME.EXCEPTION;
}

/** One send with one timer. An attempt that is given up at a binding is not aborted: its late answer is dropped, which costs less. */
import type { Call } from "./call.js";
import { MeshError } from "./errors.js";
import { OUTCOME } from "./generated/abi.js";
import { outgoing, type Order } from "./outgoing.js";

/** Takes an error that nobody wants. */
export const ignore = (): void => undefined;
const NO_CONNECTION = /^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|UND_ERR_CONNECT|Worker not found)/;

/** How an attempt ended: its answer, or the outcome that stands for its absence. */
export type Result = Response | number;

/** Ends an answer that nobody will read. */
export async function drop(answer: Response | undefined): Promise<void> {
  const { webSocket } = (answer ?? {}) as { webSocket?: { accept(): void; close(): void } | null };
  webSocket?.accept();
  webSocket?.close();
  await answer?.body?.cancel().catch(ignore);
}

/** Waits without I/O. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sends, and answers with what `next` makes of the result. `next` runs in the turn of the result: an await in between would cost every request. */
export function send<T>(call: Call, order: Order, next: (result: Result) => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const { endpoint, timeout } = order;
    const { transport } = endpoint;
    const abort = order.abort ?? (transport.aborts && timeout > 0 ? new AbortController() : undefined);
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (result: Result): void => {
      over = true;
      clearTimeout(timer);
      try {
        resolve(next(result));
      } catch (error) {
        reject(error as Error);
      }
    };
    const failed = (error: unknown): void => {
      if (!over) {
        call.error = error;
        if (error instanceof MeshError) {
          call.slot.notice({ type: "misconfigured", at: performance.now(), endpoint: endpoint.address, detail: error.message, error });
        }
        end(outcomeOf(error, transport.aborts));
      }
    };
    if (timeout > 0) {
      timer = setTimeout(() => {
        abort?.abort();
        end(OUTCOME.TIMEOUT);
      }, timeout);
    }
    try {
      transport.send(endpoint, outgoing(call, order), call, abort?.signal).then((answer) => {
        if (!(answer instanceof Response)) {
          failed(new TypeError(`${endpoint.address} answered with ${typeof answer} instead of a Response`));
        } else if (over) {
          void drop(answer);
        } else {
          end(answer);
        }
      }, failed);
    } catch (error) {
      failed(error);
    }
  });
}

/** What a thrown value means; `byUrl` tells a URL from a binding. */
function outcomeOf(error: unknown, byUrl: boolean): number {
  // Anything may be thrown.
  const { cause, message, overloaded, retryable } = (error ?? {}) as { cause?: { code?: unknown } | null; message?: unknown; overloaded?: unknown; retryable?: unknown };
  const text = [cause?.code, message].find((said) => typeof said === "string") ?? "";
  if (error instanceof MeshError || NO_CONNECTION.test(text)) {
    return OUTCOME.CONNECT_FAILURE;
  }
  // A URL never throws its own code's errors; a binding does, except where the platform says that the way was lost.
  // One that is overloaded must not be asked again.
  return overloaded !== true && (byUrl || retryable === true || text.startsWith("Network connection lost")) ? OUTCOME.RESET : OUTCOME.EXCEPTION;
}

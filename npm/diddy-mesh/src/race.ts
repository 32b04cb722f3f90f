/** One awaited send with one timer. An attempt that is given up at a binding is not aborted: its late answer is dropped, which costs less. */
import type { Call } from "./call.js";
import { MeshError } from "./errors.js";
import type { Features } from "./features.js";
import { OUTCOME } from "./generated/abi.js";
import { outgoing, type Order } from "./outgoing.js";

const ignore = (): void => undefined;
const NO_CONNECTION = /^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|UND_ERR_CONNECT|Worker not found)/;

/** Ends an answer that nobody will read. */
export async function drop(answer: Response | undefined): Promise<void> {
  await answer?.body?.cancel().catch(ignore);
}

/** Waits without I/O. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The answer, or the outcome that stands for its absence. Never rejects. */
export function race(call: Call, order: Order, features: Features): Promise<Response | number> {
  const { endpoint, timeout } = order;
  const { transport } = endpoint;
  return new Promise((resolve) => {
    const abort = transport.aborts ? new AbortController() : undefined;
    let late = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const failed = (error: unknown): void => {
      clearTimeout(timer);
      if (!late) {
        call.error = error;
        if (error instanceof MeshError) {
          call.slot.notice({ type: "misconfigured", at: performance.now(), endpoint: endpoint.address, detail: error.message, error });
        }
        resolve(outcomeOf(error, transport.aborts));
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
      transport.send(endpoint, outgoing(call, order, features.trace?.write), call, abort?.signal).then((answer) => {
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

/** What a thrown value means; `byUrl` tells a URL from a binding. */
function outcomeOf(error: unknown, byUrl: boolean): number {
  const { cause, message, overloaded, retryable } = (error ?? {}) as { cause?: { code?: string }; message?: string; overloaded?: boolean; retryable?: boolean };
  if (error instanceof MeshError || NO_CONNECTION.test(cause?.code ?? message ?? "")) {
    return OUTCOME.CONNECT_FAILURE;
  }
  // A URL never throws its own code's errors; a binding does, except where the platform says that the way was lost.
  // One that is overloaded must not be asked again.
  return overloaded !== true && (byUrl || retryable === true || message?.startsWith("Network connection lost") === true) ? OUTCOME.RESET : OUTCOME.EXCEPTION;
}

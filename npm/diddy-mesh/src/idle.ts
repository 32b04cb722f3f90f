/** `timeout.idle`: an answer whose body falls silent is ended. Only answers of services that ask for it pass through here. */
import type { Call } from "./call.js";
import type { Order } from "./outgoing.js";

/** The answer with its body watched. Time counts while the reader wants more, so a slow reader is no silent service. */
export function watched(call: Call, { endpoint, idle }: Order, answer: Response): Response {
  const { body } = answer;
  // An upgrade has no body of this kind; its socket goes through as it is.
  if (idle === 0 || body === null) {
    return answer;
  }
  const reader = body.getReader();
  const watch: UnderlyingDefaultSource<Uint8Array> = {
    async pull(to) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${endpoint.address} sent nothing for ${idle} ms`)), idle);
      });
      try {
        const { done, value } = await Promise.race([reader.read(), silence]);
        if (done) {
          to.close();
        } else {
          to.enqueue(value);
        }
      } catch (error) {
        call.slot.notice({ type: "body_ended", at: performance.now(), endpoint: endpoint.address, detail: String(error) });
        to.error(error);
        reader.cancel(error).catch(() => undefined);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  };
  return new Response(new ReadableStream(watch, { highWaterMark: 0 }), answer);
}

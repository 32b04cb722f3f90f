/** `timeout.idle`: an answer whose body falls silent is ended. Only answers of services that ask for it pass through here. */
import type { Call } from "./call.js";
import type { Order } from "./outgoing.js";
import { ignore } from "./send.js";

/** Bytes asked for at a time. The platform's own 4 KiB cost ten times the CPU time per byte. */
const READ_BYTES = 65_536;

/** The answer with its body watched. Time counts while the reader wants more, so a slow reader is no silent service. */
export function watched(call: Call, { endpoint, idle }: Order, answer: Response): Response {
  // The body is touched only where it is watched: the first touch makes an object.
  const body = idle === 0 ? null : answer.body;
  // An upgrade has no body of this kind; its socket goes through as it is.
  // What is encoded would be decoded by reading it, and encoded anew by a compressor that holds chunks back.
  if (body === null || answer.headers.has("content-encoding")) {
    return answer;
  }
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // A stream that a local service made of values has none of that kind: its reader ignores the buffer.
    reader = body.getReader() as ReadableStreamReader<Uint8Array> as ReadableStreamBYOBReader;
  }
  const watch: UnderlyingDefaultSource<Uint8Array> = {
    async pull(to) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${endpoint.address} sent nothing for ${idle} ms`)), idle);
      });
      try {
        const { done, value } = await Promise.race([reader.read(new Uint8Array(READ_BYTES)), silence]);
        if (done) {
          to.close();
        } else {
          to.enqueue(value);
        }
      } catch (error) {
        call.slot.notice({ type: "body_ended", at: performance.now(), endpoint: endpoint.address, detail: String(error) });
        to.error(error);
        reader.cancel(error).catch(ignore);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  };
  return new Response(new ReadableStream(watch, { highWaterMark: 0 }), answer);
}

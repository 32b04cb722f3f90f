// Messages of gRPC-Web: what of gRPC passes a Worker, whose requests and responses have no trailers. They are the last
// frame of the body there. What is in a message is up to the two ends.
const HEAD_BYTES = 5;
const MESSAGE = 0;
const TRAILERS = 0x80;

function frame(flags, bytes) {
  const framed = new Uint8Array(HEAD_BYTES + bytes.length);
  framed[0] = flags;
  new DataView(framed.buffer).setUint32(1, bytes.length);
  framed.set(bytes, HEAD_BYTES);
  return framed;
}

/** True of a request or a response. */
export const isGrpc = ({ headers }) => headers.get("content-type")?.startsWith("application/grpc") === true;

/** The body of a call with one message. */
export const call = (text) => frame(MESSAGE, new TextEncoder().encode(text));

/** The body of an answer with one message, which went well. */
export function answer(text) {
  const trailers = frame(TRAILERS, new TextEncoder().encode("grpc-status: 0\r\n"));
  return new Blob([call(text), trailers]);
}

/** The first message of a body, and the status where the trailers have one. */
export function read(bytes) {
  const found = {};
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const end = at + HEAD_BYTES + new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(1);
    const text = new TextDecoder().decode(bytes.subarray(at + HEAD_BYTES, end));
    if (bytes[at] === MESSAGE) {
      found.message ??= text;
    } else {
      const status = /^grpc-status:\s*(\d+)/im.exec(text);
      found.status = status === null ? undefined : Number(status[1]);
    }
    at = end;
  }
  return found;
}

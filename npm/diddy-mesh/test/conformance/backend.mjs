// The fixture backend of the Gateway API's suite: it answers with what it saw, and fails as its path asks.
import { answer, isGrpc, read } from "./grpc.mjs";

const calls = new Map();
/** How often the request of each turn came, copies too. */
const turns = new Map();
const wait = (text) => new Promise((resolve) => setTimeout(resolve, Number.parseFloat(text) * (text.endsWith("ms") ? 1 : 1000)));

function upgraded() {
  const [client, server] = Object.values(new WebSocketPair());
  server.binaryType = "arraybuffer";
  server.accept();
  server.addEventListener("message", ({ data }) => server.send(data));
  return new Response(null, { status: 101, webSocket: client });
}

export default {
  async fetch(request, { SERVICE }) {
    const { host, pathname, search, searchParams } = new URL(request.url);
    const headers = new Headers(request.headers);
    const turn = headers.get("x-conformance-turn");
    headers.delete("x-conformance-turn");
    if (headers.has("x-conformance-count")) {
      return Response.json(turns.get(turn) ?? 0);
    }
    turns.set(turn, (turns.get(turn) ?? 0) + 1);
    if (request.headers.get("upgrade") === "websocket") {
      return upgraded();
    }
    if (pathname.startsWith("/retry/")) {
      const uuid = searchParams.get("uuid");
      const call = (calls.get(uuid) ?? 0) + 1;
      calls.set(uuid, call);
      if (call <= Number(searchParams.get("succeedAfter") ?? 0)) {
        await wait(searchParams.get("delayRetry") ?? "0");
        if (!searchParams.has("responseCode")) {
          // What a binding throws where the way to the callee was lost.
          throw Object.assign(new Error("Network connection lost."), { retryable: true });
        }
        return new Response("not yet", { status: Number(searchParams.get("responseCode")) });
      }
    }
    await wait(searchParams.get("delay") ?? "0");
    const status = /^\/status\/(\d{3})$/.exec(pathname);
    const set = (request.headers.get("x-echo-set-header") ?? "").split(",").filter(Boolean).map((pair) => pair.split(":").map((part) => part.trim()));
    const seen = { service: SERVICE, host, path: pathname + search, method: request.method, headers: Object.fromEntries(headers) };
    if (isGrpc(request)) {
      const { message } = read(new Uint8Array(await request.arrayBuffer()));
      // A call whose message did not arrive has failed, and says nothing of its status.
      return new Response(message === "ping" ? answer(JSON.stringify(seen)) : undefined, { headers: [...set, ["content-type", request.headers.get("content-type")]] });
    }
    return Response.json(seen, { status: status === null ? 200 : Number(status[1]), headers: set });
  },
};

/** Tools that watch a registry over WebSockets. They may sleep with the object: the platform keeps the sockets. */
import type { ObjectState } from "./platform.js";
import type { RegistryEvent } from "../protocol.js";

/** More watchers than this are refused. */
const WATCHERS_MAX = 64;
const TAG = "watch";

/** Takes a watcher in and greets it. */
export function admit(ctx: ObjectState, snapshot: number): Response {
  if (ctx.getWebSockets(TAG).length >= WATCHERS_MAX) {
    return new Response("too many watchers\n", { status: 503 });
  }
  const { 0: theirs, 1: ours } = new (globalThis as unknown as { WebSocketPair: new () => { 0: WebSocket; 1: WebSocket } }).WebSocketPair();
  ctx.acceptWebSocket(ours, [TAG]);
  const hello: RegistryEvent = { type: "hello", at: Date.now(), version: snapshot };
  ours.send(JSON.stringify(hello));
  return new Response(null, { status: 101, webSocket: theirs } as ResponseInit);
}

/** Tells all watchers. One that cannot hear is let go. */
export function tell(ctx: ObjectState, event: RegistryEvent): void {
  const sockets = ctx.getWebSockets(TAG);
  if (sockets.length === 0) {
    return;
  }
  const text = JSON.stringify(event);
  for (const socket of sockets) {
    try {
      socket.send(text);
    } catch {
      socket.close(1011, "cannot be reached");
    }
  }
}

/** `dispatch:NAME/worker`: a Worker of a dispatch namespace. */
import { bindingOf, offers } from "../env.js";
import type { Transport } from "../transport.js";

interface Dispatcher {
  get(worker: string): { fetch(request: Request): Promise<Response> };
}

export const dispatch: Transport = {
  aborts: false,
  reachable: (endpoint, env) => offers(bindingOf(env, endpoint.name), "get"),
  send: (endpoint, request, scene) => (bindingOf(scene.env, endpoint.name) as Dispatcher).get(endpoint.rest).fetch(request),
};

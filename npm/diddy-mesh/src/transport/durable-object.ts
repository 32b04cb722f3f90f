/** `do:NAME/key`: a Durable Object. A fresh stub per attempt: one that threw stays broken. */
import { bindingOf, offers } from "../env.js";
import type { Transport } from "../transport.js";

interface Namespace {
  idFromName(name: string): object;
  get(id: object): { fetch(request: Request): Promise<Response> };
}

export const durableObject: Transport = {
  aborts: false,
  reachable: (endpoint, env) => offers(bindingOf(env, endpoint.name), "idFromName"),
  send: (endpoint, request, scene) => {
    const namespace = bindingOf(scene.env, endpoint.name) as Namespace;
    return namespace.get(namespace.idFromName(endpoint.rest)).fetch(request);
  },
};

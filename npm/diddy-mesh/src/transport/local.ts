/** `local:NAME`: a service in this Worker, called in process. */
import type { LocalService } from "../types.js";
import type { Transport } from "../transport.js";

export const local: Transport = {
  aborts: false,
  reachable: (endpoint, _env, services) => services?.[endpoint.name] !== undefined,
  send: async (endpoint, request, { env, ctx, local: services }) =>
    (services as Record<string, LocalService>)[endpoint.name]!.fetch(request, env as never, ctx as never),
};

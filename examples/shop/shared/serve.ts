/** A Worker of the shop: its handlers, behind its fault, behind its counters, with or without the mesh. */
import type { HandlerMap } from "diddy-mesh";
import type { Fetch, Handlers, ShopEnv } from "./calls";
import { die, fault } from "./fault";
import { json } from "./http";
import { meshOf, talliesOf } from "./mesh";
import { counted, metered, readings } from "./meter";
import { plainFetch, plainHandle } from "./plain";

/** Makes the Worker of a service. `handlersOf` is called once, with the bindings. */
export function serve<Env extends ShopEnv>(serviceName: string, handlersOf: (env: Env) => Handlers): ExportedHandler<Env> {
  const mesh = meshOf(serviceName);
  const tallies = () => talliesOf(mesh);
  let handlers: Handlers | undefined;
  let meshed: HandlerMap | undefined;

  return {
    async fetch(request, env, ctx) {
      const path = new URL(request.url).pathname;
      if (env.CONTROL === "on" && path.startsWith("/_control/")) {
        return control(path, env);
      }
      const local = (handlers ??= handlersOf(env));
      return counted(async () => {
        const broken = await fault(env);
        if (broken !== undefined) {
          return broken;
        }
        if (env.MESH === "off") {
          return plainHandle(request, local, metered(plainFetch(env)));
        }
        return mesh.handle(request, (meshed ??= withMesh(local, tallies)), env, ctx);
      });
    },
  };
}

/** The same handlers as the mesh wants them: its `fetch`, counted. */
function withMesh(handlers: Handlers, tallies: () => ReturnType<typeof talliesOf>): HandlerMap {
  return Object.fromEntries(
    Object.entries(handlers).map(([key, handler]) => [
      key,
      (request: Request, { params, fetch }: { params: Readonly<Record<string, string>>; fetch: Fetch }) => handler(request, { params, fetch: metered(fetch), tallies }),
    ]),
  );
}

/** What the demo asks of a Worker. */
function control(path: string, env: ShopEnv): Response {
  switch (path) {
    case "/_control/stats":
      return json(readings());
    case "/_control/die":
      return json({ dead: die(env) });
    default:
      return json({ error: "unknown" }, 404);
  }
}

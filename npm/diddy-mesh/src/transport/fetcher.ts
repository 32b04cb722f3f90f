/** Shared by the transports whose binding is a Fetcher. */
import { bindingOf, isFetcher } from "../env.js";
import type { Endpoint, Scene } from "../transport.js";

interface Fetcher {
  fetch(request: Request, init?: { signal: AbortSignal }): Promise<Response>;
}

/** Whether env holds a Fetcher of that name. */
export function hasFetcher(endpoint: Endpoint, env: object): boolean {
  return isFetcher(bindingOf(env, endpoint.name));
}

/** Calls through the Fetcher. */
export function viaFetcher(endpoint: Endpoint, request: Request, scene: Scene, signal?: AbortSignal): Promise<Response> {
  const fetcher = bindingOf(scene.env, endpoint.name) as Fetcher;
  return signal === undefined ? fetcher.fetch(request) : fetcher.fetch(request, { signal });
}

/**
 * The shop without a mesh: a call goes by a plain service binding to one of the versions at random,
 * once, without a timeout, and what comes back is the answer.
 */
import document from "../mesh.json";
import type { Fetch, Handler, Handlers } from "./calls";

interface Found {
  readonly handler: Handler;
  readonly params: Record<string, string>;
}

/** The bindings of each service, as `mesh.json` lists them. */
const bindings = new Map(
  Object.entries(document.services).map(([name, { endpoints }]) => [name, endpoints.map(({ address }) => address.replace("binding:", ""))]),
);

/** Calls by the bindings of `env`. */
export function plainFetch(env: object): Fetch {
  return async (service, target, init) => {
    const names = bindings.get(service) ?? [];
    const name = names[Math.floor(Math.random() * names.length)] ?? "";
    const binding = Object.entries(env).find(([key]) => key === name)?.[1] as Fetcher | undefined;
    if (binding === undefined) {
      throw new Error(`no binding for ${service}`);
    }
    return binding.fetch(new URL(target, `https://${service}`), { ...init, redirect: "manual" });
  };
}

/** Answers by the first handler whose pattern fits, else by the first rule of `mesh.json`. */
export async function plainHandle(request: Request, handlers: Handlers, fetch: Fetch): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const found = find(handlers, request.method, pathname);
  if (found !== undefined) {
    return found.handler(request, { params: found.params, fetch, tallies: () => undefined });
  }
  const rule = document.routing.rules.find(({ path }) => `${pathname}/`.startsWith(path.slice(0, -1)));
  if (rule === undefined) {
    return new Response("Not found", { status: 404 });
  }
  const [{ rewrite }] = rule.filters as [(typeof rule.filters)[number]];
  return fetch(rule.service, rewrite.path.prefix + pathname.slice(rule.path.length - 2) + search, { method: request.method });
}

function find(handlers: Handlers, method: string, path: string): Found | undefined {
  const segments = path.split("/");
  for (const [key, handler] of Object.entries(handlers)) {
    const [verb, pattern = ""] = key.split(" ");
    const wanted = pattern.split("/");
    if (verb === method && wanted.length === segments.length && wanted.every((part, i) => part.startsWith("{") || part === segments[i])) {
      const pairs = wanted.flatMap((part, i) => (part.startsWith("{") ? [[part.slice(1, -1), decodeURIComponent(segments[i] ?? "")]] : []));
      return { handler, params: Object.fromEntries(pairs) as Record<string, string> };
    }
  }
  return undefined;
}

/**
 * The admin API: HTTP in front of the registry object, for the command line, tools and external origins.
 * It is off unless there is a token. A request without a right one gets no further than here.
 */
import { OBJECT_NAMES } from "../discovery/bindings.js";
import { bindingOf, envOf, keepAlive, kindOf } from "../env.js";
import type { ContextLike } from "../types.js";
import { parseJson } from "./json.js";
import type { RegistryNamespace } from "./platform.js";
import { API_PATH, refuse, type Refusal, type RegistryStub } from "../protocol.js";
import { carried, tokensOf, type Tokens } from "./token.js";

/** Bytes of a request: a document of 8 MiB and what is said with it. */
const BODY_BYTES_MAX = 9 * 1024 * 1024;
/** Refused tokens are told to the object this seldom: a flood must not reach it. */
const DENIED_EVERY_MS = 10_000;

/** What the API is of. */
export interface AdminOptions {
  /** The namespace of the registry objects. Default: the one bound as MESH_REGISTRY_OBJECT or REGISTRY. */
  readonly object?: RegistryNamespace | undefined;
  /** The tokens. Default: the secrets MESH_ADMIN_TOKEN (everything) and MESH_REGISTER_TOKEN (registrations). Without any the API is off. */
  readonly tokens?: Tokens | undefined;
}

type Stub = RegistryStub & { denied(count: number): Promise<void>; fetch(request: Request): Promise<Response> };
type Body = Readonly<Record<string, unknown>>;

/** One call. */
interface Route {
  readonly method: "GET" | "POST";
  /** Whether the token for registrations is enough. */
  readonly register: boolean;
  readonly answer: (stub: Stub, body: Body, query: URLSearchParams) => Promise<unknown>;
}

const asNumber = (text: string | null): number | undefined => (text === null ? undefined : Number(text));
const found = <T>(value: T | undefined): T | Refusal => value ?? refuse("unknown_version", "there is no such version");
const get = (answer: Route["answer"], register = false): Route => ({ method: "GET", register, answer });
const post = (answer: Route["answer"], register = false): Route => ({ method: "POST", register, answer });

const routes: Readonly<Record<string, readonly Route[]>> = {
  register: [post(async (stub, { registrations }) => ({ registered: await stub.register(registrations as never) }), true)],
  heartbeat: [post(async (stub, { ids }) => ({ renewed: await stub.heartbeat(ids as never) }), true)],
  deregister: [post(async (stub, { ids }) => ({ deregistered: await stub.deregister(ids as never) }), true)],
  services: [get((stub) => stub.list(), true)],
  status: [get((stub) => stub.status(), true)],
  config: [
    get(async (stub, _body, query) => found(await stub.config(asNumber(query.get("version"))))),
    post((stub, { document, ...options }) => stub.publish(document as never, options as never)),
  ],
  history: [get(async (stub, _body, query) => ({ history: await stub.history(asNumber(query.get("limit")), asNumber(query.get("before"))) }))],
  diff: [get((stub, _body, query) => stub.diff(Number(query.get("from")), Number(query.get("to"))))],
  rollback: [post((stub, options) => stub.rollback(options))],
  rollout: [post((stub, step) => stub.rollout(step as never))],
};

const STATUSES: Readonly<Record<Refusal["reason"], number>> = { invalid: 422, conflict: 409, rollout: 409, no_rollout: 409, unknown_version: 404, invalid_request: 400 };

let denied = 0;
let deniedAt = 0;

/** Answers a request of the admin API; undefined for every other one, and where the API is off. */
export function adminApi(request: Request, env?: object, ctx?: ContextLike, options: AdminOptions = {}): Promise<Response> | undefined {
  const { pathname, searchParams } = new URL(request.url);
  if (!pathname.startsWith(API_PATH)) {
    return undefined;
  }
  const bindings = envOf(env);
  const tokens = tokensOf(bindings, options.tokens);
  const namespace = options.object ?? namespaceOf(bindings);
  if (tokens === undefined || namespace === undefined) {
    return undefined;
  }
  return answer(request, pathname.slice(API_PATH.length), searchParams, tokens, namespace, ctx);
}

async function answer(request: Request, name: string, query: URLSearchParams, tokens: Tokens, namespace: RegistryNamespace, ctx: ContextLike | undefined): Promise<Response> {
  const token = await carried(request, tokens);
  if (token === undefined) {
    denied += 1;
    return said(401, "unauthorized", "a token is needed", { "www-authenticate": "Bearer" });
  }
  const mesh = query.get("mesh") ?? "default";
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(mesh)) {
    return said(400, "invalid_request", "mesh is a lowercase DNS label");
  }
  const stub = namespace.getByName(mesh) as Stub;
  if (denied > 0 && Date.now() - deniedAt > DENIED_EVERY_MS) {
    deniedAt = Date.now();
    keepAlive(ctx, stub.denied(denied));
    denied = 0;
  }
  const watching = name === "watch" && request.method === "GET";
  const known = watching ? [] : Object.hasOwn(routes, name) ? (routes[name] as readonly Route[]) : undefined;
  const route = known?.find(({ method }) => method === request.method);
  if (known === undefined || (route === undefined && !watching)) {
    return known === undefined ? said(404, "not_found", "there is no such call") : said(405, "method_not_allowed", "another method is", { allow: known.map(({ method }) => method).join(", ") });
  }
  if (token !== "admin" && route?.register !== true) {
    denied += 1;
    return said(403, "forbidden", "this token does not allow that");
  }
  if (route === undefined) {
    return stub.fetch(new Request("https://registry.mesh.internal/watch", request));
  }
  const body = route.method === "POST" ? await bodyOf(request) : {};
  return body instanceof Response ? body : call(route, stub, body, query);
}

async function call(route: Route, stub: Stub, body: Body, query: URLSearchParams): Promise<Response> {
  try {
    const made = (await route.answer(stub, body, query)) as Partial<Refusal>;
    return json(made, made.ok === false && made.reason !== undefined ? (STATUSES[made.reason] ?? 400) : 200);
  } catch (error) {
    const { message, name, overloaded, retryable } = error as Error & { overloaded?: boolean; retryable?: boolean };
    if (name === "RangeError" || name === "TypeError") {
      return said(400, "invalid_request", message);
    }
    const again = overloaded === true ? "10" : retryable === true ? "1" : undefined;
    return said(503, "unavailable", "the registry could not answer", again === undefined ? {} : { "retry-after": again });
  }
}

async function bodyOf(request: Request): Promise<Body | Response> {
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX) {
    return said(413, "too_large", `a request has up to ${BODY_BYTES_MAX} bytes`);
  }
  const text = await bounded(request);
  if (text === undefined) {
    return said(413, "too_large", `a request has up to ${BODY_BYTES_MAX} bytes`);
  }
  const { value, error } = parseJson(text) as { value?: unknown; error?: string };
  if (error !== undefined || typeof value !== "object" || value === null || Array.isArray(value)) {
    return said(400, "invalid_request", error ?? "the body is a JSON object");
  }
  return value as Body;
}

/** The body as text; undefined where it is too large, whatever its length was said to be. */
async function bounded(request: Request): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const reader = request.body?.getReader();
  let text = "";
  let bytes = 0;
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    bytes += (part.value as Uint8Array).length;
    if (bytes > BODY_BYTES_MAX) {
      await reader?.cancel();
      return undefined;
    }
    text += decoder.decode(part.value as Uint8Array, { stream: true });
  }
  return text + decoder.decode();
}

function namespaceOf(env: object): RegistryNamespace | undefined {
  const name = OBJECT_NAMES.find((known) => kindOf(bindingOf(env, known)) === "DurableObjectNamespace");
  return name === undefined ? undefined : (bindingOf(env, name) as RegistryNamespace);
}

function said(status: number, reason: string, message: string, headers: Record<string, string> = {}): Response {
  return json({ ok: false, reason, message }, status, headers);
}

function json(value: unknown, status: number, headers: Record<string, string> = {}): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store", ...headers } });
}

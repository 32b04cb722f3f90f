// Type-checked against the types of Workers, as a user's project has them.
import { DiddyMesh, MeshError, type MeshContext, type MeshDocument, type MeshEvent, type MeshOptions } from "diddy-mesh";
import { compile, explain, validate, type Diagnostic } from "diddy-mesh/config";
import { DiddyMesh as Core } from "diddy-mesh/core";
import { discovery, type KeyProvider } from "diddy-mesh/discovery";
import { flags, type FlagContext, type FlagDetails } from "diddy-mesh/flags";
import { hooks } from "diddy-mesh/hooks";
import { init } from "diddy-mesh/init";
import { contextOf, MeshProvider } from "diddy-mesh/openfeature";
import { adminApi, MeshRegistry, publishFromKv, type KvPublication, type RegistrySettings, type RegistryStub } from "diddy-mesh/registry";

interface Env {
  readonly KV_NAMESPACE: KVNamespace;
  readonly USERS: Fetcher;
}

const handleUsers = (request: Request): Response => new Response(request.url);
const events: MeshEvent[] = [];

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const options: MeshOptions = { serviceName: "user-service", version: "1.0.0", registry: env.KV_NAMESPACE, observability: true, onEvent: (event) => events.push(event) };
    const mesh = new DiddyMesh(options);
    const stats = mesh.stats().services["users"]?.endpoints[0]?.latencyUs;
    void stats;
    return mesh.handle(
      request,
      {
        "/api/users": () => handleUsers(request),
        "/api/health": () => new Response("OK"),
        "GET /users/{id}": async (_request: Request, { params, fetch }: MeshContext) => fetch("users", `/users/${params["id"]}`, { timeoutMs: 100 }),
        "/both": { GET: () => new Response("get"), POST: async (posted) => new Response(await posted.text()) },
      },
      env,
      ctx,
    );
  },
} satisfies ExportedHandler<Env>;

export const core = new Core({ serviceName: "s", config: new ArrayBuffer(0) });
export const local = new DiddyMesh({ serviceName: "s", registry: "kv", local: { INNER: { fetch: (request) => new Response(request.url) } } });
export const document = {
  services: { users: { endpoints: ["binding:USERS"], retries: 3, timeout: 5000 }, orders: { timeout: { request: "5s", attempt: 500 }, healthCheck: "/health" } },
  routing: { rules: [{ path: "/api/users/*", service: "users" }, { path: { type: "Exact", value: "/o" }, backends: ["orders"] }] },
} satisfies MeshDocument;
export class Registry extends MeshRegistry<Env> {}
const secret: KeyProvider<string, { readonly SECRET: { get(): Promise<string> } }> = (env) => env.SECRET.get();
export class Sealing extends MeshRegistry<Env> {
  protected override settings(): RegistrySettings {
    return { keys: { sign: { id: "k1", key: secret } } };
  }
}
export const keysProvided = discovery({ verify: (env: { readonly KEYS: string }) => ({ k1: env.KEYS }), decrypt: { e1: secret, e2: "text" } });
export const cron = (env: Env): Promise<KvPublication> => publishFromKv(env, { kv: env.KV_NAMESPACE, keys: async () => ({ encrypt: { id: "e1", key: secret } }) });
interface RegistryEnv {
  readonly MESH_REGISTRY_OBJECT: DurableObjectNamespace<Registry>;
}
export const admin = (request: Request, env: RegistryEnv, ctx: ExecutionContext): Promise<Response> => adminApi(request, env, ctx) ?? Promise.resolve(new Response(null, { status: 404 }));
export const listed = async (env: RegistryEnv): Promise<number> => (await (env.MESH_REGISTRY_OBJECT.getByName("default") as unknown as RegistryStub).status()).config;
export const discovered = new DiddyMesh({ serviceName: "s", registry: discovery({ register: { region: "weur" } }), onEvent: hooks({ onBreaker: ({ state }) => void state }) });
const asked = flags(discovered);
const known: FlagContext = { principal: "alice", country: "DE", headers: { "x-plan": "pro" } };
export const flagged = async (request: Request, env: Env, ctx: ExecutionContext): Promise<FlagDetails<boolean>> => {
  await discovered.ready(env, ctx);
  const limit: number = asked.number("limit", 10, request) + asked.string("banner", "", known).length;
  const { theme } = asked.json("theme", { theme: "light" }, { request, principal: "bob" });
  const list: readonly string[] = asked.json<readonly string[]>("list", []);
  asked.list().map(({ key, type, variants }) => [key, type, variants[theme], list, limit]);
  return asked.details("new-checkout", false, request);
};
export const provided = (request: Request) => new MeshProvider(discovered).resolveBooleanEvaluation("a", false, contextOf(request, { targetingKey: "alice" }));
export const findings: readonly Diagnostic[] = validate(document);
export const bytes: Uint8Array | undefined = compile(document).snapshot;
export const told = explain(document, { method: "GET", url: "https://a.test/" });
export const load = (module: WebAssembly.Module): void => init(module);
export const code = (error: unknown): string => (error instanceof MeshError ? error.code : "other");

// @ts-expect-error a flag's fallback has its type
asked.boolean("a", "text");
// @ts-expect-error the mesh keeps its ground to itself
discovered.ground();
// @ts-expect-error serviceName is required
export const wrong = new DiddyMesh({});
// @ts-expect-error the core has no registry
export const wrongCore = new Core({ serviceName: "s", registry: "kv" });

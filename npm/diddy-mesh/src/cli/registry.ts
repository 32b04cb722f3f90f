/** Which registry a command talks to. Commands do not know whether that is the admin API or KV. */
import type { RegistryStub } from "../protocol.js";
import { HttpRegistry } from "./http.js";
import { Failure } from "./io.js";
import { KvRegistry } from "./kv.js";
import { numberOf } from "./numbers.js";
import { WranglerKv } from "./wrangler-kv.js";

/** What commands ask of a registry. */
export type Registry = Pick<RegistryStub, "register" | "deregister" | "list" | "status" | "config" | "publish" | "history" | "diff" | "rollback" | "rollout">;

/** The options of every command that talks to a registry. */
export const TARGET = {
  url: { type: "string" },
  kv: { type: "string" },
  "kv-binding": { type: "string" },
  local: { type: "boolean" },
  "persist-to": { type: "string" },
  mesh: { type: "string" },
  timeout: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Their values. */
export interface TargetValues {
  readonly url?: string | undefined;
  readonly kv?: string | undefined;
  readonly "kv-binding"?: string | undefined;
  readonly local?: boolean | undefined;
  readonly "persist-to"?: string | undefined;
  readonly mesh?: string | undefined;
  readonly timeout?: string | undefined;
  readonly json?: boolean | undefined;
}

const NEITHER = `which registry? Give one of
  --url URL            the Worker with the registry's admin API (or MESH_REGISTRY_URL), with its token in MESH_ADMIN_TOKEN
  --kv NAMESPACE_ID    a KV namespace without a registry object (or --kv-binding NAME, or MESH_KV_NAMESPACE_ID), through wrangler`;

/** The registry that options name, else the environment. */
export function connect(values: TargetValues): Registry {
  const given = [values.url, values.kv, values["kv-binding"]].filter((value) => value !== undefined);
  const named = (name: string): string | undefined => (given.length > 0 ? undefined : process.env[name] || undefined);
  const [url, kv] = [values.url ?? named("MESH_REGISTRY_URL"), values.kv ?? named("MESH_KV_NAMESPACE_ID")];
  if (given.length > 1 || (url !== undefined && kv !== undefined)) {
    throw new Failure("a registry is named by one of --url, --kv and --kv-binding (or MESH_REGISTRY_URL, MESH_KV_NAMESPACE_ID), not by several");
  }
  const mesh = values.mesh ?? "default";
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(mesh)) {
    throw new Failure(`--mesh takes a lowercase DNS label, not ${JSON.stringify(mesh)}`);
  }
  const seconds = numberOf("timeout", values.timeout, (value) => value > 0 && value <= 600, "seconds, up to 600");
  const local = [...(values.local === true ? ["--local"] : []), ...(values["persist-to"] === undefined ? [] : [`--persist-to=${values["persist-to"]}`])];
  if (url !== undefined) {
    if (local.length > 0) {
      throw new Failure("--local and --persist-to are for --kv and --kv-binding");
    }
    return new HttpRegistry({ origin: originOf(url), token: tokenOf(), timeoutMs: 1000 * (seconds ?? 30) }, mesh);
  }
  const binding = values["kv-binding"];
  if (kv === undefined && binding === undefined) {
    throw new Failure(NEITHER);
  }
  if (values["persist-to"] !== undefined && values.local !== true) {
    throw new Failure("--persist-to goes with --local");
  }
  const namespace = kv === undefined ? `--binding=${binding as string}` : `--namespace-id=${kv}`;
  return new KvRegistry(new WranglerKv([namespace, "--preview=false", ...(local.length > 0 ? local : ["--remote"])], 1000 * (seconds ?? 60)), mesh);
}

/** A token must not travel in the clear, except to this machine. */
function originOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new Failure(`--url takes a URL such as https://registry.example.workers.dev, not ${JSON.stringify(text)}`);
  }
  if (url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new Failure(`--url takes the origin of a Worker and nothing else: ${url.origin}`);
  }
  if (url.protocol === "http:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    throw new Failure(`${url.origin} would send the token in the clear; use https (http goes to this machine only)`);
  }
  return url;
}

function tokenOf(): string {
  const token = (process.env["MESH_ADMIN_TOKEN"] ?? "").trim();
  if (token === "") {
    throw new Failure("the admin API needs a token: set MESH_ADMIN_TOKEN in the environment");
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Failure("MESH_ADMIN_TOKEN holds characters that no token has, such as spaces");
  }
  return token;
}

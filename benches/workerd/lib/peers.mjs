// The peers' gateways and the workers all of them need, as bundled for workerd.
import { bundle } from "./bundle.mjs";

/** The peers' stacks, by the name that tables and JSON show. */
const STACKS = {
  "hono": "hono",
  "hono+cockatiel": "hono-cockatiel",
  "hono+cockatiel+jose": "hono-cockatiel-jose",
  "hono+cockatiel+otel": "hono-cockatiel-otel",
  "hono+cockatiel+jose+otel": "hono-cockatiel-jose-otel",
};
/** All four libraries. */
export const FOUR = "hono+cockatiel+jose+otel";

/** The flags a stack needs to run; only the tracing library needs Node's modules. */
export const flagsOf = (name) => (name.includes("otel") ? ["nodejs_compat"] : []);

const bundles = new Map();

/** Bundles workers/`file`.mjs, once per run. */
export function worker(file) {
  if (!bundles.has(file)) bundles.set(file, bundle(file, { entry: `workers/${file}.mjs` }));
  return bundles.get(file);
}

/** One peer's gateway. */
export const peer = (name) => worker(STACKS[name]);

/** What each gateway is sent: the path, and a token that jose accepts, so that all get the very same request. */
export async function sampleRequest() {
  const { SignJWT } = await import("jose");
  const token = await new SignJWT({ sub: "svc-a", tenant: "t-42", scope: "read write" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://issuer.example")
    .setAudience("mesh")
    .setIssuedAt()
    .setExpirationTime("12h")
    .sign(new TextEncoder().encode("0123456789abcdef0123456789abcdef"));
  return {
    path: "/api/users/583231?fields=name",
    headers: { authorization: `Bearer ${token}` },
    expected: "hello from backend",
  };
}

/**
 * Registering endpoints and taking them back: at the registry's object, or in KV where there is none.
 * In KV each registration is the metadata of a key of its own, so that nobody writes what another wrote.
 */
import { bytesOf, METADATA_BYTES_MAX, registrationKey, TTL_S_MIN } from "../kv/keys.js";
import { registrationsPrefix, type EndpointName, type Registered, type Registration } from "../protocol.js";
import { askObject, type KvBinding, type Registry } from "./bindings.js";
import { shortHash } from "./encoding.js";

const SERVICE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Registers; each is taken or refused for itself. In KV, one that was written less than `everyMs` ago is left as it is. */
export function registerAt({ kv, object }: Registry, mesh: string, registrations: readonly Registration[], everyMs = 0): Promise<Registered[]> {
  return object === undefined
    ? Promise.all(registrations.map((one) => writeToKv(kv as KvBinding, mesh, one, everyMs)))
    : askObject(object, mesh, (stub) => stub.register(registrations));
}

/** Takes back; those that were there. */
export async function deregisterAt({ kv, object }: Registry, mesh: string, ids: readonly string[]): Promise<EndpointName[]> {
  return object === undefined ? deleteFromKv(kv as KvBinding, mesh, ids) : askObject(object, mesh, (stub) => stub.deregister(ids));
}

async function writeToKv(kv: KvBinding, mesh: string, registration: Registration, everyMs: number): Promise<Registered> {
  const { address, service, ttl, version = "" } = registration;
  const ttlMs = msOf(ttl);
  const bytes = bytesOf(registration);
  if (!SERVICE.test(service)) {
    return refused("invalid-name", "service", service, "a lowercase DNS label");
  }
  if (Number.isNaN(ttlMs)) {
    return refused("invalid-duration", "ttl", String(ttl), "a span of time, such as 24h");
  }
  if (bytes > METADATA_BYTES_MAX) {
    return refused("too-large", "", `${bytes} bytes as JSON`, `at most ${METADATA_BYTES_MAX}, which is what KV takes as metadata`);
  }
  const id = await shortHash(`${service}\n${address}\n${version}`);
  const key = registrationKey(mesh, service, id);
  const expirationTtl = Math.max(TTL_S_MIN, Math.ceil(ttlMs / 1_000));
  const writtenAt = everyMs > 0 ? await writtenLast(kv, key, registration) : 0;
  const at = Date.now();
  const isRecent = at - writtenAt < everyMs;
  if (!isRecent) {
    await kv.put(key, String(at), { metadata: registration, expirationTtl });
  }
  return { ok: true, id, expiresAt: (isRecent ? writtenAt : at) + expirationTtl * 1_000, registration, diagnostics: [] };
}

/** When the same registration was written, in ms since 1970: the value of its key says so. */
async function writtenLast(kv: KvBinding, key: string, registration: Registration): Promise<number> {
  const { metadata, value } = await kv.getWithMetadata(key, { type: "arrayBuffer" });
  const isSame = value !== null && JSON.stringify(metadata) === JSON.stringify(registration);
  return isSame ? Number(new TextDecoder().decode(value)) || 0 : 0;
}

async function deleteFromKv(kv: KvBinding, mesh: string, ids: readonly string[]): Promise<EndpointName[]> {
  const gone: EndpointName[] = [];
  const prefix = registrationsPrefix(mesh);
  let cursor: string | undefined;
  do {
    const page = await kv.list({ prefix, ...(cursor !== undefined && { cursor }) });
    for (const { metadata, name } of page.keys) {
      const [service = "", id = ""] = name.slice(prefix.length).split("/");
      if (ids.includes(id)) {
        await kv.delete(name);
        const { address = "", version = "" } = (metadata ?? {}) as Partial<Registration>;
        gone.push({ id, service, address, version });
      }
    }
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return gone;
}

/** NaN where it is no span of time. */
function msOf(span: Registration["ttl"]): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d)?)(us|ms|s|m|h)$/.exec(String(span)) ?? [];
  return typeof span === "number" ? span : Number(amount) * (UNIT_MS[unit] ?? NaN);
}

function refused(code: Registered["diagnostics"][number]["code"], path: string, found: string, expected: string): Registered {
  return { ok: false, diagnostics: [{ severity: "error", code, path, found, expected, message: `${path === "" ? "" : `${path}: `}found ${found}, expected ${expected}` }] };
}

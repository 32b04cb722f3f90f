/**
 * The Snapshot that a registry publishes in KV. An isolate reads it, keeps it, and reads again in the background;
 * only an isolate that has none yet waits, once, and not for long.
 * No promise is shared between requests: one that was begun by a request ends with it.
 */
import { bindingOf, keepAlive, kindOf } from "./env.js";
import { MeshError } from "./errors.js";
import { sleep } from "./send.js";
import { guarded } from "./recovery.js";
import type { Slot } from "./slot.js";
import type { ContextLike, KvReader } from "./types.js";

/** Seconds a location may answer from its cache: the least that KV takes. */
const CACHE_TTL_S = 30;
/** How long a Snapshot is used before it is read again. */
const FRESH_MS = 30_000;
/** How long a cold isolate waits before it goes on with what was bundled. */
const COLD_WAIT_MS = 1_000;

/** The KV namespace of the registry: one with a conventional name, else the only one there is. */
export function findRegistry(env: object): KvReader {
  const names = Object.keys(env).filter((name) => kindOf(bindingOf(env, name)) === "KvNamespace");
  const name = ["MESH_REGISTRY", "MESH_KV", "KV_NAMESPACE"].find((known) => names.includes(known)) ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) {
    const found = names.length === 0 ? "no KV namespace" : `several KV namespaces (${names.join(", ")})`;
    throw new MeshError("registry_not_found", `registry: "kv" found ${found} in env; bind one as MESH_REGISTRY, or pass it: registry: env.NAME`);
  }
  return bindingOf(env, name) as KvReader;
}

/** See `Features.registry.refresh`. */
export function refresh(slot: Slot, kv: KvReader, mesh: string, ctx: ContextLike | undefined): Promise<void> | undefined {
  const now = performance.now();
  if (slot.readAt !== undefined && now - slot.readAt < FRESH_MS) {
    return undefined;
  }
  const cold = slot.readAt === undefined;
  if (!cold) {
    // Claimed before the answer, so that others do not ask too. If this request dies, the claim runs out.
    slot.readAt = now;
  }
  const reading = read(slot, kv, mesh);
  keepAlive(ctx, reading);
  return cold ? withDeadline(slot, reading) : undefined;
}

async function read(slot: Slot, kv: KvReader, mesh: string): Promise<void> {
  const at = performance.now();
  try {
    const found = await kv.get(`mesh/v1/${mesh}/snapshot`, { type: "arrayBuffer", cacheTtl: CACHE_TTL_S });
    if (found === null) {
      slot.notice({ type: "registry_empty", at });
    } else {
      take(slot, new Uint8Array(found));
    }
  } catch (error) {
    slot.notice({ type: "registry_unavailable", at, detail: String(error) });
  }
  slot.readAt = performance.now();
}

function take(slot: Slot, bytes: Uint8Array): void {
  const { published } = slot;
  if (published?.length !== bytes.length || !bytes.every((byte, i) => byte === published[i])) {
    // Remembered even if it is refused: the same broken bytes are not tried every time.
    slot.published = bytes;
    guarded(slot, () => slot.load(bytes));
  }
}

async function withDeadline(slot: Slot, reading: Promise<void>): Promise<void> {
  await Promise.race([reading, sleep(COLD_WAIT_MS)]);
  if (slot.readAt === undefined) {
    slot.readAt = performance.now();
    slot.notice({ type: "registry_slow", at: slot.readAt });
  }
}

/** From options to the slot of the isolate: what identifies a configuration. */
import { envOf } from "./env.js";
import { MeshError } from "./errors.js";
import { runtime } from "./runtime.js";
import { knownSlot, newSlot, type Slot } from "./slot.js";
import type { CoreOptions, KvReader, MeshDocument, SnapshotSource } from "./types.js";

/** Documents written as literals per request are told apart by their content; so many are remembered. */
const LITERALS_MAX = 32;
const literals = new Map<string, MeshDocument>();

/** The slot of a configuration. A document is compiled here, when its slot is new. */
export function slotFor({ config, env }: CoreOptions, registry: KvReader | SnapshotSource | undefined, mesh: string): Slot {
  const known = knownSlot(registry ?? config, mesh);
  if (known !== undefined) {
    return known;
  }
  const bytes = config instanceof ArrayBuffer ? new Uint8Array(config) : config;
  if (bytes === undefined || ArrayBuffer.isView(bytes)) {
    return newSlot(registry ?? config, mesh, bytes as Uint8Array | undefined);
  }
  const text = JSON.stringify(bytes);
  const same = literals.get(text) ?? bytes;
  const slot = knownSlot(registry ?? same, mesh) ?? newSlot(registry ?? same, mesh, compiled(bytes, envOf(env)));
  if (literals.size < LITERALS_MAX) {
    literals.set(text, same);
  }
  return slot;
}

function compiled(document: MeshDocument, env: object): Uint8Array {
  if (runtime.compiler === undefined) {
    throw new MeshError("config_needs_compiler", 'config is a document: import "diddy-mesh/config" too, or compile it with `npx diddy-mesh compile` and pass the Snapshot');
  }
  return runtime.compiler(document, env);
}

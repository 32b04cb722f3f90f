/** From options to the slot of the isolate: what identifies a configuration. */
import { MeshError } from "./errors.js";
import { runtime } from "./runtime.js";
import { slotOf, type Slot } from "./slot.js";
import type { CoreOptions, KvReader, MeshDocument } from "./types.js";

/** Documents written as literals per request are told apart by their content; so many are remembered. */
const LITERALS_MAX = 32;
const literals = new Map<string, MeshDocument>();
const seen = new WeakMap<MeshDocument, MeshDocument>();

/** The slot of a configuration. A document is compiled here, when its slot is new. */
export function slotFor(config: CoreOptions["config"], registry: KvReader | undefined, mesh: string): Slot {
  if (config === undefined) {
    return slotOf(registry, mesh, () => undefined);
  }
  if (config instanceof ArrayBuffer || ArrayBuffer.isView(config)) {
    return slotOf(registry ?? config, mesh, () => (config instanceof ArrayBuffer ? new Uint8Array(config) : config as Uint8Array));
  }
  return slotOf(registry ?? canonical(config), mesh, () => compiled(config));
}

function canonical(document: MeshDocument): MeshDocument {
  let same = seen.get(document);
  if (same === undefined) {
    const text = JSON.stringify(document);
    same = literals.get(text) ?? document;
    if (literals.size < LITERALS_MAX) {
      literals.set(text, same);
    }
    seen.set(document, same);
  }
  return same;
}

function compiled(document: MeshDocument): Uint8Array {
  if (runtime.compiler === undefined) {
    throw new MeshError("config_needs_compiler", 'config is a document: import "diddy-mesh/config" too, or compile it with `npx diddy-mesh compile` and pass the Snapshot');
  }
  return runtime.compiler(document);
}

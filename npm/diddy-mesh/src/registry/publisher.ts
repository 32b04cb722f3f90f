/** Publishing to KV: only what changed, and again later where it failed. */
import { seal, type SealingKeys } from "../discovery/seal.js";
import { within } from "../discovery/within.js";
import { bindingOf, kindOf } from "../env.js";
import { snapshotKey } from "../protocol.js";
import { findRegistry } from "../published.js";
import type { PublishedMetadata, PublishedSnapshot } from "../types.js";
import type { Made } from "../../wasm/control.js";
import type { KvWriter } from "./platform.js";
import type { State } from "./state.js";

/** How long KV may take. */
const PUT_MS = 10_000;
/** After a failure: first wait, doubled each time up to the last. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

/** What is to be published, and the hash that it is known again by. */
interface Ready extends PublishedSnapshot {
  readonly hash: string;
}

/** What was compiled of each registry's present version, by the version that it was compiled as. Workers that hear of a new one all ask for the same, and compiling takes long. */
const compiled = new WeakMap<State, { readonly of: number; readonly by: Map<number, Made> }>();

function compile(state: State, version: number): Made {
  const brain = state.brain();
  const known = compiled.get(state);
  const { by } = known?.of === brain.version ? known : { by: new Map<number, Made>() };
  const made = by.get(version) ?? brain.publication(version);
  compiled.set(state, { of: brain.version, by: by.set(version, made) });
  return made;
}

/** What is to be published now; undefined where it does not compile, which leaves what was published. */
export function current(state: State, { encrypt, sign }: SealingKeys): Ready | undefined {
  const { storage } = state;
  const unusable = state.unusable();
  if (unusable !== undefined) {
    storage.set({ publish_error: unusable });
    return undefined;
  }
  const { version: latest } = state.brain();
  const first = compile(state, latest);
  const percent = storage.get("percent");
  // Other keys seal it anew.
  const hash = [first.publication?.hash, percent, sign?.id, encrypt?.id].join("/");
  // What means the same as what was published is that: another version would only make readers doubt theirs.
  const same = hash === storage.get("hash");
  const { publication, diagnostics } = same ? compile(state, storage.get("snapshot")) : first;
  if (publication === undefined) {
    storage.set({ publish_error: diagnostics.map(({ message }) => message).join("\n") });
    return undefined;
  }
  const { candidate, snapshot, version } = publication;
  if (candidate === undefined) {
    return { value: snapshot, metadata: { version }, hash };
  }
  const value = new Uint8Array(snapshot.length + candidate.length);
  value.set(snapshot);
  value.set(candidate, snapshot.length);
  const metadata: PublishedMetadata = { version, split: snapshot.length, percent };
  return { value, metadata, hash };
}

/** Publishes what changed, and tries again later where that fails. `find` gives where to, and `keys` what it is sealed with. */
export async function publishNow(state: State, find: () => KvWriter | undefined, keys: () => Promise<SealingKeys>): Promise<void> {
  try {
    await publishChange(state, find, await keys());
  } catch (error) {
    failed(state, error);
  }
}

async function publishChange(state: State, find: () => KvWriter | undefined, keys: SealingKeys): Promise<void> {
  const { mesh, storage } = state;
  const settled = state.brain().version;
  const now = current(state, keys);
  if (now === undefined || now.hash === storage.get("hash")) {
    state.change((brain) => {
      brain.published(settled, Date.now());
      storage.set(now === undefined ? { settled } : { settled, publish_error: null, publish_failures: 0 });
    });
    if (now === undefined) {
      state.emit({ type: "publish_failed", version: settled, detail: storage.get("publish_error") ?? "" });
    }
    return;
  }
  const { version } = now.metadata;
  // Until KV answers nobody knows what it has: should the answer not come, what was published before is published again too.
  storage.set({ hash: "" });
  const { metadata, value } = await seal(now, mesh, keys, state.env);
  const putting = find()?.put(snapshotKey(mesh), value, { metadata });
  await (putting && within(PUT_MS, putting));
  // Whatever changed while KV was written has another version, and is published next.
  state.change((brain) => {
    const at = Date.now();
    brain.published(settled, at);
    storage.set({ settled, snapshot: version, hash: now.hash, published_at: at, publish_error: null, publish_failures: 0 });
  });
  state.emit({ type: "published", version });
}

/** Tries again later, and later each time. */
function failed(state: State, error: unknown): void {
  const { storage } = state;
  const failures = storage.get("publish_failures");
  const wait = Math.min(RETRY_MS * 2 ** failures, RETRY_MS_MAX) * (1 + Math.random() / 2);
  state.change((brain) => {
    brain.postpone(Date.now() + wait);
    storage.set({ publish_error: String(error), publish_failures: failures + 1 });
  });
  state.emit({ type: "publish_failed", version: storage.get("version"), detail: String(error) });
}

/** The namespace to publish to: the one that is named, or found as readers find it. Undefined where there is none: then Workers ask the object itself. */
export function kvOf(env: object): KvWriter | undefined {
  const any = Object.keys(env).some((name) => kindOf(bindingOf(env, name)) === "KvNamespace");
  return any ? (findRegistry(env) as unknown as KvWriter) : undefined;
}

/** Publishing to KV: only what changed, and again later where it failed. */
import { bindingOf, kindOf } from "../env.js";
import { findRegistry } from "../published.js";
import type { PublishedMetadata, PublishedSnapshot } from "../types.js";
import type { KvWriter } from "./platform.js";
import type { State } from "./state.js";

/** How long KV may take. */
const PUT_MS = 10_000;
/** After a failure: first wait, doubled each time up to the last. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

/** What is to be published now; undefined where it does not compile, which leaves what was published. */
export function current(state: State): (PublishedSnapshot & { readonly hash: string }) | undefined {
  const { publication, diagnostics } = state.brain().publication();
  if (publication === undefined) {
    state.storage.set({ publish_error: diagnostics.map(({ message }) => message).join("\n") });
    return undefined;
  }
  const { candidate, hash, snapshot, version } = publication;
  if (candidate === undefined) {
    return { value: snapshot, metadata: { version }, hash };
  }
  const value = new Uint8Array(snapshot.length + candidate.length);
  value.set(snapshot);
  value.set(candidate, snapshot.length);
  const percent = state.storage.get("percent");
  const metadata: PublishedMetadata = { version, split: snapshot.length, percent };
  return { value, metadata, hash: `${hash}@${percent}` };
}

/** Publishes what changed. */
export async function publishNow(state: State, find: () => KvWriter | undefined): Promise<void> {
  const { storage } = state;
  const now = current(state);
  const brain = state.brain();
  const version = now?.metadata.version ?? brain.version;
  if (now === undefined || now.hash === storage.get("hash")) {
    state.change(() => {
      brain.published(version, Date.now());
      storage.set({ snapshot: version });
    });
    if (now === undefined) {
      state.emit({ type: "publish_failed", version, detail: storage.get("publish_error") ?? "" });
    }
    return;
  }
  try {
    const putting = find()?.put(`mesh/v1/${state.mesh}/snapshot`, now.value, { metadata: now.metadata });
    await (putting && withDeadline(putting));
  } catch (error) {
    const failures = storage.get("publish_failures");
    const wait = Math.min(RETRY_MS * 2 ** failures, RETRY_MS_MAX) * (1 + Math.random() / 2);
    state.change((still) => {
      still.postpone(Date.now() + wait);
      storage.set({ publish_error: String(error), publish_failures: failures + 1 });
    });
    state.emit({ type: "publish_failed", version, detail: String(error) });
    return;
  }
  // Whatever changed while KV was written has another version, and is published next.
  state.change((still) => {
    const at = Date.now();
    still.published(version, at);
    storage.set({ snapshot: version, hash: now.hash, published_at: at, publish_error: null, publish_failures: 0 });
  });
  state.emit({ type: "published", version });
}

/** The namespace to publish to: the one that is named, or found as readers find it. Undefined where there is none: then Workers ask the object itself. */
export function kvOf(env: object): KvWriter | undefined {
  const any = Object.keys(env).some((name) => kindOf(bindingOf(env, name)) === "KvNamespace");
  return any ? (findRegistry(env) as unknown as KvWriter) : undefined;
}

async function withDeadline(putting: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`KV did not answer within ${PUT_MS / 1000} s`)), PUT_MS);
  });
  try {
    await Promise.race([putting, late]);
  } finally {
    clearTimeout(timer);
  }
}

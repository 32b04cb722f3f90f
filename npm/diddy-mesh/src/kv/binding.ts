/** A mesh's part of a KV namespace, read through a Worker's binding: what is there, in a bounded number of operations. */
import { within } from "../discovery/within.js";
import { registrationsPrefix, snapshotKey } from "../protocol.js";
import { configKey, stageKey } from "./keys.js";
import type { KvKey } from "./layout.js";

/** Keys that KV lists at a time. */
const PAGE_KEYS = 1_000;
/** Pages that are shorter than they could be: KV lists keys that ended as if they were there, and leaves them out then. */
const SHORT_PAGES_MAX = 20;

/** The part of a KV namespace that is used. */
export interface KvStore {
  get(key: string, type: "text"): Promise<string | null>;
  getWithMetadata(key: string, type: "stream"): Promise<{ readonly value: ReadableStream | null; readonly metadata: unknown }>;
  list(options: { prefix: string; cursor?: string }): Promise<{ readonly keys: readonly KvKey[]; readonly list_complete: boolean; readonly cursor?: string }>;
  put(key: string, value: Uint8Array, options: { metadata: unknown }): Promise<void>;
}

/** See the head of this file. */
export class KvMesh {
  readonly #kv: KvStore;
  readonly #mesh: string;
  readonly #timeoutMs: number;

  /** `timeoutMs` is how long one operation may take. */
  constructor(kv: KvStore, mesh: string, timeoutMs: number) {
    this.#kv = kv;
    this.#mesh = mesh;
    this.#timeoutMs = timeoutMs;
  }

  /** The keys of the Snapshot and of the stage, where they are there, and those of up to so many registrations. */
  async keys(registrationsMax: number): Promise<{ readonly keys: readonly KvKey[]; readonly isCut: boolean }> {
    const [snapshot, stage, { isCut, keys }] = await Promise.all([this.#key(snapshotKey(this.#mesh)), this.#key(stageKey(this.#mesh)), this.#registrations(registrationsMax)]);
    return { keys: [...snapshot, ...stage, ...keys], isCut };
  }

  /** A version of the configuration as it is stored; empty where it is not there. */
  async document(version: number): Promise<string> {
    return (await within(this.#timeoutMs, this.#kv.get(configKey(this.#mesh, version), "text"))) ?? "";
  }

  async put(value: Uint8Array, metadata: object): Promise<void> {
    await within(this.#timeoutMs, this.#kv.put(snapshotKey(this.#mesh), value, { metadata }));
  }

  /** What there is to know of one key. Its value is not read: a Snapshot is large, and a listing costs ten times as much. */
  async #key(name: string): Promise<KvKey[]> {
    const { metadata, value } = await within(this.#timeoutMs, this.#kv.getWithMetadata(name, "stream"));
    await value?.cancel();
    return value === null && metadata === null ? [] : [{ name, metadata }];
  }

  async #registrations(max: number): Promise<{ keys: KvKey[]; isCut: boolean }> {
    const keys: KvKey[] = [];
    const prefix = registrationsPrefix(this.#mesh);
    let cursor: string | undefined;
    for (let pages = Math.ceil(max / PAGE_KEYS) + SHORT_PAGES_MAX; pages > 0 && keys.length <= max; pages--) {
      const page = await within(this.#timeoutMs, this.#kv.list({ prefix, ...(cursor !== undefined && { cursor }) }));
      keys.push(...page.keys);
      if (page.list_complete) {
        return { keys: keys.slice(0, max), isCut: keys.length > max };
      }
      ({ cursor } = page);
    }
    return { keys: keys.slice(0, max), isCut: true };
  }
}

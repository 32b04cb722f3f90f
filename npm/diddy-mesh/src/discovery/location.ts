/** What the isolates of one location share: the Cache API, under URLs that nobody else uses. */
import { fromBase64url, toBase64url, utf8 } from "./encoding.js";
import type { SealedMetadata, SealedSnapshot } from "./seal.js";

const METADATA_HEADER = "mesh-metadata";

interface Cache {
  match(key: string): Promise<Response | undefined>;
  put(key: string, answer: Response): Promise<void>;
}

/** The shared state of one mesh. What is stored there is sealed as it was published. */
export class Location {
  readonly #cache: Cache;
  readonly #base: string;

  /** `place` keeps registries apart whose meshes have the same name. */
  constructor(cache: Cache, place: string, mesh: string) {
    this.#cache = cache;
    this.#base = `https://discovery.diddy-mesh.invalid/v1/${encodeURIComponent(place)}/${encodeURIComponent(mesh)}/`;
  }

  /** The Snapshot that an isolate here read lately. */
  async snapshot(): Promise<SealedSnapshot | undefined> {
    const answer = await this.#cache.match(`${this.#base}snapshot`);
    return answer && { value: new Uint8Array(await answer.arrayBuffer()), metadata: metadataOf(answer) };
  }

  async keep({ value, metadata }: SealedSnapshot, ms: number): Promise<void> {
    // As base64url: headers take no text outside ASCII, which the ids of keys may be.
    const headers = { [METADATA_HEADER]: toBase64url(utf8(JSON.stringify(metadata))) };
    await this.#put("snapshot", value as Uint8Array<ArrayBuffer>, ms, headers);
  }

  /** Whether an isolate here left this mark. */
  async isMarked(mark: string): Promise<boolean> {
    return (await this.#cache.match(`${this.#base}${mark}`)) !== undefined;
  }

  async mark(mark: string, ms: number): Promise<void> {
    await this.#put(mark, "", ms);
  }

  async #put(name: string, body: BodyInit, ms: number, headers: Record<string, string> = {}): Promise<void> {
    await this.#cache.put(`${this.#base}${name}`, new Response(body, { headers: { ...headers, "cache-control": `max-age=${Math.ceil(ms / 1_000)}` } }));
  }
}

/** The Cache API of this location, where there is one. */
export function cacheHere(): Cache | undefined {
  return (globalThis as { caches?: { default?: Cache } }).caches?.default;
}

function metadataOf(answer: Response): SealedMetadata {
  const bytes = fromBase64url(answer.headers.get(METADATA_HEADER) ?? "");
  return JSON.parse(new TextDecoder().decode(bytes)) as SealedMetadata;
}

/**
 * Keys that are given, or asked for when they are needed: by functions that know where they are kept. What one answered is
 * kept in this isolate, and asked for again where it opens nothing.
 */
import { within } from "./within.js";

/**
 * Gives a key, or all keys of a kind, when they are needed: `(env) => env.KEYS.get()`. What it answered is remembered by the
 * function itself, so define it once, at module scope: for an hour at most, and until a Snapshot comes that it does not
 * open, such as one with a key of another id. One that throws, or takes longer than 2 s, is as a wrong key.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each Worker has an env of its own type
export type KeyProvider<Given = string | CryptoKey, Env = any> = (env: Env) => Given | Promise<Given>;

/** Something, or who gives it. */
export type Provided<Given> = Given | KeyProvider<Given>;

/** Keys by id: each of them, or all together, may come from a provider. */
export type ProvidedKeys = Provided<Readonly<Record<string, Provided<string | CryptoKey>>>>;

/** How long a provider may take. */
const KEY_MS = 2_000;
/** How long an answer is used: a key that was taken back is not used for longer. */
const KEEP_MS = 3_600_000;
/** One whose answer opens nothing is asked again this seldom: what is broken must not become a flood of questions. */
const RENEW_MS = 10_000;

interface Answer {
  readonly given: unknown;
  readonly at: number;
  /** When it was asked again because its answer opened nothing. */
  readonly renewedAt: number;
}

/** Answers and no promises: one that a request began ends with it. */
const answers = new WeakMap<object, Answer>();

/** Does `work` with keys; once more with those that are asked for again, where it fails with remembered ones. */
export async function withKeys<T>(env: object, work: (ring: Ring) => Promise<T>): Promise<T> {
  const ring = new Ring(env, new Set());
  try {
    return await work(ring);
  } catch (error) {
    const remembered = ring.takeRemembered();
    if (remembered.size === 0) {
      throw error;
    }
    return work(new Ring(env, remembered));
  }
}

/** The keys of one piece of work. */
export class Ring {
  readonly #env: object;
  /** Providers that are asked whatever they answered before. */
  readonly #renewed: ReadonlySet<object>;
  readonly #remembered = new Set<object>();

  constructor(env: object, renewed: ReadonlySet<object>) {
    this.#env = env;
    this.#renewed = renewed;
  }

  /** What is given, or what its provider gives. */
  async get<Given extends string | object>(provided: Provided<Given>, what: string): Promise<Given> {
    return typeof provided === "function" ? (this.#answer(provided) as Given | undefined) ?? this.#ask(provided as KeyProvider<Given>, what) : provided;
  }

  /** Takes the providers that are to be asked again, as their answers were remembered and did not do. */
  takeRemembered(): ReadonlySet<object> {
    const now = performance.now();
    const due = Array.from(this.#remembered, (provider) => [provider, answers.get(provider)] as const).filter(([, answer]) => answer !== undefined && now - answer.renewedAt >= RENEW_MS) as [object, Answer][];
    // What it answered stays: it may be right, and the provider may be away.
    due.forEach(([provider, answer]) => answers.set(provider, { ...answer, renewedAt: now }));
    return new Set(due.map(([provider]) => provider));
  }

  #answer(provider: object): unknown {
    const answer = this.#renewed.has(provider) ? undefined : answers.get(provider);
    if (answer === undefined || performance.now() - answer.at >= KEEP_MS) {
      return undefined;
    }
    this.#remembered.add(provider);
    return answer.given;
  }

  async #ask<Given extends string | object>(provider: KeyProvider<Given>, what: string): Promise<Given> {
    // An answer that comes too late for this work is there for the next.
    const asked = async (): Promise<Given> => {
      const given: unknown = await provider(this.#env);
      if ((typeof given !== "object" && typeof given !== "string") || given === null) {
        throw new TypeError(`found ${given === null ? "null" : typeof given}, expected a key or keys`);
      }
      answers.set(provider, { given, at: performance.now(), renewedAt: answers.get(provider)?.renewedAt ?? -Infinity });
      return given as Given;
    };
    try {
      return await within(KEY_MS, asked());
    } catch (error) {
      throw new Error(`the provider of ${what} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** The key of an id; throws where there is none. */
export async function keyOf(ring: Ring, keys: ProvidedKeys | undefined, id: string, how: string): Promise<string | CryptoKey> {
  const known: unknown = keys && (await ring.get(keys, `the keys that Snapshots are ${how} with`));
  if (typeof known === "string") {
    throw new Error(`the provider of the keys that Snapshots are ${how} with gave a text; expected keys by id, such as { "k1": KEY }`);
  }
  if (known === undefined || !Object.hasOwn(known as object, id)) {
    throw new Error(`the Snapshot is ${how} with the key ${JSON.stringify(id)}, which is not among those given`);
  }
  return ring.get((known as Readonly<Record<string, Provided<string | CryptoKey>>>)[id] as Provided<string | CryptoKey>, `the key ${JSON.stringify(id)}`);
}

/**
 * How a Snapshot is sealed on its way from its writer to its readers: signed, then encrypted, each where wanted.
 * What both cover beside the bytes is a text that names the mesh, the version and the rollout: none of them can be
 * altered, and a Snapshot of one mesh is none of another. An old Snapshot that was sealed once stays a good one.
 *
 *     text       "mesh-snapshot-v1\n" mesh "\n" version "\n" split or nothing "\n" percent or nothing "\n"
 *     signature  Ed25519 over the UTF-8 of the text, followed by the SHA-256 of the plain bytes
 *     encrypted  AES-256-GCM of the plain bytes, with the UTF-8 of the text as additional data
 */
import type { PublishedMetadata, PublishedSnapshot } from "../types.js";
import { fromBase64url, sha256, toBase64url, utf8, type Bytes } from "./encoding.js";
import { keyOf, withKeys, type Provided, type ProvidedKeys, type Ring } from "./keys.js";

const IV_BYTES = 12;

/** The metadata of a value that may be sealed. `split` counts plain bytes. */
export interface SealedMetadata extends PublishedMetadata {
  /** The signature, base64url. */
  readonly sig?: string | undefined;
  /** The id of the key that signed. */
  readonly key?: string | undefined;
  /** The nonce of the encryption, base64url. */
  readonly iv?: string | undefined;
  /** The id of the key that encrypted; absent where the value is plain. */
  readonly enc?: string | undefined;
}

/** What is published, as it is stored. */
export interface SealedSnapshot {
  readonly value: Uint8Array;
  readonly metadata: SealedMetadata;
}

/** Keys of a reader, by id: several while one takes over from another. Each of them, or all together, may come from a `KeyProvider`. */
export interface OpeningKeys {
  /** Ed25519 public keys, 32 bytes as base64url. Where given, what none of them signed is refused. */
  readonly verify?: ProvidedKeys | undefined;
  /** AES-256-GCM keys, 32 bytes as base64url. They only read: what is plain is taken too, and `verify` is what protects. */
  readonly decrypt?: ProvidedKeys | undefined;
}

/** A key of a writer, and the id that readers know it by. */
export interface SealingKey {
  readonly id: string;
  readonly key: Provided<string | CryptoKey>;
}

/** Keys of the writer. */
export interface SealingKeys {
  /** An Ed25519 private key, PKCS #8 as base64url. */
  readonly sign?: SealingKey | undefined;
  /** An AES-256-GCM key, 32 bytes as base64url. */
  readonly encrypt?: SealingKey | undefined;
}

/** Seals what is to be published. `env` is for those who provide keys. */
export function seal(plain: PublishedSnapshot, mesh: string, keys: SealingKeys, env: object = {}): Promise<SealedSnapshot> {
  return withKeys(env, (ring) => sealWith(ring, plain, mesh, keys));
}

async function sealWith(ring: Ring, { value, metadata }: PublishedSnapshot, mesh: string, { encrypt, sign }: SealingKeys): Promise<SealedSnapshot> {
  const text = textOf(mesh, metadata);
  let sealed: SealedSnapshot = { value, metadata };
  if (sign !== undefined) {
    const key = await imported(await ring.get(sign.key, `the key ${JSON.stringify(sign.id)}`), "pkcs8", "Ed25519", "sign");
    const signature = await crypto.subtle.sign("Ed25519", key, await signed(text, value));
    sealed = { value, metadata: { ...metadata, sig: toBase64url(new Uint8Array(signature)), key: sign.id } };
  }
  if (encrypt !== undefined) {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const key = await imported(await ring.get(encrypt.key, `the key ${JSON.stringify(encrypt.id)}`), "raw", "AES-GCM", "encrypt");
    const encrypted = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: text }, key, value as Bytes);
    sealed = { value: new Uint8Array(encrypted), metadata: { ...sealed.metadata, iv: toBase64url(iv), enc: encrypt.id } };
  }
  return sealed;
}

/** Opens what was published; throws where it cannot be read or is not to be trusted. `env` is for those who provide keys. */
export function open(sealed: SealedSnapshot, mesh: string, keys: OpeningKeys, env: object = {}): Promise<PublishedSnapshot> {
  return withKeys(env, (ring) => openWith(ring, sealed, mesh, keys));
}

async function openWith(ring: Ring, { value, metadata }: SealedSnapshot, mesh: string, { decrypt, verify }: OpeningKeys): Promise<PublishedSnapshot> {
  const { enc, iv, key, percent, sig, split, version } = metadata;
  const plain = enc === undefined ? value : await decrypted(value, textOf(mesh, metadata), iv, await keyOf(ring, decrypt, enc, "encrypted"));
  if (verify !== undefined) {
    if (sig === undefined || key === undefined) {
      throw new Error("the Snapshot is not signed");
    }
    const publicKey = await imported(await keyOf(ring, verify, key, "signed"), "raw", "Ed25519", "verify");
    if (!(await crypto.subtle.verify("Ed25519", publicKey, fromBase64url(sig), await signed(textOf(mesh, metadata), plain)))) {
      throw new Error(`the signature of the Snapshot is wrong (key ${JSON.stringify(key)})`);
    }
  }
  return { value: plain, metadata: { version, split, percent } };
}

async function decrypted(value: Uint8Array, text: Bytes, iv: string | undefined, key: string | CryptoKey): Promise<Uint8Array> {
  const algorithm = { name: "AES-GCM", iv: fromBase64url(iv ?? ""), additionalData: text };
  const known = await imported(key, "raw", "AES-GCM", "decrypt");
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, known, value as Bytes));
  } catch {
    // The platform's own words differ and say less.
    throw new Error("the Snapshot cannot be decrypted: it was altered, or its key is another one");
  }
}

async function imported(key: string | CryptoKey, form: "raw" | "pkcs8", algorithm: "AES-GCM" | "Ed25519", use: KeyUsage): Promise<CryptoKey> {
  return typeof key === "string" ? crypto.subtle.importKey(form, fromBase64url(key), algorithm, false, [use]) : key;
}

/** See the head of this file. Numbers only, so that no two metadata have the same text. */
function textOf(mesh: string, { percent, split, version }: PublishedMetadata): Bytes {
  if (![version, split ?? 0, percent ?? 0].every(Number.isFinite)) {
    throw new Error("the metadata of the Snapshot is malformed");
  }
  return utf8(`mesh-snapshot-v1\n${mesh}\n${version}\n${split ?? ""}\n${percent ?? ""}\n`);
}

async function signed(text: Bytes, plain: Uint8Array): Promise<Bytes> {
  const digest = await sha256(plain);
  const bytes = new Uint8Array(text.length + digest.length);
  bytes.set(text);
  bytes.set(digest, text.length);
  return bytes;
}

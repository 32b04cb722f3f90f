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

/** Keys of a reader, by id: several while one takes over from another. */
export interface OpeningKeys {
  /** Ed25519 public keys, 32 bytes as base64url. Where given, what none of them signed is refused. */
  readonly verify?: Readonly<Record<string, string>> | undefined;
  /** AES-256-GCM keys, 32 bytes as base64url. They only read: what is plain is taken too, and `verify` is what protects. */
  readonly decrypt?: Readonly<Record<string, string | CryptoKey>> | undefined;
}

/** A key of a writer, and the id that readers know it by. */
export interface SealingKey {
  readonly id: string;
  readonly key: string | CryptoKey;
}

/** Keys of the writer. */
export interface SealingKeys {
  /** An Ed25519 private key, PKCS #8 as base64url. */
  readonly sign?: SealingKey | undefined;
  /** An AES-256-GCM key, 32 bytes as base64url. */
  readonly encrypt?: SealingKey | undefined;
}

/** Seals what is to be published. */
export async function seal({ value, metadata }: PublishedSnapshot, mesh: string, { encrypt, sign }: SealingKeys): Promise<SealedSnapshot> {
  const text = textOf(mesh, metadata);
  let sealed: SealedSnapshot = { value, metadata };
  if (sign !== undefined) {
    const key = typeof sign.key === "string" ? await crypto.subtle.importKey("pkcs8", fromBase64url(sign.key), "Ed25519", false, ["sign"]) : sign.key;
    const signature = await crypto.subtle.sign("Ed25519", key, await signed(text, value));
    sealed = { value, metadata: { ...metadata, sig: toBase64url(new Uint8Array(signature)), key: sign.id } };
  }
  if (encrypt !== undefined) {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const encrypted = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: text }, await aesKey(encrypt.key, "encrypt"), value as Bytes);
    sealed = { value: new Uint8Array(encrypted), metadata: { ...sealed.metadata, iv: toBase64url(iv), enc: encrypt.id } };
  }
  return sealed;
}

/** Opens what was published; throws where it cannot be read or is not to be trusted. */
export async function open({ value, metadata }: SealedSnapshot, mesh: string, { decrypt, verify }: OpeningKeys): Promise<PublishedSnapshot> {
  const { enc, iv, key, percent, sig, split, version } = metadata;
  const plain = enc === undefined ? value : await decrypted(value, textOf(mesh, metadata), iv, keyOf(decrypt, enc, "encrypted"));
  if (verify !== undefined) {
    if (sig === undefined || key === undefined) {
      throw new Error("the Snapshot is not signed");
    }
    const publicKey = await crypto.subtle.importKey("raw", fromBase64url(keyOf(verify, key, "signed")), "Ed25519", false, ["verify"]);
    if (!(await crypto.subtle.verify("Ed25519", publicKey, fromBase64url(sig), await signed(textOf(mesh, metadata), plain)))) {
      throw new Error(`the signature of the Snapshot is wrong (key ${JSON.stringify(key)})`);
    }
  }
  return { value: plain, metadata: { version, split, percent } };
}

async function decrypted(value: Uint8Array, text: Bytes, iv: string | undefined, key: string | CryptoKey): Promise<Uint8Array> {
  const algorithm = { name: "AES-GCM", iv: fromBase64url(iv ?? ""), additionalData: text };
  const imported = await aesKey(key, "decrypt");
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, imported, value as Bytes));
  } catch {
    // The platform's own words differ and say less.
    throw new Error("the Snapshot cannot be decrypted: it was altered, or its key is another one");
  }
}

async function aesKey(key: string | CryptoKey, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  return typeof key === "string" ? crypto.subtle.importKey("raw", fromBase64url(key), "AES-GCM", false, [use]) : key;
}

function keyOf<Key>(keys: Readonly<Record<string, Key>> | undefined, id: string, how: string): Key {
  if (keys === undefined || !Object.hasOwn(keys, id)) {
    throw new Error(`the Snapshot is ${how} with the key ${JSON.stringify(id)}, which is not among those given`);
  }
  return keys[id] as Key;
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

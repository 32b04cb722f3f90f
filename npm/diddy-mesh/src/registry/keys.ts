/** What Snapshots are sealed with: the keys that are given, or those of `env`. */
import { withKeys, type Provided } from "../discovery/keys.js";
import type { SealingKey, SealingKeys } from "../discovery/seal.js";
import { bindingOf } from "../env.js";
import { MeshError } from "../errors.js";

/** The keys that are given, or that their provider gives; those of `env` where none are. A key itself may still be its provider. */
export async function sealingKeysOf(env: object, given: Provided<SealingKeys> | undefined): Promise<SealingKeys> {
  return given === undefined ? keysOf(env) : withKeys(env, (ring) => ring.get(given, "what Snapshots are sealed with"));
}

/** The keys that `env` has: `ID:KEY` in MESH_SIGNING_KEY (Ed25519, PKCS #8 as base64url) and MESH_ENCRYPTION_KEY (AES-256, as base64url). */
function keysOf(env: object): SealingKeys {
  const key = (name: string): SealingKey | undefined => {
    const text = bindingOf(env, name);
    const [, id, value] = (typeof text === "string" && /^([\w.-]{1,64}):([\w-]+)$/.exec(text)) || [];
    if (typeof text === "string" && text !== "" && id === undefined) {
      throw new MeshError("invalid_options", `${name} is not ID:KEY, an id and a key as base64url`);
    }
    return id === undefined ? undefined : { id, key: value as string };
  };
  return { sign: key("MESH_SIGNING_KEY"), encrypt: key("MESH_ENCRYPTION_KEY") };
}

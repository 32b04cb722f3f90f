/** The document that the flags of a registry stand in. */
import type { StoredConfig } from "../protocol.js";
import { Failure } from "./io.js";
import { connect, type Registry, type TargetValues } from "./registry.js";
import { waiting } from "./waiting.js";

/** The configuration in use. */
export async function configInUse(values: TargetValues): Promise<StoredConfig> {
  return stored(await waiting("asking the registry", values.json === true, connect(values).config()));
}

/** The same, with the version that must still be the latest when what is made of it is published. */
export async function configToChange(registry: Registry): Promise<StoredConfig & { readonly expect: number }> {
  // First: what is published between the two makes the version that is expected an old one.
  const { config, latest } = await registry.status();
  const found = stored(await registry.config());
  return { ...found, expect: found.version === config ? latest : found.version };
}

function stored(found: StoredConfig | undefined): StoredConfig {
  if (found === undefined) {
    throw new Failure("nothing is published yet; `diddy-mesh publish FILE` begins");
  }
  return found;
}

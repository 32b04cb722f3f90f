/** `diddy-mesh deregister`. */
import { RegistryBrain } from "../../wasm/control.js";
import type { EndpointName, ListedEndpoint } from "../protocol.js";
import { load } from "./check.js";
import { Failure, options, painter } from "./io.js";
import { connect, TARGET, type Registry } from "./registry.js";
import { waiting } from "./waiting.js";

/** Takes registrations back. 0: all were there, 1: some were not. */
export async function deregisterCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, { ...TARGET, service: { type: "string" }, address: { type: "string" }, version: { type: "string" } });
  const json = values.json === true;
  const { service, address, version } = values;
  const byName = service !== undefined || address !== undefined || version !== undefined;
  if (byName ? positionals.length > 0 || service === undefined || address === undefined : positionals.length === 0) {
    throw new Failure("deregister takes an ID or more, or --service and --address; see `diddy-mesh help deregister`");
  }
  const wrong = positionals.find((id) => !/^[0-9a-f]{16}$/i.test(id));
  if (wrong !== undefined) {
    throw new Failure(`an ID has 16 hex digits, as \`diddy-mesh services\` shows them, not ${JSON.stringify(wrong)}`);
  }
  const registry = connect(values);
  const ids = [...new Set(byName ? await waiting("asking the registry", json, idOf(registry, service as string, address as string, version)) : positionals.map((id) => id.toLowerCase()))];
  const gone = await waiting("deregistering", json, registry.deregister(ids));
  const missing = ids.filter((id) => !gone.some((one) => one.id === id));
  if (json) {
    console.log(JSON.stringify({ ok: missing.length === 0, deregistered: gone, missing }, null, 2));
  } else {
    gone.forEach((one) => console.log(`${painter(process.stdout)("green", "deregistered")} ${nameOf(one)}`));
    missing.forEach((id) => console.error(`${id} is not registered`));
  }
  return missing.length === 0 ? 0 : 1;
}

/** The identity of the endpoint with this name; an empty version is none. Where it is not said, the endpoint is looked up, and must be the only one at its address. */
async function idOf(registry: Registry, service: string, address: string, version: string | undefined): Promise<string[]> {
  load();
  // The brain knows the normal form of an address, and how an identity is made.
  const named = new RegistryBrain(0, []).register({ service, address, allowInsecure: true, ...(version ? { version } : {}) }, Date.now());
  if (named.id === undefined || named.registration === undefined) {
    throw new Failure(named.diagnostics.map(({ message }) => message).join("; "));
  }
  if (version !== undefined) {
    return [named.id];
  }
  const normal = named.registration.address;
  const there = (await registry.list()).endpoints.filter((one) => one.service === service && one.address === normal && one.source === "registration");
  if (there.length > 1) {
    throw new Failure(`${there.length} endpoints of ${service} are at ${normal}; choose with --version: ${there.map(versionName).join(", ")}`);
  }
  return [there[0]?.id ?? named.id];
}

function versionName({ version }: ListedEndpoint): string {
  return version === "" ? '""' : version;
}

function nameOf({ address, id, service, version }: EndpointName): string {
  return `${service} ${address}${version === "" ? "" : ` ${version}`} (${id})`;
}

/** `diddy-mesh services`. */
import type { ListedEndpoint, Listing } from "../protocol.js";
import { Failure, options, painter } from "./io.js";
import { nearest } from "./nearest.js";
import { connect, TARGET } from "./registry.js";
import { span, table } from "./table.js";
import { waiting } from "./waiting.js";

/** Lists the endpoints of all services, or of one. */
export async function servicesCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, TARGET);
  const [name, extra] = positionals;
  if (extra !== undefined) {
    throw new Failure("services takes one NAME at most; see `diddy-mesh help services`");
  }
  const json = values.json === true;
  const listing = await waiting("asking the registry", json, connect(values).list());
  const endpoints = listing.endpoints.filter(({ service }) => name === undefined || service === name);
  if (json) {
    console.log(JSON.stringify({ ...listing, endpoints }, null, 2));
  } else {
    console.log([...(endpoints.length === 0 ? [none(listing, name)] : lines(endpoints)), ...remarks(listing)].join("\n"));
  }
  return name !== undefined && endpoints.length === 0 ? 1 : 0;
}

function lines(endpoints: readonly ListedEndpoint[]): string[] {
  const paint = painter(process.stdout);
  const now = Date.now();
  const rows = endpoints.map(({ address, ejected, expiresAt, health, id, service, source, version }) => [service, address, version || "-", ejected === undefined ? health : `${health} (ejected: ${ejected.reason})`, source, expiresAt === undefined ? "never" : span(expiresAt - now), id]);
  const [head = "", ...rest] = table([["service", "endpoint", "version", "health", "source", "expires in", "id"], ...rows]);
  const coloured = (line: string, { health }: ListedEndpoint): string => (health === "unhealthy" ? paint("red", line) : health === "draining" ? paint("yellow", line) : line);
  return [paint("bold", head), ...rest.map((line, i) => coloured(line, endpoints[i] as ListedEndpoint))];
}

function none({ endpoints }: Listing, name: string | undefined): string {
  const near = name === undefined ? undefined : nearest(name, [...new Set(endpoints.map(({ service }) => service))]);
  return name === undefined ? "no service is configured or registered" : `no service ${name}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

/** What else there is to know. */
function remarks({ config, publishError, rollout, snapshot }: Listing): string[] {
  const paint = painter(process.stdout);
  return [
    paint("dim", `configuration version ${config}, Snapshot version ${snapshot}${rollout === null ? "" : `; version ${rollout.version} has ${rollout.percent} % of isolates`}`),
    ...(publishError === null ? [] : [`${paint("red", "not published")}: ${publishError}`]),
  ];
}

/** What `diddy-mesh help` prints. */

export const USAGE = `Usage: diddy-mesh <command>

  init                 write a mesh.json for the Worker in this folder
  validate FILE        check a configuration
  compile FILE         compile it to the Snapshot that a Worker loads
  explain FILE         show what the mesh would do with one request
  import gateway-api FILE...
                       make a configuration of Kubernetes Gateway API objects
  help [COMMAND]       show how a command is used
  --version            show the version

FILE is JSON, JSONC or YAML; - reads standard input.
Exit codes: 0 well, 1 the configuration has errors, 2 wrong use.`;

const topics: Readonly<Record<string, string>> = {
  init: `Usage: diddy-mesh init [--force]

Writes mesh.json in this folder. The service bindings of wrangler.json, wrangler.jsonc or
wrangler.toml become its services. A mesh.json that is there already is checked, not replaced.

  --force              replace it`,
  validate: `Usage: diddy-mesh validate FILE [--json]

Lists every error and warning as file:line:column path: message.

  --json               print the findings as JSON`,
  compile: `Usage: diddy-mesh compile FILE [-o OUTPUT] [--format snapshot|ts|js] [--json]

Compiles a configuration. Where it has errors, all are listed and nothing is written.

  -o, --output OUTPUT  where to write; default: the file's name with the ending of the format; - is standard output
  --format FORMAT      snapshot: bytes (default); ts or js: a module that exports them as a Uint8Array,
                       for bundlers that cannot import files as data. Taken from OUTPUT's ending when absent
  --json               print the findings as JSON`,
  explain: `Usage: diddy-mesh explain FILE --url URL [--method METHOD] [-H 'name: value']... [--service NAME] [--json]

Shows which rule takes a request and why the others do not, and where it would be sent.

  --url URL            the URL of the request
  --method METHOD      default GET
  -H, --header HEADER  a header of the request; may be repeated
  --service NAME       explain a call by name, which passes the rules by
  --json               print it as JSON`,
  import: `Usage: diddy-mesh import gateway-api FILE... [-o OUTPUT] [--entry ENTRY] [--json]

Makes a configuration of the Gateways, HTTPRoutes, GRPCRoutes, Services and ReferenceGrants in YAML or JSON files. Says
of each route what a controller would say (Accepted, ResolvedRefs, with the reason), and warns of what the
objects ask that does not happen. Each Service is reached by the service binding of its name.

  -o, --output OUTPUT  where to write; default mesh.json, which must be new; - is standard output
  --entry ENTRY        which document, where there are several: gateway/NAMESPACE/NAME:PORT for a port of a
                       Gateway, mesh/NAMESPACE:PORT for the calls of a namespace's workloads
  --json               print documents, statuses and findings as JSON; writes only where OUTPUT is given`,
  help: USAGE,
};

/** The text of a topic; undefined where there is none. */
export function helpText(topic: string | undefined): string | undefined {
  return topic === undefined ? USAGE : Object.hasOwn(topics, topic) ? topics[topic] : undefined;
}

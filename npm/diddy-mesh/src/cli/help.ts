/** What `diddy-mesh help` prints. */
import { FLAGS_HELP } from "./help-flags.js";
import { TARGET_HELP, registryTopics } from "./help-registry.js";

export const USAGE = `Usage: diddy-mesh <command>

Configuration:
  init                 write a mesh.json for the Worker in this folder
  validate FILE        check a configuration
  compile FILE         compile it to the Snapshot that a Worker loads
  explain FILE         show what the mesh would do with one request
  test FILE CASES...   check what it does with requests against what you expect
  diff OLD NEW         show for which requests something changes, and what
  import gateway-api FILE...
                       make a configuration of Kubernetes Gateway API objects

Registry:
  publish FILE         publish a configuration, at once or to a share of isolates at first
  diff FILE            show what changes from what is in use
  diff --from N        show what changes between published versions
  history              list the versions of the configuration
  rollback             publish an earlier version again
  rollout              show a rollout, go on with it, finish or stop it
  flags                list, show, change and decide feature flags
  services [NAME]      list the endpoints of services
  register             register endpoints, or renew them
  deregister           take registrations back

  help [COMMAND]       show how a command is used
  --version            show the version

FILE is JSON, JSONC or YAML; - reads standard input.
Exit codes: 0 well, 1 the configuration has errors or was refused, 2 wrong use or the registry cannot be reached.
test and diff say 2 for errors too: there 1 is for a case that fails, and with --exit-code for a difference.`;

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
  test: `Usage: diddy-mesh test FILE CASES... [--json]

Asks the configuration about requests and compares what it would do with what you expect. CASES are
files like this one, in YAML, JSON or JSONC:

  cases:
    - name: beta users get the new search
      request: GET https://shop.example.com/search?q=1
      headers: { x-beta: "1" }
      expect: { rule: search, service: search-next }

Only what a case names is compared: rule, service, backends with their shares, reason, status, location,
body, path and host as sent, params, requestHeaders, responseHeaders, timeout, retries, limits, mirrors,
fallback, and every other field that \`explain --json\` shows. For a case that fails it says what came,
and why.

  --json               print the results as JSON

Exit codes: 0 all cases hold, 1 some do not, 2 a file cannot be read or has errors, such as a case that
names a rule that is not there.`,
  diff: `Usage: diddy-mesh diff OLD NEW [--exit-code] [--json]
       diddy-mesh diff FILE [--exit-code] [--json]
       diddy-mesh diff --from N [--to M] [--exit-code] [--json]

Shows what changes from one configuration to another, and for which requests. With one FILE that is from
what is in use to FILE; with --from, from one published version to another, or to the one in use.

For each rule of either, for rules that overlap and for conditions of backends, faults and origins it makes
requests that they take and decides them under both. Then it lists services that are added, removed or
changed. Other words for the same are no difference.

  --exit-code          exit with 1 where something changes
  --json               print it as JSON

${TARGET_HELP}

Exit codes: 0, 1 with --exit-code where something changes, 2 a file cannot be read or has errors, or the
registry cannot be reached.`,
  import: `Usage: diddy-mesh import gateway-api FILE... [-o OUTPUT] [--entry ENTRY] [--json]

Makes a configuration of the Gateways, HTTPRoutes, GRPCRoutes, Services and ReferenceGrants in YAML or JSON files. Says
of each route what a controller would say (Accepted, ResolvedRefs, with the reason), and warns of what the
objects ask that does not happen. Each Service is reached by the service binding of its name.

  -o, --output OUTPUT  where to write; default mesh.json, which must be new; - is standard output
  --entry ENTRY        which document, where there are several: gateway/NAMESPACE/NAME:PORT for a port of a
                       Gateway, mesh/NAMESPACE:PORT for the calls of a namespace's workloads
  --json               print documents, statuses and findings as JSON; writes only where OUTPUT is given`,
  ...registryTopics,
  flags: FLAGS_HELP,
  help: USAGE,
};

/** The text of a topic; undefined where there is none. */
export function helpText(topic: string | undefined): string | undefined {
  return topic === undefined ? USAGE : Object.hasOwn(topics, topic) ? topics[topic] : undefined;
}

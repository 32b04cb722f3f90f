/** What `diddy-mesh help` prints. */

export const USAGE = `Usage: diddy-mesh <command>

  init                 write a mesh.json for the Worker in this folder
  validate FILE        check a configuration
  compile FILE         compile it to the Snapshot that a Worker loads
  explain FILE         show what the mesh would do with one request
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
  help: USAGE,
};

/** The text of a topic; undefined where there is none. */
export function helpText(topic: string | undefined): string | undefined {
  return topic === undefined ? USAGE : Object.hasOwn(topics, topic) ? topics[topic] : undefined;
}

/** What `diddy-mesh help` prints about the commands that talk to a registry. */

/** Which registry, of every one of them. */
export const TARGET_HELP = `Which registry:
  --url URL            the Worker with the admin API (or MESH_REGISTRY_URL); https, or http to this machine.
                       Its token is MESH_ADMIN_TOKEN in the environment
  --kv NAMESPACE_ID    a KV namespace without a registry object (or MESH_KV_NAMESPACE_ID), through the
                       wrangler of this folder and its login; --kv-binding NAME takes it of the wrangler
                       file. --local [--persist-to DIR] is wrangler's local storage
  --mesh NAME          which mesh; default "default"
  --timeout SECONDS    how long one request (30), or one run of wrangler (60), may take`;

export const KV_WRITES = `On KV alone the command line publishes configurations, and a Worker's cron may publish who registered. KV
cannot compare and set, and shows a write elsewhere up to a minute late: who publishes at the same time may
undo another, in spite of --expect.`;

export const JSON_OPTION = "  --json               print it as JSON";

export const registryTopics: Readonly<Record<string, string>> = {
  register: `Usage: diddy-mesh register FILE [options]
       diddy-mesh register --service NAME --address ADDRESS [options]

Registers endpoints, or renews them. FILE holds a registration, a list of them, or
{ "registrations": [...] }. Each is for itself: one that is refused leaves the others.

  --version VERSION    the version that runs there
  --weight W, --priority P, --region R, --colo C, --health healthy|unhealthy|draining,
  --capability NAME, --metadata KEY=VALUE (both may be repeated), --allow-insecure
                       as in the fields of those names
  --ttl TIME           how long it holds unless it is renewed: 60s; without it, until it is taken back
${JSON_OPTION}

${TARGET_HELP}

On KV alone one with a ttl is kept for 180 s at least, its JSON has up to 1024 bytes, nobody checks health,
and one that ended leaves the Snapshot when the next command publishes, or the cron does.
${KV_WRITES}

Exit codes: 0 all were taken in, 1 one was refused, 2 wrong use, or the registry cannot be reached.`,
  deregister: `Usage: diddy-mesh deregister ID... [options]
       diddy-mesh deregister --service NAME --address ADDRESS [--version VERSION] [options]

Takes registrations back. \`services\` and \`register\` show the IDs. Without --version the endpoint must be
the only one of its service at that address. What the configuration names stays.

${JSON_OPTION}

${TARGET_HELP}

${KV_WRITES}

Exit codes: 0 all were there, 1 one was not, 2 wrong use, or the registry cannot be reached.`,
  services: `Usage: diddy-mesh services [NAME] [options]

Lists the endpoints of all services, or of one, as the registry publishes them.

${JSON_OPTION}

${TARGET_HELP}`,
  publish: `Usage: diddy-mesh publish FILE [options]

Publishes a configuration. Where it has errors, all are listed and nothing is sent.

  --dry-run            show what would change, and for which requests; nothing is stored
  --percent P          to so many percent of isolates at first, above 0 and below 100; see \`help rollout\`
  --expect N           only if version N is still the latest; 0 = none was published
  -m, --message TEXT   why
  --author NAME        who
${JSON_OPTION}

${TARGET_HELP}

${KV_WRITES}

Exit codes: 0 published, or it means the same; 1 it has errors or was refused; 2 wrong use, or the registry
cannot be reached.`,
  history: `Usage: diddy-mesh history [--limit N] [options]

Lists the versions of the configuration, the latest first. current is in use, candidate in a rollout; stopped
was in one and is not used.

  --limit N            so many, up to 100; default 20
${JSON_OPTION}

${TARGET_HELP}`,
  rollback: `Usage: diddy-mesh rollback [--to N] [options]

Publishes an earlier version again, as a new one. Without --to that is the one before the version in use.

  --to N               which one
  --expect N           only if version N is still the latest
  -m, --message TEXT   why
  --author NAME        who
${JSON_OPTION}

${TARGET_HELP}

${KV_WRITES}`,
  rollout: `Usage: diddy-mesh rollout [--percent P | --finish | --stop] [options]

Shows the rollout that \`publish --percent\` began, and what was reported of its requests; or goes on with it.

  --percent P          so many percent of isolates; 100 is --finish
  --finish             take the new version into use
  --stop               give it up: all isolates go back to the version before
${JSON_OPTION}

${TARGET_HELP}

${KV_WRITES}`,
};

/** What `diddy-mesh help flags` prints. */
import { JSON_OPTION, KV_WRITES, TARGET_HELP } from "./help-registry.js";

export const FLAGS_HELP = `Usage: diddy-mesh flags [options]
       diddy-mesh flags show KEY [options]
       diddy-mesh flags enable KEY [options]
       diddy-mesh flags disable KEY [options]
       diddy-mesh flags default KEY VARIANT [options]
       diddy-mesh flags percent KEY RULE PERCENT [options]
       diddy-mesh flags evaluate KEY [FILE] [options]

Lists the feature flags of the configuration in use, shows one, changes one, or decides one for a request.

enable, disable, default and percent change that flag in the configuration and publish it, if nobody published
since it was read. RULE is the name of a rule, or its place from 0. PERCENT is its share of those that the rule
is for, 0 to 100.

  --dry-run            show what would change, and for which requests; nothing is stored
  --percent P          the change to so many percent of isolates at first; see \`help rollout\`
  -m, --message TEXT   why; default is the command itself
  --author NAME        who

evaluate decides the flag here, for a request of which you say what you like. With FILE that is the flag of a
configuration in a file, else of the one in use.

  --principal TEXT, --tenant TEXT, --country DE, --continent EU, --region-code TX, --colo FRA,
  --client-address IP  who asks, and from where
  --request URL        the URL of the request, for its query; --method METHOD, default GET
  -H, --header NAME=VALUE
                       a header of the request; may be repeated

${JSON_OPTION}

${TARGET_HELP}

${KV_WRITES}

Exit codes: 0 done, or it is so already; 1 the change was refused, or FILE has errors; 2 wrong use, such as a flag
that is not there, or the registry cannot be reached.`;

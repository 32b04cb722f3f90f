/** `diddy-mesh rollout`: a configuration that only some isolates use. */
import type { Counts, Rollout, RolloutStep } from "../protocol.js";
import { Failure, options, painter } from "./io.js";
import { numberOf } from "./numbers.js";
import { tellRefusal } from "./publishing.js";
import { connect, TARGET, type Registry } from "./registry.js";
import { span, table } from "./table.js";
import { waiting } from "./waiting.js";

/** Goes on with a rollout, ends it, or shows it. */
export async function rolloutCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, { ...TARGET, percent: { type: "string" }, stop: { type: "boolean" }, finish: { type: "boolean" } });
  if (positionals.length > 0 || [values.percent !== undefined, values.stop, values.finish].filter((given) => given === true).length > 1) {
    throw new Failure("rollout takes one of --percent, --stop and --finish; see `diddy-mesh help rollout`");
  }
  const json = values.json === true;
  const percent = numberOf("percent", values.percent, (value) => value > 0 && value <= 100, "a percentage above 0, up to 100");
  const registry = connect(values);
  if (percent === undefined && values.stop !== true && values.finish !== true) {
    return show(registry, json);
  }
  const step: RolloutStep = values.stop === true ? { stop: true } : { percent: percent ?? 100 };
  const done = await waiting("asking the registry", json, registry.rollout(step));
  if (!done.ok) {
    return tellRefusal(done, [], "", json);
  }
  if (json) {
    console.log(JSON.stringify(done, null, 2));
  } else if (done.rollout !== null) {
    console.log(sentence(done.rollout));
  } else {
    console.log(values.stop === true ? "stopped: all isolates go back to the version before" : "finished: the new version is in use");
  }
  return 0;
}

async function show(registry: Registry, json: boolean): Promise<number> {
  const { rollout } = await waiting("asking the registry", json, registry.status());
  if (json) {
    console.log(JSON.stringify({ ok: true, rollout }, null, 2));
  } else {
    console.log(rollout === null ? "no rollout is running" : [sentence(rollout), ...counted(rollout)].join("\n"));
  }
  return 0;
}

function sentence({ percent, since, stable, version }: Rollout): string {
  return `${painter(process.stdout)("bold", `version ${version} has ${percent} % of isolates`)}, version ${stable} the others, for ${span(Date.now() - since)}`;
}

/** What was reported of requests, where something was. */
function counted({ counts, stable, version }: Rollout): string[] {
  const row = (name: number, { requests, failures }: Counts): string[] => [`version ${name}`, `${requests} requests`, `${failures} failures`, requests > 0 ? `${((100 * failures) / requests).toFixed(2)} %` : ""];
  return counts.stable.requests + counts.candidate.requests === 0 ? [] : table([row(version, counts.candidate), row(stable, counts.stable)]).map((line) => `  ${line}`);
}

/** `diddy-mesh rollback`. */
import { Failure, options } from "./io.js";
import { versionOf } from "./numbers.js";
import { tell } from "./publishing.js";
import { connect, TARGET } from "./registry.js";
import { waiting } from "./waiting.js";

/** Publishes an earlier version again. */
export async function rollbackCommand(args: string[]): Promise<number> {
  const { values, positionals } = options(args, { ...TARGET, to: { type: "string" }, expect: { type: "string" }, message: { type: "string", short: "m" }, author: { type: "string" } });
  if (positionals.length > 0) {
    throw new Failure("rollback takes the version as --to; see `diddy-mesh help rollback`");
  }
  const json = values.json === true;
  const { message, author } = values;
  const to = versionOf("to", values.to);
  const expect = versionOf("expect", values.expect, 0);
  const publishing = await waiting("rolling back", json, connect(values).rollback({ to, expect, message, author }));
  return tell(publishing, { json });
}

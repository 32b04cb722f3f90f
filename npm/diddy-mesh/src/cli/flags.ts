/** `diddy-mesh flags`: the feature flags of a registry. */
import { CHANGES, changeCommand } from "./flags-change.js";
import { evaluateFlag } from "./flags-evaluate.js";
import { listFlags, showFlag } from "./flags-show.js";
import { didYouMean } from "./flags-stored.js";
import { Failure } from "./io.js";

/** Lists the flags, or does what the first word says. */
export function flagsCommand(args: string[]): Promise<number> {
  const [name = "", ...rest] = args;
  if (name === "" || name.startsWith("-")) {
    return listFlags(args);
  }
  const command = name === "show" ? showFlag : name === "evaluate" ? evaluateFlag : changeCommand(name);
  if (command === undefined) {
    const names = ["show", "evaluate", ...CHANGES];
    throw new Failure(`flags takes ${names.join(", ")}, not ${JSON.stringify(name)}${didYouMean(name, names)}; see \`diddy-mesh help flags\``);
  }
  return command(rest);
}

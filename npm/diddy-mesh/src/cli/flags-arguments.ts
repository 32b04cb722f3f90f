/** The words of a `flags` command. */
import { Failure } from "./io.js";

/** Takes exactly the words that the command's form has behind its name: `enable KEY` has one. */
export function named(words: readonly string[], form: string): readonly string[] {
  const names = form.split(" ").slice(1);
  if (words.length !== names.length) {
    throw new Failure(`it is \`diddy-mesh flags${form === "" ? "" : ` ${form}`}\`, with ${names.length === 0 ? "options only" : names.join(" and ")}; see \`diddy-mesh help flags\``);
  }
  return words;
}

/** `diddy-mesh diff`: what changes from one configuration to another. */
import type { Difference } from "../../wasm/control.js";
import { diff } from "../config.js";
import { check, refuse } from "./check.js";
import { Failure, options, painter } from "./io.js";

/** Compares two files. 0, or with --exit-code 1 where something changes; 2: one of them has errors. */
export function diffCommand(args: string[]): number {
  const { values, positionals } = options(args, { "exit-code": { type: "boolean" }, json: { type: "boolean" } });
  const [oldFile, newFile, extra] = positionals;
  if (oldFile === undefined || newFile === undefined || extra !== undefined) {
    throw new Failure("diff takes an OLD and a NEW file; see `diddy-mesh help diff`");
  }
  const [one, other] = [check(oldFile), check(newFile)];
  if (one.document === undefined || other.document === undefined || one.snapshot === undefined || other.snapshot === undefined) {
    return refuse([one, other].filter(({ snapshot }) => snapshot === undefined), values.json === true);
  }
  const difference = diff(one.document, other.document);
  console.log(values.json === true ? JSON.stringify(difference, null, 2) : render(difference));
  return values["exit-code"] === true && !difference.same ? 1 : 0;
}

function render({ same, sameSnapshot, tried, requests, services, settings, unseen, stopped }: Difference): string {
  const paint = painter(process.stdout);
  const changes = (list: readonly { readonly message: string }[]): string[] => list.map(({ message }) => `    ${message}`);
  const heading = (title: string, list: readonly unknown[]): string[] => (list.length === 0 ? [] : [paint("bold", title)]);
  const more = (count: number): string[] => (count === 0 ? [] : [paint("dim", `  and ${count} more`)]);
  const asked = tried === 1 ? "1 request was tried" : `${tried} requests were tried`;
  const sum = same ? (sameSnapshot ? "no difference: both compile to the same" : `no difference: ${asked}`) : sameSnapshot ? "no request is decided otherwise" : asked;
  return [
    ...heading("requests", requests),
    ...requests.flatMap((group) => [...group.requests.map((request) => `  ${request}`), ...more(group.more), ...changes(group.changes)]),
    ...heading("services", services),
    ...services.flatMap((group) => [`  ${group.services.join(", ")}`, ...changes(group.changes)]),
    ...heading("settings", settings),
    ...changes(settings),
    ...heading("not seen", [...unseen, ...stopped]),
    ...unseen.map(({ message, path }) => `    ${message} ${paint("dim", `(${path})`)}`),
    ...stopped.map((line) => `    ${line}`),
    sum,
  ].join("\n");
}

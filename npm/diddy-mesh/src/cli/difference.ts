/** What changes from one configuration to another, for people. */
import type { Difference } from "../../wasm/control.js";
import { painter } from "./io.js";

/** All of it as lines, with a sum at the end. */
export function render({ same, sameSnapshot, tried, requests, services, settings, unseen, stopped }: Difference): string {
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

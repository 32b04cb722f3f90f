// Workers for `cargo xtask conformance`, which decides what their answers are worth.
//
// The first line on standard input is a list of worlds: { document, services }. Each becomes a gateway Worker with its
// document; behind it stands one echo Worker for each service, by binding. Every further line is a request,
// { world, url, method, headers, messages }. Each line is answered by one on standard output.
import { createInterface } from "node:readline";
import { echoes, gateways, running } from "./cluster.mjs";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const worlds = JSON.parse((await lines.next()).value);
await running([...(await gateways(worlds)), ...(await echoes(worlds))], async (ask) => {
  say({});
  for await (const line of lines) {
    say(await ask(JSON.parse(line)).catch((error) => ({ error: String(error) })));
  }
});

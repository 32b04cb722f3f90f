/** The command line: one command each of `diddy-mesh`, with exit codes 0 (well), 1 (the document has errors, or a registry refuses; of `test` and `diff`, that a case fails or something changes), 2 (wrong use, a file that cannot be read or written, or a registry that cannot be reached; of `test` and `diff`, one that has errors too). */
import { KvFailure } from "../kv/failure.js";
import { compileCommand } from "./compile.js";
import { deregisterCommand } from "./deregister.js";
import { diffCommand } from "./diff.js";
import { explainCommand } from "./explain.js";
import { flagsCommand } from "./flags.js";
import { helpText, USAGE } from "./help.js";
import { historyCommand } from "./history.js";
import { importCommand } from "./import.js";
import { initCommand } from "./init.js";
import { Failure } from "./io.js";
import { nearest } from "./nearest.js";
import { publishCommand } from "./publish.js";
import { registerCommand } from "./register.js";
import { rollbackCommand } from "./rollback.js";
import { rolloutCommand } from "./rollout.js";
import { servicesCommand } from "./services.js";
import { testCommand } from "./test.js";
import { validateCommand } from "./validate.js";

declare const VERSION: string;

/** Runs with the arguments that follow it; answers the exit code. */
type Command = (args: string[]) => number | Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  init: initCommand,
  validate: validateCommand,
  compile: compileCommand,
  explain: explainCommand,
  test: testCommand,
  diff: diffCommand,
  import: importCommand,
  publish: publishCommand,
  history: historyCommand,
  rollback: rollbackCommand,
  rollout: rolloutCommand,
  flags: flagsCommand,
  services: servicesCommand,
  register: registerCommand,
  deregister: deregisterCommand,
  help: ([topic]) => help(topic),
};

function help(topic: string | undefined): number {
  const text = helpText(topic);
  if (text === undefined) {
    throw unknown(topic as string);
  }
  console.log(text);
  return 0;
}

function unknown(name: string): Failure {
  const near = nearest(name, Object.keys(commands));
  return new Failure(`unknown command ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean \`${near}\`?`}\n\n${USAGE}`);
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    console.log(USAGE);
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    console.log(VERSION);
    return 0;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    return help(name);
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    throw unknown(name);
  }
  return command(rest);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure || error instanceof KvFailure)) {
    throw error;
  }
  console.error(`diddy-mesh: ${error.message}`);
  process.exitCode = 2;
}

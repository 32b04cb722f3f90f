/** The command line: one command each of `diddy-mesh`, with exit codes 0 (well), 1 (the document has errors; of `test` and `diff`, that a case fails or something changes), 2 (wrong use, or a file that cannot be read or written; of `test` and `diff`, one that has errors too). */
import { compileCommand } from "./compile.js";
import { diffCommand } from "./diff.js";
import { explainCommand } from "./explain.js";
import { helpText, USAGE } from "./help.js";
import { importCommand } from "./import.js";
import { initCommand } from "./init.js";
import { Failure } from "./io.js";
import { nearest } from "./nearest.js";
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
  if (!(error instanceof Failure)) {
    throw error;
  }
  console.error(`diddy-mesh: ${error.message}`);
  process.exitCode = 2;
}

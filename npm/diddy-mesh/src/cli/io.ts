/** Arguments, files and the terminal. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs, type ParseArgsConfig } from "node:util";

/** Wrong use: printed without a stack, exit code 2. */
export class Failure extends Error {}

/** Parses the arguments of a command; an unknown option is wrong use. */
export function options<const T extends NonNullable<ParseArgsConfig["options"]>>(args: string[], known: T) {
  try {
    return parseArgs({ args, options: known, allowPositionals: true, strict: true });
  } catch (error) {
    throw new Failure(reason(error));
  }
}

/** The one FILE of a command. */
export function onlyFile(positionals: readonly string[], command: string): string {
  const [file, extra] = positionals;
  if (file === undefined || extra !== undefined) {
    throw new Failure(`${command} takes one FILE; see \`diddy-mesh help ${command}\``);
  }
  return file;
}

/** Reads a file without its byte order mark, or standard input for `-`. */
export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${reason(error)}`);
  }
}

/** Writes a file in one step, so that nobody sees half of it; `-` is standard output. */
export function write(file: string, content: Uint8Array | string): void {
  if (file === "-") {
    process.stdout.write(content);
    return;
  }
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, content);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw new Failure(`${file} cannot be written: ${reason(error)}`);
  }
}

/** What an error says. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Colours text on a terminal that wants colours. */
export function painter(stream: NodeJS.WriteStream): (colour: "red" | "yellow" | "green" | "bold" | "dim", text: string) => string {
  const codes = { red: 31, yellow: 33, green: 32, bold: 1, dim: 2 };
  const on = stream.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
  return (colour, text) => (on ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}

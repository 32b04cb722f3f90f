/** A configuration file: its value, and where in the text each part of it stands. */
import { parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import { isAlias, isMap, isNode, isSeq, parseAllDocuments, parseDocument, type Document as YamlDocument } from "yaml";
import { extname } from "node:path";
import { readText } from "./io.js";

/** A place in a text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What keeps a text from being read at all. */
export interface SyntaxFinding extends Position {
  readonly message: string;
}

/** A file that was read. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  readonly errors: readonly SyntaxFinding[];
  /** Where the part with this path stands; for one that is absent, where its nearest parent stands. */
  readonly locate: (path: string) => Position;
}

/** A part of the document for the walk along a path. */
interface Part {
  readonly offset: number;
  readonly entries?: ReadonlyMap<string, Part>;
  readonly items?: readonly Part[];
}

/** Where an editor finds the schema of a configuration. */
export const SCHEMA = "./node_modules/diddy-mesh/schema.json";

const YAML = { prettyErrors: false, uniqueKeys: true };

/** Reads a file by its ending; standard input is JSON where it begins like it. A .json file takes comments only where that is asked for. */
export function readDocument(file: string, comments = false): SourceDocument {
  const text = readText(file);
  const ending = extname(file).toLowerCase();
  const json = ending === ".json" || ending === ".jsonc" || (ending !== ".yaml" && ending !== ".yml" && /^\s*(\{|\/\/|\/\*)/.test(text));
  try {
    return json ? readJson(file, text, comments || ending !== ".json") : readYaml(file, text);
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
    // The parsers go down with the text until the stack ends.
    const start = { line: 1, column: 1 };
    return { file, value: undefined, errors: [{ ...start, message: "nested too deep" }], locate: () => start };
  }
}

function readJson(file: string, text: string, comments: boolean): SourceDocument {
  const at = positions(text);
  const found: ParseError[] = [];
  const tree = parseTree(text, found, { disallowComments: !comments, allowTrailingComma: comments, allowEmptyContent: false });
  const errors: SyntaxFinding[] = found.map(({ error, offset }) => ({ ...at(offset), message: words(printParseErrorCode(error)) }));
  const duplicate = (offset: number, key: string): void => void errors.push({ ...at(offset), message: `the key ${JSON.stringify(key)} stands here twice` });
  const root = tree === undefined ? { offset: 0 } : jsonPart(tree, tree.offset, duplicate);
  return { file, value: tree === undefined ? undefined : jsonValue(tree), errors, locate: (path) => at(walk(root, path)) };
}

function words(code: string): string {
  const text = code.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
  return text === "invalid comment token" ? "comments need a .jsonc file" : text;
}

function jsonPart(node: Node, offset: number, duplicate: (offset: number, key: string) => void): Part {
  const children = node.children ?? [];
  if (node.type === "array") {
    return { offset, items: children.map((child) => jsonPart(child, child.offset, duplicate)) };
  }
  if (node.type !== "object") {
    return { offset };
  }
  const entries = new Map<string, Part>();
  for (const { children: [key, value] = [] } of children) {
    if (key !== undefined && value !== undefined) {
      if (entries.has(key.value)) {
        duplicate(key.offset, key.value);
      }
      entries.set(key.value, jsonPart(value, key.offset, duplicate));
    }
  }
  return { offset, entries };
}

function jsonValue(node: Node): unknown {
  if (node.type === "array") {
    return (node.children ?? []).map(jsonValue);
  }
  if (node.type !== "object") {
    return node.value as unknown;
  }
  return Object.fromEntries((node.children ?? []).flatMap(({ children: [key, value] = [] }) => (key === undefined || value === undefined ? [] : [[key.value, jsonValue(value)]])));
}

function readYaml(file: string, text: string): SourceDocument {
  const at = positions(text);
  const document = parseDocument(text, YAML);
  const { value, errors } = yamlValue(document, at);
  const root = yamlPart(document, document.contents, 0, 0);
  return { file, value, errors, locate: (path) => at(walk(root, path)) };
}

/** Reads all the YAML documents of a file; JSON is one of them. */
export function readAll(file: string): { values: unknown[]; errors: SyntaxFinding[] } {
  const text = readText(file);
  const documents = parseAllDocuments(text, YAML);
  const read = ("empty" in documents ? [] : documents).map((document) => yamlValue(document, positions(text)));
  return { values: read.map(({ value }) => value), errors: read.flatMap(({ errors }) => errors) };
}

function yamlValue(document: YamlDocument.Parsed, at: (offset: number) => Position): { value: unknown; errors: SyntaxFinding[] } {
  const errors = document.errors.map(({ pos: [offset], message }): SyntaxFinding => ({ ...at(offset), message }));
  if (errors.length > 0) {
    return { value: undefined, errors };
  }
  try {
    return { value: document.toJS({ maxAliasCount: 1000 }), errors };
  } catch (error) {
    return { value: undefined, errors: [{ ...at(document.range[0]), message: String(error) }] };
  }
}

function yamlPart(document: YamlDocument, node: unknown, offset: number, depth: number): Part {
  // Aliases can make a circle; nothing of ours is so deep.
  if (depth > 64) {
    return { offset };
  }
  if (isAlias(node)) {
    return yamlPart(document, node.resolve(document), offset, depth + 1);
  }
  if (isSeq(node)) {
    return { offset, items: node.items.map((item) => yamlPart(document, item, startOf(item, offset), depth + 1)) };
  }
  if (isMap(node)) {
    return { offset, entries: new Map(node.items.map(({ key, value }) => [String(key), yamlPart(document, value, startOf(key, offset), depth + 1)])) };
  }
  return { offset };
}

function startOf(node: unknown, otherwise: number): number {
  return isNode(node) ? (node.range?.[0] ?? otherwise) : otherwise;
}

/** Follows `a.b[0].c` as far as it goes. Keys may hold dots: the longest that fits is taken. */
function walk(root: Part, path: string): number {
  let part = root;
  let rest = path;
  while (rest !== "") {
    const index = /^\[(\d+)\]\.?/.exec(rest);
    const key = [...(part.entries?.keys() ?? [])].filter((name) => rest === name || rest.startsWith(`${name}.`) || rest.startsWith(`${name}[`)).sort((a, b) => b.length - a.length)[0];
    const next = index !== null ? part.items?.[Number(index[1])] : key === undefined ? undefined : part.entries?.get(key);
    if (next === undefined) {
      break;
    }
    rest = index !== null ? rest.slice(index[0].length) : rest.slice((key as string).length).replace(/^\./, "");
    part = next;
  }
  return part.offset;
}

function positions(text: string): (offset: number) => Position {
  return (offset) => {
    const before = text.slice(0, offset);
    return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
  };
}

// The texts as tests: every document in them compiles, every program type-checks, every command exists,
// and the reference tables name all that the code has.
//
// Words after the language of a fence: `json service`, `json rule` is one of those without the rest of its document;
// `json warns` may have warnings.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { compile } from "diddy-mesh/config";
import { transformSync } from "esbuild";
import { parse } from "jsonc-parser";
import { folder } from "../cli.mjs";
import { echo, running, worker } from "../harness.mjs";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const tsc = join(dirname(fileURLToPath(import.meta.resolve("typescript"))), "tsc.js");
const read = (file) => readFileSync(join(root, file), "utf8");
const inFolders = (folder, file) => readdirSync(join(root, folder)).map((name) => join(folder, name, file)).filter((path) => existsSync(join(root, path)));
const texts = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => join("docs", name)),
  ...["crates", "npm", "examples"].flatMap((folder) => inFolders(folder, "README.md")),
];

/** The fenced blocks of all texts in these languages. */
function blocks(...languages) {
  return texts.flatMap((file) =>
    Array.from(read(file).matchAll(/^```(\w+)([^\n]*)\n(.*?)^```/gms), ({ 1: language, 2: words, 3: text, index }) => ({
      file,
      language,
      words: words.trim().split(/\s+/),
      text,
      place: `${file}:${read(file).slice(0, index).split("\n").length}`,
    })).filter(({ language }) => languages.includes(language)),
  );
}

/** The document that a block is, or is a part of; undefined where it is something else. */
function documentOf(value, words) {
  if (words.includes("service")) {
    return { services: { "a-service": value } };
  }
  if (words.includes("rule")) {
    const names = [value.service, ...(value.backends ?? []).map((backend) => backend.service ?? backend)].filter(Boolean);
    return { services: Object.fromEntries(names.map((name) => [name, {}])), routing: { rules: [value] } };
  }
  const isDocument = value.routing !== undefined || (typeof value.services === "object" && !Array.isArray(value.services));
  return isDocument ? value : undefined;
}

test("every JSON block is JSON, and every document in one compiles without a finding", () => {
  let documents = 0;
  for (const { language, words, text, place } of blocks("json", "jsonc")) {
    const errors = [];
    const value = parse(text, errors, { disallowComments: language === "json", allowTrailingComma: language === "jsonc" });
    assert.deepEqual(errors, [], place);
    const document = documentOf(value, words);
    if (document === undefined) {
      assert.ok(!words.includes("mesh"), `${place} is no document`);
      continue;
    }
    documents += 1;
    const { snapshot, diagnostics } = compile(document);
    const findings = diagnostics.filter(({ severity }) => severity === "error" || !words.includes("warns"));
    assert.deepEqual(findings.map(({ message }) => message), [], place);
    assert.ok(snapshot instanceof Uint8Array, place);
  }
  assert.ok(documents > 10, `${documents} documents were found`);
});

/** What a program may take for granted, beside the types of Workers. */
const GIVEN = `
interface Env { KV_NAMESPACE: KVNamespace; USERS: Fetcher; ORDERS: Fetcher }
declare const env: Env;
declare const ctx: ExecutionContext;
declare const request: Request;
declare function handleUsers(request: Request): Response;
declare module "*.snapshot" { const snapshot: ArrayBuffer; export default snapshot; }
declare module "*/mesh.js" { const snapshot: Uint8Array; export default snapshot; }
`;

/** A fragment as the body of a function; its imports stay outside. */
function moduleOf(text) {
  if (/^export default/m.test(text)) {
    return text;
  }
  const imports = text.match(/^import .*$/gm) ?? ['import { DiddyMesh } from "diddy-mesh";'];
  return `${imports.join("\n")}\nexport async function fragment() {\n${text.replace(/^import .*$/gm, "")}\n}\n`;
}

test("the cases of docs/testing.md hold, and its commands print what it shows", () => {
  const block = (...words) => blocks("json", "yaml", "text").find((one) => one.file === join("docs", "testing.md") && words.every((word) => [one.language, ...one.words].includes(word))).text;
  const mesh = block("json", "mesh");
  const changed = mesh.replace('"weight": 95', '"weight": 80').replace('"weight": 5', '"weight": 20');
  assert.notEqual(changed, mesh);
  const { run } = folder({ "mesh.json": mesh, "new.json": changed, "cases.yaml": block("yaml", "cases") });
  const holds = run("test", "mesh.json", "cases.yaml");
  assert.equal(holds.status, 0, holds.out + holds.err);
  const { status, out } = run("test", "new.json", "cases.yaml");
  assert.deepEqual([status, out], [1, block("text", "test")]);
  assert.deepEqual(run("diff", "mesh.json", "new.json"), { ...run("diff", "mesh.json", "new.json"), status: 0, out: block("text", "diff") });
});

test("the flag of docs/flags.md is decided as it shows", () => {
  const block = (...words) => blocks("json", "text").find((one) => one.file === join("docs", "flags.md") && words.every((word) => [one.language, ...one.words].includes(word))).text;
  const { run } = folder({ "mesh.json": block("json", "mesh") });
  const decided = (key, ...who) => JSON.parse(run("flags", "evaluate", key, "mesh.json", "--json", ...who).out);
  assert.equal(run("flags", "evaluate", "new-checkout", "mesh.json", "--principal", "alice").out, block("text", "evaluate"));
  assert.deepEqual([decided("new-checkout", "--principal", "carol", "--country", "FR").reason, decided("new-checkout", "--country", "DE").variant], ["DEFAULT", "off"]);
  assert.deepEqual([decided("theme", "-H", "x-beta=1", "-H", "x-user=7").reason, decided("theme", "-H", "x-beta=1").variant], ["SPLIT", "plain"]);
});

test("every TypeScript block type-checks as a part of a Worker", () => {
  const target = join(root, "target");
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(target, "docs-test-"));
  after(() => rmSync(folder, { recursive: true }));
  const programs = blocks("ts", "typescript");
  assert.ok(programs.length >= 5, `${programs.length} programs were found`);
  programs.forEach(({ text, place }, i) => writeFileSync(join(folder, `block${i}.ts`), `// ${place}\n${moduleOf(text)}`));
  writeFileSync(join(folder, "given.d.ts"), GIVEN);
  const compilerOptions = { target: "ES2022", module: "ESNext", moduleResolution: "Bundler", lib: ["ES2022"], types: ["@cloudflare/workers-types"], strict: true, skipLibCheck: true, noEmit: true };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  const named = stdout.replace(/[^\s]*block(\d+)\.ts/g, (_, i) => programs[Number(i)].place);
  assert.equal(status, 0, named);
});

test("the programs of the README serve in workerd", async () => {
  const ofReadme = (...languages) => blocks(...languages).filter(({ file }) => file === "README.md").map(({ text }) => text);
  const [user, gateway] = ofReadme("ts");
  const config = JSON.parse(ofReadme("json")[0]);
  const bindings = parse(ofReadme("jsonc")[0]).services.map(({ binding, service }) => [binding, service]);
  const handlers = "const handleUsers = (request) => new Response(`users at ${new URL(request.url).pathname}`);";
  await running([await worker("user-service", `${handlers}\n${user}`, { kvNamespaces: ["KV_NAMESPACE"] })], async (fetch) => {
    assert.equal(await (await fetch("/api/users")).text(), "users at /api/users");
    assert.equal(await (await fetch("/api/health")).text(), "OK");
  });
  const callees = await Promise.all(bindings.map(([, service]) => echo(service)));
  await running([await worker("gateway", gateway, { config, serviceBindings: Object.fromEntries(bindings) }), ...callees], async (fetch) => {
    assert.equal(await (await fetch("/health")).text(), "OK");
    for (const [path, status] of [["/api/users/1", 200], ["/api/orders/1", 200], ["/other", 404]]) {
      assert.equal((await fetch(path)).status, status, path);
    }
  });
});

/** The flags of a help text. */
const flagsOf = (help) => new Set(help.match(/(?<![\w-])--?[a-z][\w-]*/gi));
const helpOf = (command) => spawnSync(process.execPath, [cli, "help", command], { encoding: "utf8" });

/** What is wrong with one line of a shell block, if anything. `cargo xtask` is checked by `cargo xtask docs`. */
function wrongWith(line, file) {
  const [program, ...args] = line.replace(/\s+#.*$/, "").trim().split(/\s+/);
  const here = dirname(file);
  switch (program) {
    case "cargo":
      return ["xtask", "add", "test", "bench"].includes(args[0]) ? undefined : `cargo ${args[0]}`;
    case "npx": {
      const [name, command, ...rest] = args;
      if (name === "wrangler") {
        return ["deploy", "dev", "kv"].includes(command) ? undefined : `wrangler ${command}`;
      }
      const { status, stdout } = helpOf(command);
      const flags = flagsOf(stdout);
      const unknown = rest.filter((word) => word.startsWith("-")).find((flag) => !flags.has(flag));
      return name !== "diddy-mesh" || status !== 0 ? `${name} ${command}` : unknown;
    }
    case "npm": {
      const script = args[0] === "run" ? args[1] : args[0] === "test" ? "test" : undefined;
      const known = JSON.parse(existsSync(join(root, here, "package.json")) ? read(join(here, "package.json")) : "{}").scripts ?? {};
      return script === undefined ? (["install", "ci"].includes(args[0]) ? undefined : `npm ${args[0]}`) : known[script] === undefined ? `npm script ${script}` : undefined;
    }
    case "node":
      return [here, "."].some((folder) => existsSync(join(root, folder, args[0]))) ? undefined : `node ${args[0]}`;
    default:
      return `program ${program}`;
  }
}

test("every command of a shell block exists", () => {
  const lines = blocks("sh", "bash", "shell").flatMap(({ text, file, place }) => text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#")).map((line) => ({ line, file, place })));
  const wrong = lines.map(({ line, file, place }) => [place, line, wrongWith(line, file)]).filter(([, , problem]) => problem !== undefined);
  assert.deepEqual(wrong, []);
  assert.ok(lines.length > 5);
});

test("every command named in a sentence exists", () => {
  for (const file of texts) {
    for (const [, command] of read(file).matchAll(/`(?:npx )?diddy-mesh ([a-z]+)\b/g)) {
      assert.equal(helpOf(command).status, 0, `${file}: diddy-mesh ${command}`);
    }
  }
});

test("a link to a heading finds it", () => {
  const anchors = (file) => Array.from(read(file).matchAll(/^#+ (.*)$/gm), ([, title]) => title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-"));
  for (const file of texts) {
    for (const [, path, anchor] of read(file).matchAll(/\]\(([^)\s#]*)#([^)]+)\)/g)) {
      if (!path.includes("://")) {
        const to = path === "" ? file : relative(root, join(root, dirname(file), path));
        assert.ok(anchors(to).includes(anchor), `${file}: ${path}#${anchor}`);
      }
    }
  }
});

/** The first cells of all table rows, without their code marks. */
const firstCells = (file) => Array.from(read(file).matchAll(/^\| *`([^`]+)`/gm), ([, cell]) => cell);

test("docs/errors.md names every code, and none that is gone", async () => {
  const source = transformSync(readFileSync(new URL("../../src/generated/abi.ts", import.meta.url), "utf8"), { loader: "ts", format: "esm" }).code;
  const { DENIALS, EVENTS, REASONS, SNAPSHOT_ERRORS, TRANSITIONS } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const host = readdirSync(new URL("../../src/", import.meta.url), { recursive: true }).filter((name) => name.endsWith(".ts")).map((name) => readFileSync(new URL(`../../src/${name}`, import.meta.url), "utf8")).join("\n");
  const noticed = Array.from(host.matchAll(/\{ type: "(\w+)", at(?!: Date)/g), ([, type]) => type);
  const codes = Array.from(/MeshErrorCode =([^;]+);/.exec(host)[1].matchAll(/"(\w+)"/g), ([, code]) => code);
  const findings = Array.from(read("crates/mesh-config/src/diagnostic.rs").matchAll(/^ {4}\w+ = "([a-z-]+)",$/gm), ([, code]) => code);
  const known = new Set([...DENIALS, ...EVENTS, ...REASONS, ...SNAPSHOT_ERRORS, ...TRANSITIONS, ...noticed, ...codes, ...findings].filter((code) => code !== "none"));
  const told = new Set(firstCells("docs/errors.md"));
  assert.deepEqual([...known].filter((code) => !told.has(code)), [], "missing");
  assert.deepEqual([...told].filter((code) => !known.has(code)), [], "gone");
});

test("docs/configuration.md, docs/resilience.md, docs/traffic.md and docs/flags.md name every field of the schema, with its default", () => {
  const { $defs, properties } = JSON.parse(read("npm/diddy-mesh/schema.json"));
  const text = ["configuration", "resilience", "traffic", "flags"].map((page) => read(`docs/${page}.md`)).join("\n");
  const fields = [["", { properties }], ...Object.entries($defs)].flatMap(([, { properties = {} }]) => Object.entries(properties));
  const named = new Set(Array.from(text.matchAll(/`([\w$.]+)`/g), ([, name]) => name.split(".")).flat());
  assert.deepEqual(fields.map(([name]) => name).filter((name) => !named.has(name)), []);
  // Numbers stand in the table of their settings: | `name` | … | default | …
  for (const [name, { default: value }] of Object.entries($defs).flatMap(([, { properties = {} }]) => Object.entries(properties))) {
    if (typeof value === "number") {
      const rows = text.split("\n").filter((line) => new RegExp(`^\\| \`([\\w.]*\\.)?${name}\` \\|`).test(line));
      const shown = [`${value}`, `${value} ms`, `${value / 1000} s`, `${value / 1024} KiB`, `${value} %`];
      assert.ok(rows.some((row) => row.split("|").some((cell) => shown.includes(cell.trim()))), `${name} = ${value} in\n${rows.join("\n")}`);
    }
  }
});

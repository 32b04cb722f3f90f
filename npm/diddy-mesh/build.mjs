// Builds dist/: JavaScript by esbuild with source maps, declarations by tsc. `cargo xtask wasm` must have filled wasm/ before.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const missing = ["engine.wasm", "engine.js", "engine.d.ts", "core.wasm", "control.wasm", "control.js", "control.d.ts"].filter((name) => !existsSync(here(`wasm/${name}`)));
if (missing.length > 0) {
  console.error(`npm/diddy-mesh/wasm lacks ${missing.join(", ")}: run \`cargo xtask wasm\` first`);
  process.exit(1);
}

// The numbers of the ABI become enums for esbuild, which writes them out where they are used: the bundles of users get smaller.
const inlineAbi = {
  name: "inline-abi",
  setup({ onLoad }) {
    onLoad({ filter: /generated[/\\]abi\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const body = text.replace(/export const (\w+) = \{([^{}]*)\} as const;/g, (_, name, members) => `export enum ${name} {${members.replace(/:/g, " =")}}`);
      return { contents: body, loader: "ts" };
    });
  },
};

// Properties that only our own objects have and no user sees: bundlers cannot shorten properties, so it is done here (230 bytes gzipped).
// None of these may be a property of the platform's (`written` of `TextEncoder` was, and text outside ASCII was lost) or of a Snapshot's tables.
const internal =
  "aborts again ask askAt bits brain broken compiler deadline demands depth drain edits features fits forget fresh ground grpcTimeout hedge hedged heard held identity introduce isTraffic known lines listening lost notice noticed " +
  "noted notes notesOf observe options over own owned plain policy putValue raw readAt reading refresh refusedAskAt remaining root sharing slot slots spent spread stamped takenAt table tables tablesByMap tell ticket told transport " +
  "waiting words";

rmSync(here("dist"), { recursive: true, force: true });
const { version } = JSON.parse(readFileSync(here("package.json"), "utf8"));
const common = { bundle: true, format: "esm", target: "es2022", sourcemap: true, sourcesContent: false, legalComments: "none", plugins: [inlineAbi], logLevel: "warning" };

const entries = ["", "core-", "config-"].flatMap((prefix) => ["workerd", "node", "default"].map((runtime) => here(`src/entry/${prefix}${runtime}.ts`)));
await build({
  ...common,
  entryPoints: [...entries, here("src/entry/registry-workerd.ts"), ...["discovery", "flags", "hooks", "init", "openfeature"].map((name) => here(`src/${name}.ts`))],
  outdir: here("dist"),
  outbase: here("src"),
  splitting: true,
  chunkNames: "chunk/[hash]",
  platform: "neutral",
  // Runtimes and the bundlers of users load these; the paths hold because dist/entry is as deep as src/entry.
  external: ["cloudflare:workers", "node:*", "*.wasm"],
  mangleProps: new RegExp(`^(${internal.replaceAll(" ", "|")})$`),
});

await build({
  ...common,
  entryPoints: [here("src/cli/main.ts")],
  outfile: here("dist/cli.js"),
  // Not "node": that would take yaml's CommonJS build, which asks for a require that modules lack.
  platform: "neutral",
  external: ["node:*"],
  target: "node20",
  define: { VERSION: JSON.stringify(version) },
  banner: { js: "#!/usr/bin/env node" },
  mainFields: ["module", "main"],
});

execFileSync(process.execPath, [fileURLToPath(import.meta.resolve("typescript")).replace("typescript.js", "tsc.js"), "-p", here("tsconfig.build.json")], { stdio: "inherit" });

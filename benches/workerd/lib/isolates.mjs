// Fresh isolates on demand, by workerd's own Worker Loader inside one process: what a first request and an isolate's
// memory cost, without the cost of a process. A variant is { modules, flags, path, headers }.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { BUILD } from "./bundle.mjs";
import { pinning } from "./cpu.mjs";
import { worker } from "./peers.mjs";
import { COMPATIBILITY_DATE, get, startWorkerd } from "./workerd.mjs";

const bytesOf = (content) => (typeof content === "string" ? readFileSync(content) : content.inline);

/** Bytes of an isolate's id, in the section that tells its wasm apart. */
const OWN_BYTES = 24;

/**
 * Wasm bytes that no other isolate has: a custom section with the isolate's id behind them. V8 shares the code of equal
 * modules in a process, throws it away in all of them whenever a new isolate starts, and frees it only after the idle
 * ones ran again: forty isolates of one Worker side by side, which no host has, would be charged each other's code.
 */
function own(bytes, id) {
  const at = bytes.byteLength;
  // One buffer for all, as workerd copies what it is given: copies of ours would be counted with the isolate.
  const all = (own.known ??= new Map()).get(bytes) ?? new Uint8Array(at + 3 + OWN_BYTES);
  if (!own.known.has(bytes)) {
    all.set(new Uint8Array(bytes));
    all.set([0, OWN_BYTES + 1, OWN_BYTES], at);
    own.known.set(bytes, all);
  }
  new TextEncoder().encodeInto(id.padEnd(OWN_BYTES), all.subarray(at + 3));
  return all.buffer;
}

/** The loading worker: it holds each variant's modules as text and bytes, and makes the isolate that it is asked for. */
function controllerOf(variants) {
  const modules = [];
  const table = Object.values(variants).map((variant, v) => {
    const entries = variant.modules.map((module, m) => {
      const kind = ["esModule", "wasm", "data"].find((k) => k in module);
      const name = `v${v}-${m}`;
      const content = { inline: bytesOf(module[kind]) };
      modules.push(kind === "esModule" ? { name, text: content } : { name, data: content });
      return { key: JSON.stringify(module.name), name, kind };
    });
    const value = ({ name, kind }) => {
      const id = name.replace("-", "_");
      if (kind === "esModule") return id;
      return kind === "wasm" ? `{ wasm: own(${id}, id) }` : `{ ${kind}: ${id} }`;
    };
    return {
      imports: entries.map(({ name }) => `import ${name.replace("-", "_")} from "./${name}";`),
      text: `{ main: ${entries[0].key}, flags: ${JSON.stringify(variant.flags ?? [])}, path: ${JSON.stringify(variant.path)},
        modules: (id) => ({ ${entries.map((entry) => `${entry.key}: ${value(entry)}`).join(", ")} }) }`,
    };
  });
  const source = `${table.flatMap(({ imports }) => imports).join("\n")}

const OWN_BYTES = ${OWN_BYTES};
${own}
const variants = [${table.map(({ text }) => text).join(",\n")}];
export default {
  async fetch(request, env) {
    const query = new URL(request.url).searchParams;
    const id = query.get("id");
    const { main, flags, path, modules } = variants[Number(query.get("variant"))];
    try {
      const isolate = env.LOADER.get(id, () => ({
        compatibilityDate: ${JSON.stringify(COMPATIBILITY_DATE)}, compatibilityFlags: flags, mainModule: main, modules: modules(id),
        env: { SVC_A: env.SVC_A, SVC_B: env.SVC_A, SVC_C: env.SVC_A }, globalOutbound: env.SINK,
      }));
      const answer = await isolate.getEntrypoint().fetch(new Request("http://gateway" + path, { headers: request.headers }));
      return new Response(await answer.text(), { status: answer.status });
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};`;
  return [{ name: "controller.mjs", esModule: { inline: source } }, ...modules];
}

/**
 * Starts the loading process.
 * @returns {Promise<{ pid, call: (name, id) => Promise<string>, stop }>} `call` sends one request to isolate `id` of a variant
 */
export async function startLoader(dir, variants, request) {
  const names = Object.keys(variants);
  const server = await startWorkerd(join(BUILD, dir), {
    services: {
      controller: {
        modules: controllerOf(variants),
        bindings: { LOADER: { loader: true }, SVC_A: { service: "A" }, SINK: { service: "sink" } },
      },
      A: { modules: (await worker("backend")).modules },
      sink: { modules: (await worker("sink")).modules },
    },
    sockets: { controller: "controller" },
  }, { core: pinning?.server });
  const call = async (name, id) => {
    const path = `/?variant=${names.indexOf(name)}&id=${names.indexOf(name)}-${id}`;
    const { status, text } = await get(server.ports.controller, path, request.headers);
    if (status !== 200) throw new Error(`${name} answered ${status}: ${text.slice(0, 500)}`);
    return text;
  };
  return { pid: server.pid, call, stop: server.stop };
}

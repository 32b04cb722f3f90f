// A real workerd on loopback, started from a description of services and ended by its own child handle.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import http from "node:http";

import { pinned } from "./cpu.mjs";

const require = createRequire(import.meta.url);
// the package names the binary of this platform; its `bin` is a script where install scripts are off
const BINARY = require("workerd").default;
/** The compatibility date of every worker, ours and the peers'. */
export const COMPATIBILITY_DATE = "2026-04-01";
/** The workerd that is measured. */
export const WORKERD_VERSION = require("workerd/package.json").version;

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 2_000;
const REQUEST_MS_MAX = 60_000;
const LOG_CHARS_MAX = 64 * 1024;

const quote = (text) => JSON.stringify(text);

function bindingText(name, value) {
  if ("text" in value) return `(name = ${quote(name)}, text = ${quote(value.text)})`;
  if ("service" in value) return `(name = ${quote(name)}, service = ${quote(value.service)})`;
  if ("loader" in value) return `(name = ${quote(name)}, workerLoader = ())`;
  throw new Error(`unknown kind of binding: ${name}`);
}

/**
 * Writes workerd's configuration and the modules it embeds into a folder, and gives the configuration's path.
 *
 * services: { name: { modules: [{ name, esModule | wasm | text | data: path or { inline } }], bindings, flags, outbound } }
 * sockets:  { socket: service }, each on a loopback port that the system picks
 */
function writeConfig(dir, { services, sockets }) {
  mkdirSync(dir, { recursive: true });
  let count = 0;
  const moduleText = (module) => {
    const kind = ["esModule", "wasm", "text", "data"].find((k) => k in module);
    const file = `m${count++}-${basename(module.name).replace(/[^\w.]/g, "_")}`;
    const content = module[kind];
    if (typeof content === "string") copyFileSync(content, join(dir, file));
    else writeFileSync(join(dir, file), content.inline);
    return `(name = ${quote(module.name)}, ${kind} = embed ${quote(file)})`;
  };
  const serviceTexts = Object.entries(services).map(
    ([name, service]) => `(name = ${quote(name)}, worker = (
      compatibilityDate = ${quote(COMPATIBILITY_DATE)},
      compatibilityFlags = [${(service.flags ?? []).map(quote).join(", ")}],
      ${service.outbound ? `globalOutbound = ${quote(service.outbound)},` : ""}
      modules = [${service.modules.map(moduleText).join(", ")}],
      bindings = [${Object.entries(service.bindings ?? {}).map(([n, v]) => bindingText(n, v)).join(", ")}]))`,
  );
  const socketTexts = Object.entries(sockets).map(
    ([name, service]) => `(name = ${quote(name)}, address = "127.0.0.1:0", http = (), service = ${quote(service)})`,
  );
  const path = join(dir, "config.capnp");
  writeFileSync(path, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${serviceTexts.join(",\n")}],
  sockets = [${socketTexts.join(",\n")}]);
`);
  return path;
}

/**
 * Starts workerd, pinned to a core where one is given, and waits until all sockets listen.
 * @returns {Promise<{ pid: number, ports: Record<string, number>, log: () => string, stop: () => Promise<void> }>}
 */
export function startWorkerd(dir, description, { core } = {}) {
  const argv = pinned(core, [BINARY, "serve", writeConfig(dir, description), "--experimental", "--control-fd=3"]);
  const child = spawn(argv[0], argv.slice(1), { stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const wanted = Object.keys(description.sockets).length;
  const ports = {};
  let log = "";
  const keep = (chunk) => {
    log = (log + chunk).slice(-LOG_CHARS_MAX);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);

  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  };

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`workerd did not listen within ${START_MS_MAX} ms: ${log}`));
    }, START_MS_MAX);
    child.once("error", reject);
    ended.then((code) => {
      clearTimeout(timer);
      reject(new Error(`workerd ended with ${code}: ${log}`));
    });
    let unread = "";
    child.stdio[3].on("data", (chunk) => {
      const lines = (unread + chunk).split("\n");
      unread = lines.pop();
      for (const line of lines) {
        const message = JSON.parse(line);
        if (message.event === "listen") ports[message.socket] = message.port;
      }
      if (Object.keys(ports).length === wanted) {
        clearTimeout(timer);
        resolve({ pid: child.pid, ports, log: () => log, stop });
      }
    });
  });
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** One GET on loopback over a kept connection. */
export function get(port, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, path, headers, agent, timeout: REQUEST_MS_MAX }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
      answer.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${REQUEST_MS_MAX} ms`)));
    request.on("error", reject);
    request.end();
  });
}

/** Closes the kept connections, so that the process can end. */
export const closeConnections = () => agent.destroy();

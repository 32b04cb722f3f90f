/** Starts the Workers of the shop in workerd, on loopback, and stops them again. */
import { Miniflare } from "miniflare";
import { bundle } from "./bundle.mjs";
import { configs } from "./configs.mjs";

/** @typedef {"on" | "off"} Mode */
/** @typedef {import("./configs.mjs").Config & { modules: import("./bundle.mjs").Module[] }} Built */

/** @returns {Promise<Built[]>} */
export async function buildAll() {
  const all = await configs();
  /** @type {Map<string, ReturnType<typeof bundle>>} */
  const bundles = new Map(all.map(({ entry }) => [entry, bundle(entry)]));
  return Promise.all(all.map(async (config) => ({ ...config, modules: (await bundles.get(config.entry)) ?? [] })));
}

/**
 * @typedef {object} Shop
 * @property {URL} url where the gateway listens
 * @property {(worker: string, path: string) => Promise<unknown>} control asks a Worker itself, past the mesh
 * @property {() => Promise<void>} stop
 */

/**
 * @param {Built[]} built
 * @param {{ mode: Mode, port?: number, faults?: boolean }} options port 0 = any free one
 * @returns {Promise<Shop>}
 */
export async function start(built, { mode, port = 0, faults = true }) {
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port,
    cf: false,
    // A version that dies throws: what workerd prints about it is expected.
    handleRuntimeStdio: (/** @type {import("node:stream").Readable} */ stdout, /** @type {import("node:stream").Readable} */ stderr) => void (stdout.resume(), stderr.resume()),
    workers: built.map(({ config, modules }) => ({
      name: config.name,
      modules,
      modulesRoot: "/",
      compatibilityDate: config.compatibility_date,
      bindings: { ...config.vars, ...(faults ? {} : { FAULT: "" }), MESH: mode, CONTROL: "on" },
      serviceBindings: Object.fromEntries((config.services ?? []).map(({ binding, service }) => [binding, service])),
      durableObjects: Object.fromEntries((config.durable_objects?.bindings ?? []).map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }])),
    })),
  });
  return {
    url: await miniflare.ready,
    control: async (worker, path) => {
      const fetcher = await miniflare.getWorker(worker);
      return (await fetcher.fetch(`http://${worker}/_control/${path}`)).json();
    },
    stop: () => miniflare.dispose(),
  };
}

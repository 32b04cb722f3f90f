/** Finds and reads the wrangler files of the shop: each is one Worker. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the shop. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {object} WranglerConfig
 * @property {string} name
 * @property {string} main
 * @property {string} compatibility_date
 * @property {Record<string, string>} vars
 * @property {{ binding: string, service: string }[]} [services]
 * @property {{ bindings: { name: string, class_name: string }[] }} [durable_objects]
 */

/** @typedef {{ file: string, entry: string, service: string, config: WranglerConfig }} Config */

/** @returns {Promise<Config[]>} the gateway first */
export async function configs() {
  const services = await readdir(join(ROOT, "services"));
  const folders = ["gateway", ...services.sort().map((name) => `services/${name}`)];
  const found = await Promise.all(folders.map((folder) => readFolder(join(ROOT, folder))));
  return found.flat();
}

/**
 * @param {string} folder
 * @returns {Promise<Config[]>}
 */
async function readFolder(folder) {
  const files = (await readdir(folder)).filter((name) => /^wrangler.*\.jsonc$/.test(name)).sort();
  return Promise.all(
    files.map(async (name) => {
      const file = join(folder, name);
      /** @type {WranglerConfig} */
      const config = JSON.parse(withoutComments(await readFile(file, "utf8")));
      return { file: relative(ROOT, file), entry: join(dirname(file), config.main), service: relative(join(ROOT, "services"), folder), config };
    }),
  );
}

/**
 * Our files have comments on lines of their own only.
 * @param {string} text
 */
function withoutComments(text) {
  return text.replace(/^\s*\/\/.*$/gm, "");
}

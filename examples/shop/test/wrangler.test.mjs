/** Every wrangler file bundles as it would be deployed. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { compile } from "../demo/compile.mjs";
import { configs, ROOT } from "../demo/configs.mjs";

const run = promisify(execFile);
const wrangler = join(createRequire(import.meta.url).resolve("wrangler/package.json"), "../bin/wrangler.js");
const found = await configs();

before(async () => void (await compile()));

test("there are ten services, three of them in versions", () => {
  assert.equal(new Set(found.map(({ service }) => service)).size, 10);
  assert.equal(new Set(found.map(({ config }) => config.name)).size, found.length);
});

test("every binding of a Worker names a Worker there is", () => {
  const names = new Set(found.map(({ config }) => config.name));
  const unknown = found.flatMap(({ config }) => (config.services ?? []).filter(({ service }) => !names.has(service)));
  assert.deepEqual(unknown, []);
});

test("wrangler takes them", { concurrency: 2 }, async (context) => {
  await Promise.all(
    found.map(({ file }) =>
      context.test(file, async () => {
        const folder = await mkdtemp(join(tmpdir(), "shop-"));
        try {
          const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: folder, CI: "true" };
          const { stdout } = await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", folder, "-c", file], { cwd: ROOT, env });
          assert.match(stdout, /--dry-run: exiting now/);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }),
    ),
  );
});

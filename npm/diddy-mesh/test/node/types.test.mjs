import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const tsc = join(dirname(fileURLToPath(import.meta.resolve("typescript"))), "tsc.js");

test("the published types hold in a Worker project without skipLibCheck", async () => {
  const project = fileURLToPath(new URL("../types", import.meta.url));
  await promisify(execFile)(process.execPath, [tsc, "-p", project]).catch(({ stdout }) => assert.fail(stdout));
});

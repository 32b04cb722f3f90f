import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const tsc = join(dirname(fileURLToPath(import.meta.resolve("typescript"))), "tsc.js");
const project = (path) => promisify(execFile)(process.execPath, [tsc, "-p", fileURLToPath(new URL(`../types${path}`, import.meta.url))]).catch(({ stdout }) => assert.fail(stdout));

test("the published types hold in a Worker project without skipLibCheck", () => project(""));

test("the provider is one for OpenFeature's SDK", () => project("/openfeature.tsconfig.json"));

/** The demo itself, as a process: short, because the mesh has to learn before its figures mean much. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { ROOT } from "../demo/configs.mjs";

/**
 * @param {string[]} flags
 * @param {(child: import("node:child_process").ChildProcess, line: string) => void} [onOutput]
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
function demo(flags, onOutput) {
  const child = spawn(process.execPath, ["demo.mjs", ...flags], { cwd: ROOT });
  const said = { stdout: "", stderr: "" };
  for (const name of /** @type {const} */ (["stdout", "stderr"])) {
    child[name].on("data", (chunk) => {
      said[name] += chunk;
      onOutput?.(child, String(chunk));
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...said })));
}

test("--json prints nothing else, and the mesh hides the faults", { timeout: 150_000 }, async () => {
  const { code, stdout, stderr } = await demo(["--json", "--requests", "400", "--seed", "7"]);
  const { off, on } = JSON.parse(stdout);
  assert.equal(off.requests, 400);
  assert.equal(on.requests, 400);
  assert.ok(Math.abs(off.success - off.implied) < 0.1, `off ${off.success}, the faults imply ${off.implied}`);
  assert.ok(on.success >= 0.995, stderr);
  assert.equal(code, 0);
  assert.ok(on.p99_ms > 0 && on.attempts > 1 && on.breaker_openings > 0);
  assert.deepEqual(Object.keys(on.services).length, 9);
});

test("--serve stays until it is interrupted, and leaves nothing behind", { timeout: 60_000 }, async () => {
  let url = "";
  /** @type {Promise<number> | undefined} */
  let status;
  const { code } = await demo(["--serve", "--port", "0"], (child, text) => {
    url ||= /http:\S+/.exec(text)?.[0] ?? "";
    if (url !== "" && status === undefined) {
      status = fetch(url).then((answer) => answer.status);
      void status.finally(() => child.kill("SIGINT"));
    }
  });
  assert.equal(await status, 200);
  assert.equal(code, 0);
  await assert.rejects(fetch(url));
});

test("wrong flags are refused", async () => {
  const { code, stderr } = await demo(["--requests", "none"]);
  assert.equal(code, 2);
  assert.match(stderr, /--requests must be a whole number/);
});

// What engine.wasm asks of its host and gives it: nothing of std, no clock, no randomness.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path) => readFileSync(new URL(import.meta.resolve(path)));
const engine = new WebAssembly.Module(read("diddy-mesh/engine.wasm"));

test("engine.wasm imports nothing but its own glue", () => {
  const glue = readFileSync(new URL("engine.js", import.meta.resolve("diddy-mesh/engine.wasm")), "utf8");
  for (const { module, name, kind } of WebAssembly.Module.imports(engine)) {
    assert.equal(module, "./engine_bg.js");
    assert.equal(kind, "function");
    assert.match(name, /^__wb/);
    assert.ok(glue.includes(name), `${name} is not in the glue`);
  }
});

test("engine.wasm exports the eight functions, its memory, and the glue's own", () => {
  const own = WebAssembly.Module.exports(engine).map(({ name }) => name).filter((name) => !name.startsWith("__"));
  assert.deepEqual(own.sort(), ["engine_ask", "engine_begin", "engine_handlers", "engine_input", "engine_load", "engine_resume", "engine_slots", "engine_tell", "memory"]);
});

test("engine.wasm carries no names, no debug sections and no checks that panic", () => {
  for (const section of ["name", ".debug_info", "producers"]) {
    assert.equal(WebAssembly.Module.customSections(engine, section).length, 0, section);
  }
  const text = read("diddy-mesh/engine.wasm").toString("latin1");
  for (const trace of ["called `Option::unwrap()`", "called `Result::unwrap()`", "out of bounds", "divide by zero", "already borrowed", "crates/mesh-"]) {
    assert.ok(!text.includes(trace), trace);
  }
});

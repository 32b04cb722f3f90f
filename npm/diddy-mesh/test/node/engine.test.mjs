// What the engines ask of their host and give it: nothing of std, no clock, no randomness.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path) => readFileSync(new URL(import.meta.resolve(path)));

for (const engine of ["engine", "core"]) {
  const path = `diddy-mesh/${engine}.wasm`;
  const module = new WebAssembly.Module(read(path));

  test(`${engine}.wasm imports nothing but its own glue`, () => {
    const glue = readFileSync(new URL(`${engine}.js`, import.meta.resolve(path)), "utf8");
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      assert.equal(from, `./${engine}_bg.js`);
      assert.equal(kind, "function");
      assert.match(name, /^__wb/);
      assert.ok(glue.includes(name), `${name} is not in the glue`);
    }
  });

  test(`${engine}.wasm exports the eight functions, its memory, and the glue's own`, () => {
    const own = WebAssembly.Module.exports(module).map(({ name }) => name).filter((name) => !name.startsWith("__"));
    assert.deepEqual(own.sort(), ["engine_ask", "engine_begin", "engine_handlers", "engine_input", "engine_load", "engine_resume", "engine_slots", "engine_tell", "memory"]);
  });

  test(`${engine}.wasm carries no names, no debug sections and no checks that panic`, () => {
    for (const section of ["name", ".debug_info", "producers"]) {
      assert.equal(WebAssembly.Module.customSections(module, section).length, 0, section);
    }
    const text = read(path).toString("latin1");
    for (const trace of ["called `Option::unwrap()`", "called `Result::unwrap()`", "out of bounds", "divide by zero", "already borrowed", "crates/mesh-"]) {
      assert.ok(!text.includes(trace), trace);
    }
  });
}

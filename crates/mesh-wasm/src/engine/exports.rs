//! The functions that `engine.wasm` exports. One instance of the module is one engine: the host
//! makes an instance for each configuration, and a trap touches no other.

use spin::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;

use super::Engine;

static ENGINE: Mutex<Engine> = Mutex::new(Engine::new());

/// Runs `call` on the instance's engine. The lock is only ever found
/// taken after a trap inside a call; such an instance is done for, and answers with nothing.
fn with<T: Default>(call: impl FnOnce(&mut Engine) -> T) -> T {
    match ENGINE.try_lock() {
        Some(mut engine) => call(&mut engine),
        None => T::default(),
    }
}

/// Address of the input area, with room for `len` bytes; 0 where that is over the bound.
#[wasm_bindgen]
#[must_use]
pub fn engine_input(len: usize) -> usize {
    with(|engine| engine.input(len))
}

/// Address of the slots: `SLOTS` 32-bit numbers that never move.
#[wasm_bindgen]
#[must_use]
pub fn engine_slots() -> usize {
    with(|engine| engine.slots())
}

/// Loads the Snapshot in the first `len` bytes of the input area, which is a new one afterwards.
/// 0 = in use; else the number of a `SnapshotError` plus one, and the last good Snapshot stays.
#[wasm_bindgen]
pub fn engine_load(len: usize, now_ms: f64) -> u32 {
    with(|engine| engine.load(len, now_ms))
}

/// Registers a handler table: in the first `len` bytes of the input area one handler a line,
/// `GET,POST /users/{id}` or a pattern alone. Its number, or below 0 the line that is wrong (-1
/// is the first), with the message as the text.
#[wasm_bindgen]
pub fn engine_handlers(len: usize) -> i32 {
    with(|engine| engine.handlers(len))
}

/// Begins the request in the input area, with the numbers in the `IN` slots. A `STEP` number.
///
/// Numbers go through slots because each argument of an exported function costs code and time.
#[wasm_bindgen]
pub fn engine_begin(now_ms: f64) -> u32 {
    with(|engine| engine.begin(now_ms))
}

/// Goes on with a request: what came of its last step is in the `IN` slots. A `STEP` number.
#[wasm_bindgen]
pub fn engine_resume(now_ms: f64) -> u32 {
    with(|engine| engine.resume(now_ms))
}

/// Answers one of `ASK`, as of `at_ms`.
#[wasm_bindgen]
#[must_use]
pub fn engine_ask(what: u32, at_ms: f64) -> u32 {
    with(|engine| engine.ask(what, at_ms))
}

/// Takes note of one of `TELL`.
#[wasm_bindgen]
pub fn engine_tell(what: u32, first: f64, second: f64) {
    with(|engine| engine.tell(what, first, second));
}

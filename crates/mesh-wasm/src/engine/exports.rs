//! The functions that `engine.wasm` exports. One instance of the module is one engine: the host
//! makes an instance for each configuration, and a trap touches no other.

use spin::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Begin, Ended, Engine};

static ENGINE: Mutex<Engine> = Mutex::new(Engine::new());

/// Runs `call` on the instance's engine. The lock is only ever found
/// taken after a trap inside a call; such an instance is done for, and answers with nothing.
fn with<T: Default>(call: impl FnOnce(&mut Engine) -> T) -> T {
    match ENGINE.try_lock() {
        Some(mut engine) => call(&mut engine),
        None => T::default(),
    }
}

/// Address of the input area, with room for `len` bytes; 0 where that is over the bound. A `len`
/// of 0 gives back the memory of a large Snapshot.
#[wasm_bindgen]
#[must_use]
pub fn engine_input(len: usize) -> usize {
    with(|engine| engine.input(len))
}

/// Address of the output area: `OUT_LEN` 32-bit slots that never move.
#[wasm_bindgen]
#[must_use]
pub fn engine_out() -> usize {
    with(|engine| engine.out())
}

/// Loads the Snapshot in the first `len` bytes of the input area. 0 = in use; else the number of
/// a `SnapshotError` plus one, and the last good Snapshot stays.
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

/// Begins a request. `target`: a handler table, which goes before the rules; -1 = the rules
/// alone; -2 and below = a call to service `-2 - target`. A `STEP` number.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "one crossing, numbers only")]
pub fn engine_begin(
    target: i32,
    method: u32,
    host: usize,
    path: usize,
    query: usize,
    body: i32,
    caller: u32,
    remaining_ms: f64,
    now_ms: f64,
) -> u32 {
    let begin = Begin { target, method, host, path, query, body, caller, remaining_ms, now_ms };
    with(|engine| engine.begin(&begin))
}

/// Goes on with a request. `outcome` is an `OUTCOME`; `retry_after_ms` is below 0 where there is
/// none; `load` is the length of a load report in the input area. A `STEP` number.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "one crossing, numbers only")]
pub fn engine_resume(
    ticket: u32,
    outcome: u32,
    status: u32,
    grpc: i32,
    retry_after_ms: f64,
    load: usize,
    waiting: u32,
    now_ms: f64,
) -> u32 {
    let ended = Ended { outcome, status, grpc, retry_after_ms, load, waiting, now_ms };
    with(|engine| engine.resume(ticket, &ended))
}

/// Answers one of `ASK` about row `index`, or as of `index` in ms.
#[wasm_bindgen]
#[must_use]
pub fn engine_ask(what: u32, index: f64) -> f64 {
    with(|engine| engine.ask(what, index))
}

/// Takes note of one of `TELL`.
#[wasm_bindgen]
pub fn engine_tell(what: u32, first: f64, second: f64) {
    with(|engine| engine.tell(what, first, second));
}

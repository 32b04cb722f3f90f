//! What a host does around the calls: writes into the input area, reads the output area.

use js_sys::{Int32Array, Uint8Array, Uint32Array, WebAssembly::Memory};
use mesh_wasm::engine::{abi, exports};
use wasm_bindgen::{JsCast, JsValue};

/// Microseconds do not matter to these tests; milliseconds from a day on.
pub(crate) const NOW: f64 = 86_400_000.0;

pub(crate) fn memory() -> JsValue {
    wasm_bindgen::memory().unchecked_into::<Memory>().buffer()
}

/// Puts bytes into the input area; their length.
pub(crate) fn write(bytes: &[u8]) -> usize {
    let at = exports::engine_input(bytes.len());
    assert_ne!(at, 0, "room for {} bytes", bytes.len());
    let area =
        Uint8Array::new_with_byte_offset_and_length(&memory(), at as u32, bytes.len() as u32);
    area.copy_from(bytes);
    bytes.len()
}

/// One slot of the output area.
pub(crate) fn slot(index: usize) -> i32 {
    let at = exports::engine_out() as u32;
    let slots = Int32Array::new_with_byte_offset_and_length(&memory(), at, abi::OUT_LEN as u32);
    slots.get_index(index as u32)
}

/// The text of the step or the question at hand.
pub(crate) fn text() -> String {
    let (at, len) = (slot(abi::out::TEXT_PTR) as u32, slot(abi::out::TEXT_LEN) as u32);
    let bytes = Uint8Array::new_with_byte_offset_and_length(&memory(), at, len).to_vec();
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn ask(what: u32, index: u32) -> f64 {
    exports::engine_ask(what, f64::from(index))
}

/// The text that answers a question.
pub(crate) fn describe(what: u32, index: u32) -> String {
    let len = ask(what, index);
    let text = text();
    assert_eq!(len as usize, text.len());
    text
}

/// Counters or events: the words that the question before left.
pub(crate) fn words(count: f64) -> Vec<u32> {
    let at = ask(abi::ask::WORDS_AT, 0) as u32;
    Uint32Array::new_with_byte_offset_and_length(&memory(), at, count as u32).to_vec()
}

/// The bytes of the Snapshot of a document.
pub(crate) fn compile(document: &str) -> Vec<u8> {
    mesh_config::compile_json(document).unwrap().snapshot
}

/// Compiles and loads a document.
pub(crate) fn load(document: &str) {
    let bytes = compile(document);
    assert_eq!(exports::engine_load(write(&bytes), NOW), 0);
    assert_ne!(exports::engine_input(0), 0);
}

pub(crate) fn handlers(lines: &str) -> i32 {
    exports::engine_handlers(write(lines.as_bytes()))
}

/// Begins a `GET` without headers.
pub(crate) fn begin(target: i32, host: &str, path: &str, now: f64) -> u32 {
    write(format!("{host}{path}").as_bytes());
    exports::engine_begin(target, 0, host.len(), path.len(), 0, abi::body::NONE, 0, 0.0, now)
}

/// Ends an attempt with a status.
pub(crate) fn answer(ticket: u32, status: u32, now: f64) -> u32 {
    exports::engine_resume(ticket, abi::outcome::RESPONSE, status, -1, -1.0, 0, 0, now)
}

pub(crate) fn ticket() -> u32 {
    slot(abi::out::TICKET) as u32
}

/// Drained events as kind and code.
pub(crate) fn events() -> Vec<(u32, u32)> {
    let words = words(ask(abi::ask::EVENTS, 0) * abi::EVENT_WORDS as f64);
    words
        .chunks(abi::EVENT_WORDS)
        .map(|event| (event[abi::event::KIND], event[abi::event::CODE]))
        .collect()
}

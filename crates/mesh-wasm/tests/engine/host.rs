//! What a host does around the calls: writes into the input area and the slots, reads the slots.

use js_sys::{Int32Array, Uint8Array, Uint32Array, WebAssembly::Memory};
use mesh_wasm::engine::{
    abi::{self, given},
    exports,
};
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

fn slots() -> Int32Array {
    let at = exports::engine_slots() as u32;
    Int32Array::new_with_byte_offset_and_length(&memory(), at, abi::SLOTS as u32)
}

/// One slot.
pub(crate) fn slot(index: usize) -> i32 {
    slots().get_index(index as u32)
}

/// Sets slots for the next call.
pub(crate) fn set<const N: usize>(values: [(usize, i32); N]) {
    let slots = slots();
    for (index, value) in values {
        slots.set_index(index as u32, value);
    }
}

/// The text of the step or the question at hand.
pub(crate) fn text() -> String {
    let (at, len) = (slot(abi::out::TEXT_PTR) as u32, slot(abi::out::TEXT_LEN) as u32);
    let bytes = Uint8Array::new_with_byte_offset_and_length(&memory(), at, len).to_vec();
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn ask(what: u32) -> u32 {
    exports::engine_ask(what, NOW)
}

/// What a host keeps of the Snapshot.
pub(crate) fn tables() -> serde_json::Value {
    let len = ask(abi::ask::TABLES);
    let text = text();
    assert_eq!(len as usize, text.len());
    serde_json::from_str(&text).unwrap()
}

/// Counters or events: the words that the question before left.
pub(crate) fn words(count: u32) -> Vec<u32> {
    let at = ask(abi::ask::WORDS_AT);
    Uint32Array::new_with_byte_offset_and_length(&memory(), at, count).to_vec()
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
    set_request(target, 0, [host.len(), path.len(), 0]);
    exports::engine_begin(now)
}

/// Sets the slots of a request without a body; `lengths` are those of host, path and query.
pub(crate) fn set_request(target: i32, method: i32, [host, path, query]: [usize; 3]) {
    set([
        (given::TARGET, target),
        (given::METHOD, method),
        (given::HOST, host as i32),
        (given::PATH, path as i32),
        (given::QUERY, query as i32),
        (given::BODY, abi::body::NONE),
        (given::CALLER, 0),
        (given::REMAINING_MS, -1),
    ]);
}

/// Ends an attempt with a status.
pub(crate) fn answer(ticket: u32, status: u32, now: f64) -> u32 {
    ended(ticket, abi::outcome::RESPONSE, status, now)
}

/// Goes on with a request.
pub(crate) fn ended(ticket: u32, outcome: u32, status: u32, now: f64) -> u32 {
    set([
        (given::TICKET, ticket as i32),
        (given::OUTCOME, outcome as i32),
        (given::STATUS, status as i32),
        (given::GRPC, -1),
        (given::RETRY_AFTER_MS, -1),
        (given::LOAD, 0),
        (given::WAITING, 0),
    ]);
    exports::engine_resume(now)
}

pub(crate) fn ticket() -> u32 {
    slot(abi::out::TICKET) as u32
}

/// Drained events as kind and code.
pub(crate) fn events() -> Vec<(u32, u32)> {
    let words = words(ask(abi::ask::EVENTS) * abi::EVENT_WORDS as u32);
    words
        .chunks(abi::EVENT_WORDS)
        .map(|event| (event[abi::event::KIND], event[abi::event::CODE]))
        .collect()
}

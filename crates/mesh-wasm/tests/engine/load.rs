//! Loading: good Snapshots, broken ones, newer ones.

use mesh_core::{event::EventKind, snapshot::SnapshotError};
use mesh_wasm::engine::{
    abi::{ask, tell},
    exports,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::host;

const DOCUMENT: &str = r#"{ "name": "first", "services": { "load-a": { "endpoints": ["binding:A", { "address": "https://b.example", "version": "1.2.0" }] } },
    "routing": { "rules": [{ "name": "r", "service": "load-a", "headers": { "X-One": "1", "x-two": true } }] } }"#;

fn error(bytes: &[u8]) -> u32 {
    exports::engine_load(host::write(bytes), host::NOW)
}

const fn code(error: SnapshotError) -> u32 {
    error.number() + 1
}

#[wasm_bindgen_test]
fn a_good_snapshot_is_in_use_and_described() {
    host::load(DOCUMENT);
    assert_eq!((host::ask(ask::SERVICES, 0), host::ask(ask::ENDPOINTS, 0)), (1.0, 2.0));
    assert_eq!(host::describe(ask::MESH, 0), "first");
    assert_eq!(host::describe(ask::SERVICE, 0), "load-a");
    assert_eq!(host::describe(ask::ENDPOINT, 1), "https://b.example");
    assert_eq!(
        (host::describe(ask::VERSION, 0), host::describe(ask::VERSION, 1)),
        (String::new(), "1.2.0".to_owned())
    );
    assert_eq!(host::describe(ask::RULE, 0), "r");
    assert_eq!(host::describe(ask::HEADERS, 0), "x-one\nx-two");
    assert_eq!((host::ask(ask::PLAIN_OF_RULE, 0), host::ask(ask::PLAIN_OF_SERVICE, 0)), (0.0, 0.0));
}

#[wasm_bindgen_test]
fn rows_that_are_not_there_are_empty_or_below_zero() {
    host::load(DOCUMENT);
    for row in [1, 2, 7, u32::MAX] {
        for what in [ask::SERVICE, ask::RULE, ask::EDITS, ask::HOST] {
            assert_eq!(host::describe(what, row), "", "{what} of {row}");
        }
        assert_eq!(host::ask(ask::PLAIN_OF_RULE, row), -1.0);
        assert_eq!(host::ask(ask::PLAIN_OF_SERVICE, row), -1.0);
    }
}

#[wasm_bindgen_test]
fn a_broken_snapshot_is_refused_and_the_last_good_one_stays() {
    host::load(DOCUMENT);
    let good = host::compile(DOCUMENT);
    exports::engine_tell(tell::LISTEN, 1.0, 0.0);
    host::events();
    assert_eq!(error(&good[..3]), code(SnapshotError::Truncated));
    assert_eq!(error(b"{\"services\":{}}  and more"), code(SnapshotError::NotASnapshot));
    let mut newer = good.clone();
    newer[4] = 0xff;
    assert_eq!(error(&newer), code(SnapshotError::NewerFormat { found: 0xff }));
    for at in (8..good.len()).step_by(7) {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        assert_eq!(error(&flipped), code(SnapshotError::Checksum), "byte {at}");
    }
    for len in (16..good.len()).step_by(13) {
        assert_eq!(error(&good[..len]), code(SnapshotError::Checksum), "{len} bytes");
    }
    assert_eq!(host::describe(ask::MESH, 0), "first");
    let refused = host::events();
    assert!(refused.iter().all(|(kind, _)| *kind == EventKind::SnapshotRefused as u32));
    assert_eq!(refused[0].1 + 1, code(SnapshotError::Truncated));
    exports::engine_tell(tell::LISTEN, 0.0, 0.0);
}

#[wasm_bindgen_test]
fn a_length_over_the_area_loads_nothing() {
    host::load(DOCUMENT);
    assert_eq!(exports::engine_load(usize::MAX, host::NOW), code(SnapshotError::Truncated));
    assert_eq!(exports::engine_load(0, f64::NAN), code(SnapshotError::Truncated));
    assert_eq!(host::ask(ask::SERVICES, 0), 1.0);
}

#[wasm_bindgen_test]
fn room_is_given_up_to_the_bound() {
    use mesh_wasm::engine::abi::INPUT_BYTES_MAX;
    assert_ne!(exports::engine_input(INPUT_BYTES_MAX), 0);
    assert_eq!(exports::engine_input(INPUT_BYTES_MAX + 1), 0);
    assert_eq!(exports::engine_input(usize::MAX), 0);
    assert_ne!(exports::engine_input(0), 0);
    host::load(DOCUMENT);
}

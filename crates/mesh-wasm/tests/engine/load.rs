//! Loading: good Snapshots, broken ones, newer ones.

use mesh_core::{event::EventKind, snapshot::SnapshotError};
use mesh_wasm::engine::{abi::tell, exports};
use serde_json::json;
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
    let tables = host::tables();
    assert_eq!(
        tables,
        json!({
            "version": 0, "name": "first", "needs": 0, "headers": ["x-one", "x-two"],
            "services": ["load-a"], "serviceEndpoints": [0],
            "endpoints": ["binding:A", "https://b.example"], "versions": ["", "1.2.0"],
            "rules": ["r"], "ruleServices": [0], "backends": {},
        })
    );
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
    assert_eq!(host::tables()["name"], "first");
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
    assert_eq!(host::tables()["services"].as_array().unwrap().len(), 1);
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

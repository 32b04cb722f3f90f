//! What a begin found besides its step, and other rows of a Snapshot, as JSON.

use mesh_core::{
    machine::{Machine, Notes},
    rate_limit::Guarantee,
    snapshot::tables::{Edit, NONE, Rows, Text},
};
use serde_json::{Map, Value, json};

/// The notes of the last begin; null where there are none.
pub(super) fn seen(machine: &Machine) -> Value {
    let Notes {
        cors,
        preflight,
        limit,
        remaining,
        reset,
        guarantee,
        cookie,
        rule,
        mirrors,
        first_mirror,
    } = *machine.notes();
    let snapshot = machine.snapshot();
    let mut all = Map::new();
    if cors != NONE || preflight {
        let row = snapshot.cors().get(cors).unwrap_or_default();
        let kind = if preflight { "preflight" } else { "actual" };
        let rows = if preflight { row.preflight } else { row.actual };
        all.insert("cors".to_owned(), json!({ "kind": kind, "edits": edits(machine, rows) }));
    }
    if let Some(row) = snapshot.limits().get(limit) {
        let seconds = reset.0.div_ceil(1_000_000);
        let policy = text(machine, row.policy);
        let mut seen = json!({ "policy": policy, "remaining": remaining, "reset": seconds });
        if guarantee != Guarantee::Isolate {
            seen["guarantee"] = json!(guarantee as u8);
        }
        all.insert("limit".to_owned(), seen);
    }
    if cookie.is_some() {
        let row = snapshot.rules().get(rule).unwrap();
        let (name, attributes) = (text(machine, row.sticky.name), text(machine, row.sticky_cookie));
        all.insert("cookie".to_owned(), json!({ "name": name, "attributes": attributes }));
    }
    if mirrors != 0 {
        let copies = (0..32u32).filter(|bit| mirrors >> bit & 1 == 1);
        let copies: Vec<u32> = copies.map(|bit| first_mirror + bit).collect();
        all.insert("mirrors".to_owned(), json!(copies));
    }
    if all.is_empty() { Value::Null } else { Value::Object(all) }
}

pub(super) fn text(machine: &Machine, text: Text) -> String {
    String::from_utf8_lossy(machine.snapshot().text(text)).into_owned()
}

/// Header edits, those of requests first.
pub(super) fn edits(machine: &Machine, rows: Rows) -> Vec<String> {
    let (request, response): (Vec<Edit>, Vec<Edit>) =
        machine.snapshot().edits().run(rows).partition(|edit| edit.side == 0);
    let line = |edit: Edit| {
        let side = if edit.side == 0 { 'q' } else { 's' };
        let action = ['=', '+', '-', '^'][usize::from(edit.action)];
        format!("{side}{action}{}\t{}", text(machine, edit.name), text(machine, edit.value))
    };
    request.into_iter().chain(response).map(line).collect()
}

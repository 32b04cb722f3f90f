//! What the tables of a Snapshot hold, as text that hosts read once after a load.

use alloc::vec::Vec;

use mesh_core::{
    balance::Algorithm,
    machine::Send,
    snapshot::{
        Snapshot,
        tables::{Edit, Rows, Transport},
    },
};
use wasm_bindgen::prelude::wasm_bindgen;

use super::{
    Engine,
    abi::{describe, flag, need},
};

#[wasm_bindgen]
impl Engine {
    /// Puts the text of a row into the output area's text; its length in bytes.
    pub fn describe(&mut self, kind: u32, index: u32) -> usize {
        let mut text = core::mem::take(&mut self.text);
        text.clear();
        write(self.machine.snapshot(), kind, index, &mut text);
        let (at, len) = (text.as_ptr() as usize, text.len());
        self.text = text;
        self.set_text(at, len);
        len
    }

    /// Number of services.
    #[must_use]
    pub fn services(&self) -> u32 {
        self.machine.snapshot().services().len()
    }

    /// Number of endpoints.
    #[must_use]
    pub fn endpoints(&self) -> u32 {
        self.machine.snapshot().endpoints().len()
    }

    /// `NEED` bits: what the Snapshot needs of every request.
    #[must_use]
    pub fn needs(&self) -> u32 {
        let snapshot = self.machine.snapshot();
        let query = snapshot.routes().needs_query() || !snapshot.redirects().is_empty();
        let geographic = |balancer: u8| balancer == Algorithm::Geographic as u8;
        let place = snapshot.policies().iter().any(|policy| geographic(policy.balancer));
        (if query { need::QUERY } else { 0 }) | if place { need::LOCATION } else { 0 }
    }

    /// The version of the Snapshot in use.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "versions count up from 1")]
    pub fn version(&self) -> f64 {
        self.machine.snapshot().mesh().version as f64
    }

    /// First endpoint of the first backend of a rule, or of a service where `rule` is below 0:
    /// where the plain path goes after a trap. -1 where there is none.
    #[must_use]
    pub fn plain_endpoint(&self, rule: i32, service: u32) -> i32 {
        let snapshot = self.machine.snapshot();
        let by_rule = u32::try_from(rule).ok().and_then(|rule| {
            let first = snapshot.rules().get(rule)?.backends.start;
            Some(snapshot.backends().get(first)?.service)
        });
        let service = snapshot.services().get(by_rule.unwrap_or(service));
        let first = service.filter(|s| s.endpoints.len > 0).map(|s| s.endpoints.start);
        first.and_then(|first| i32::try_from(first).ok()).unwrap_or(-1)
    }
}

fn write(snapshot: &Snapshot, kind: u32, index: u32, text: &mut Vec<u8>) {
    let row = match kind {
        describe::SERVICE => snapshot.services().get(index).map(|row| row.name),
        describe::ENDPOINT => snapshot.endpoints().get(index).map(|row| row.address),
        describe::VERSION => snapshot.endpoints().get(index).map(|row| row.version),
        describe::RULE => snapshot.rules().get(index).map(|row| row.name),
        describe::MESH => Some(snapshot.mesh().name),
        describe::HOST => {
            let backend = snapshot.backends().get(index);
            backend.and_then(|row| snapshot.rewrites().get(row.rewrite)).map(|row| row.host)
        }
        describe::HEADERS => {
            for name in snapshot.routes().headers() {
                text.extend_from_slice(name);
                text.push(b'\n');
            }
            text.pop();
            None
        }
        describe::EDITS => {
            for edit in snapshot.edits().run(edits_of(snapshot, index)) {
                write_edit(snapshot, edit, text);
            }
            text.pop();
            None
        }
        _ => None,
    };
    if let Some(row) = row {
        text.extend_from_slice(snapshot.text(row));
    }
}

fn write_edit(snapshot: &Snapshot, edit: Edit, text: &mut Vec<u8>) {
    text.push(if edit.side == 0 { b'q' } else { b's' });
    text.push(match edit.action {
        0 => b'=',
        1 => b'+',
        _ => b'-',
    });
    text.extend_from_slice(snapshot.text(edit.name));
    text.push(b'\t');
    text.extend_from_slice(snapshot.text(edit.value));
    text.push(b'\n');
}

fn edits_of(snapshot: &Snapshot, backend: u32) -> Rows {
    snapshot.backends().get(backend).map_or(Rows::default(), |row| row.edits)
}

/// The flags of an attempt that follow from its rule, backend, policy and endpoint.
pub(super) fn send_flags(snapshot: &Snapshot, send: &Send) -> u32 {
    let mut flags = 0;
    let endpoint = snapshot.endpoints().get(send.endpoint).unwrap_or_default();
    if Transport::takes_connection(endpoint.transport) {
        flags |= flag::CONNECTION;
    }
    let mut policy = None;
    if let Some(backend) = snapshot.backends().get(send.backend) {
        for edit in snapshot.edits().run(backend.edits) {
            flags |= if edit.side == 0 { flag::EDIT_REQUEST } else { flag::EDIT_RESPONSE };
        }
        let host = snapshot.rewrites().get(backend.rewrite).is_some_and(|row| row.host.len > 0);
        flags |= if host { flag::HOST } else { 0 };
        policy = Some(backend.policy);
    }
    let service = || snapshot.services().get(endpoint.service).map(|service| service.policy);
    let policy = policy.or_else(service).and_then(|policy| snapshot.policies().get(policy));
    let Some(policy) = policy else { return flags };
    flags |= if policy.retry.retries > 0 { flag::WANT_RETRY_AFTER } else { 0 };
    flags |= if policy.balancer == Algorithm::Adaptive as u8 { flag::WANT_LOAD } else { 0 };
    flags | if policy.retry.conditions.grpc.0 == 0 { 0 } else { flag::WANT_GRPC }
}

//! What the host asks once after a load, or now and then: texts of rows, counts, counters.

use alloc::vec::Vec;

use mesh_core::{
    balance::Algorithm,
    machine::Send,
    snapshot::{
        Snapshot,
        tables::{Edit, Rows, Transport},
    },
};

use super::{
    Engine,
    abi::{ask, flag, need},
};

impl Engine {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "row numbers and lengths are exact in a float, and a cast back saturates"
    )]
    pub(crate) fn ask(&mut self, what: u32, index: f64) -> f64 {
        let row = index as u32;
        let snapshot = self.machine.snapshot();
        match what {
            ask::SERVICES => f64::from(snapshot.services().len()),
            ask::ENDPOINTS => f64::from(snapshot.endpoints().len()),
            ask::NEEDS => f64::from(needs(snapshot)),
            ask::VERSION_NUMBER => snapshot.mesh().version as f64,
            ask::PLAIN_OF_RULE => plain_endpoint(snapshot, service_of_rule(snapshot, row)),
            ask::PLAIN_OF_SERVICE => plain_endpoint(snapshot, row),
            ask::STATS => self.stats(index) as f64,
            ask::EVENTS => self.drain() as f64,
            ask::EVENTS_DROPPED => f64::from(self.events.dropped()),
            ask::WORDS_AT => self.words.as_ptr() as usize as f64,
            _ => {
                let mut text = core::mem::take(&mut self.text);
                text.clear();
                write(snapshot, what, row, &mut text);
                self.text = text;
                self.own_text() as f64
            }
        }
    }
}

/// `NEED` bits: what the Snapshot needs of every request.
fn needs(snapshot: &Snapshot) -> u32 {
    let query = snapshot.routes().needs_query() || !snapshot.redirects().is_empty();
    let geographic = |balancer: u8| balancer == Algorithm::Geographic as u8;
    let place = snapshot.policies().iter().any(|policy| geographic(policy.balancer));
    (if query { need::QUERY } else { 0 }) | if place { need::LOCATION } else { 0 }
}

fn service_of_rule(snapshot: &Snapshot, rule: u32) -> u32 {
    let first = snapshot.rules().get(rule).map_or(u32::MAX, |rule| rule.backends.start);
    snapshot.backends().get(first).map_or(u32::MAX, |backend| backend.service)
}

/// First endpoint of a service: where the plain path goes after a trap. -1 where there is none.
fn plain_endpoint(snapshot: &Snapshot, service: u32) -> f64 {
    let service = snapshot.services().get(service).filter(|service| service.endpoints.len > 0);
    service.map_or(-1.0, |service| f64::from(service.endpoints.start))
}

fn write(snapshot: &Snapshot, kind: u32, index: u32, text: &mut Vec<u8>) {
    let row = match kind {
        ask::SERVICE => snapshot.services().get(index).map(|row| row.name),
        ask::ENDPOINT => snapshot.endpoints().get(index).map(|row| row.address),
        ask::VERSION => snapshot.endpoints().get(index).map(|row| row.version),
        ask::RULE => snapshot.rules().get(index).map(|row| row.name),
        ask::MESH => Some(snapshot.mesh().name),
        ask::HOST => {
            let backend = snapshot.backends().get(index);
            backend.and_then(|row| snapshot.rewrites().get(row.rewrite)).map(|row| row.host)
        }
        ask::HEADERS => {
            for name in snapshot.routes().headers() {
                text.extend_from_slice(name);
                text.push(b'\n');
            }
            text.pop();
            None
        }
        ask::EDITS => {
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
    snapshot.backends().get(backend).map(|row| row.edits).unwrap_or_default()
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

//! Bytes that are a Snapshot, that were one, and that never were.

use alloc::{vec, vec::Vec};

use proptest::prelude::*;

use super::{
    draft::SnapshotDraft,
    row::Word,
    tables::{
        Backend, Edit, Endpoint, Key, KeySource, NONE, PathChange, Policy, Redirect, Rewrite, Rows,
        Rule, Service, Text,
    },
    *,
};
use crate::{
    event::Event,
    limits::SNAPSHOT_BYTES_MAX,
    machine::{Body, Caller, Machine, Outcome, Request, Step, Ticket},
    method::{Method, MethodSet},
    retry::RetryPolicy,
    route::{
        Automaton, MatchSpec, PathKind, PathTemplate, RouteTableBuilder,
        builder::{ConditionSpec, PathSpec, ValueSpec},
    },
    time::{Micros, Timestamp},
};

/// Takes every text with an `a` in it.
fn automaton() -> Automaton {
    let mut classes = vec![0; 256];
    classes[usize::from(b'a')] = 1;
    Automaton {
        classes,
        class_count: 2,
        transitions: vec![0, 0, 1, 2, 2, 2],
        start: 1,
        accepting: vec![4],
    }
}

/// Rows in every table.
fn draft() -> SnapshotDraft {
    let mut draft = SnapshotDraft::default();
    draft.mesh.version = 3;
    draft.mesh.name = draft.text("test");
    let names = ["users", "orders"].map(|name| draft.text(name));
    for (number, name) in (0..).zip(names) {
        let endpoints = Rows { start: number * 3, len: 3 };
        let slow_start = Micros::from_secs(9);
        draft.services.push(Service {
            name,
            endpoints,
            slow_start,
            policy: number,
            panic_percent: 50,
            ..Service::default()
        });
        for place in 0..3 {
            let key = u64::from(number * 3 + place + 1);
            draft.endpoints.push(Endpoint {
                service: number,
                key,
                weight: 1,
                ..Endpoint::default()
            });
        }
        let hash_name = draft.text("session");
        draft.policies.push(Policy {
            request_timeout: Micros::from_secs(5),
            retry: RetryPolicy::default(),
            body_max: 100,
            balancer: if number == 0 { 5 } else { 2 },
            hash: Key { source: KeySource::Cookie as u8, header: 0, name: hash_name },
            ..Policy::default()
        });
    }
    let value = draft.text("/v2");
    draft.rewrites.push(Rewrite { path: PathChange::Prefix as u8, value, ..Rewrite::default() });
    draft.redirects.push(Redirect {
        status: 308,
        port: 8_443,
        value,
        path: 1,
        ..Redirect::default()
    });
    for (rule, redirect) in [(0, NONE), (1, NONE), (2, 0), (3, NONE)] {
        let backends = Rows { start: rule % 2 * 2, len: 2 };
        draft.rules.push(Rule { redirect, backends, ..Rule::default() });
    }
    for service in [0, 1, 1, 0] {
        let rewrite = if service == 0 { 0 } else { NONE };
        let weight = 1 + service;
        draft.backends.push(Backend {
            service,
            weight,
            policy: service,
            rewrite,
            ..Backend::default()
        });
    }
    draft.edits.push(Edit { name: value, value, ..Edit::default() });
    let mut routes = RouteTableBuilder::new();
    let template =
        |path| PathSpec::Template(PathTemplate::parse(PathKind::Template, path).unwrap());
    let header = ConditionSpec { name: "cookie", value: ValueSpec::Expression(automaton()) };
    let query = ConditionSpec { name: "q", value: ValueSpec::Exact("1") };
    for (target, host, path, headers, query) in [
        (0, "", template(b"/users/{id}/x"), vec![header], vec![]),
        (1, "*.example", template(b"/users/*"), vec![], vec![query]),
        (2, "shop.example", template(b"/old/*"), vec![], vec![]),
        (3, "", PathSpec::Expression(automaton(), 3), vec![], vec![]),
        (1, "", template(b"/*"), vec![], vec![]),
    ] {
        let methods = MethodSet::NONE;
        routes.add(&MatchSpec { host, path, methods, headers, query, target }).unwrap();
    }
    draft.routes = routes.finish();
    draft
}

/// `body` under a header that fits it.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    FORMAT.put(&mut bytes);
    0u16.put(&mut bytes);
    xxh64(body, 0).put(&mut bytes);
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn equal_drafts_are_equal_bytes_that_read_back() {
    let (draft, bytes) = (draft(), draft().encode());
    assert_eq!(draft.encode(), bytes);
    let snapshot = Snapshot::decode(&bytes).unwrap();
    let needs = snapshot.mesh().needs;
    assert_eq!(snapshot.mesh(), Mesh { needs, ..draft.mesh });
    assert_eq!(snapshot.text(draft.mesh.name), b"test");
    assert_eq!(snapshot.size(), bytes.len());
    assert_eq!(snapshot.hash(), Snapshot::decode(&bytes).unwrap().hash());
    assert_eq!(snapshot.service_number(b"orders"), Some(1));
    assert_eq!(snapshot.service_number(b"order"), None);
    assert!(snapshot.services().iter().eq(draft.services));
    assert!(snapshot.endpoints().iter().eq(draft.endpoints));
    assert!(snapshot.policies().iter().eq(draft.policies));
    assert!(snapshot.rules().iter().eq(draft.rules));
    assert!(snapshot.backends().iter().eq(draft.backends));
    assert!(snapshot.edits().iter().eq(draft.edits));
    assert!(snapshot.rewrites().iter().eq(draft.rewrites));
    assert!(snapshot.redirects().iter().eq(draft.redirects));
}

#[test]
fn a_text_is_kept_once_and_reads_empty_outside_the_pool() {
    let mut draft = SnapshotDraft::default();
    let (first, second) = (draft.text("users"), draft.text("orders"));
    assert_eq!(draft.text("users"), first);
    assert_ne!(first, second);
    let snapshot = Snapshot::decode(&draft.encode()).unwrap();
    for text in [
        Text { start: 0, len: 12 },
        Text { start: 12, len: 1 },
        Text { start: u32::MAX, len: u32::MAX },
        Text { start: 0, len: u32::MAX },
    ] {
        assert_eq!(snapshot.text(text), b"");
    }
    assert_eq!(snapshot.text(Text { start: 0, len: 11 }), b"usersorders");
}

#[test]
fn every_flipped_bit_is_found() {
    let mut bytes = draft().encode();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert!(Snapshot::decode(&bytes).is_err(), "byte {at} bit {bit}");
            bytes[at] ^= 1 << bit;
        }
    }
    assert!(Snapshot::decode(&bytes).is_ok());
}

#[test]
fn every_truncation_and_every_tail_is_found() {
    let mut bytes = draft().encode();
    for len in 0..bytes.len() {
        assert!(Snapshot::decode(&bytes[..len]).is_err(), "{len}");
    }
    bytes.push(0);
    assert_eq!(Snapshot::decode(&bytes).err(), Some(SnapshotError::Checksum));
    assert_eq!(
        Snapshot::decode(&sealed(&bytes[HEADER_BYTES..])).err(),
        Some(SnapshotError::Malformed)
    );
}

#[test]
fn what_is_wrong_has_a_name() {
    let bytes = draft().encode();
    let altered = |at: usize, byte| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        Snapshot::decode(&bytes).err()
    };
    assert_eq!(altered(0, b'X'), Some(SnapshotError::NotASnapshot));
    assert_eq!(altered(4, 2), Some(SnapshotError::NewerFormat { found: 2 }));
    assert_eq!(altered(4, 0), Some(SnapshotError::Malformed));
    assert_eq!(altered(6, 1), Some(SnapshotError::Malformed));
    assert_eq!(altered(8, bytes[8] ^ 1), Some(SnapshotError::Checksum));
    assert_eq!(Snapshot::decode(b"DM").err(), Some(SnapshotError::Truncated));
    assert_eq!(Snapshot::decode(b"DX").err(), Some(SnapshotError::NotASnapshot));
    assert_eq!(Snapshot::decode(&sealed(&[9, 0, 0, 0])).err(), Some(SnapshotError::Truncated));
    let vast = vec![0; SNAPSHOT_BYTES_MAX + 1];
    assert_eq!(Snapshot::decode(&vast).err(), Some(SnapshotError::TooLarge));
    for (number, error) in (0..).zip([
        SnapshotError::Truncated,
        SnapshotError::NotASnapshot,
        SnapshotError::NewerFormat { found: 2 },
        SnapshotError::Checksum,
        SnapshotError::Malformed,
        SnapshotError::TooLarge,
    ]) {
        assert_eq!(error.number(), number);
        assert!(!alloc::format!("{error}").is_empty());
    }
}

/// Each section's row width and bytes.
fn sections_of(body: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut directory = body;
    let count = u32::take(&mut directory) as usize;
    let mut rest = &body[4 + count * 8..];
    let mut sections = Vec::new();
    for _ in 0..count {
        let (len, width) = (u32::take(&mut directory), u32::take(&mut directory));
        let (bytes, after) = rest.split_at(len as usize);
        sections.push((width, bytes.to_vec()));
        rest = after;
    }
    sections
}

fn body_of(sections: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    (sections.len() as u32).put(&mut body);
    for (width, bytes) in sections {
        (bytes.len() as u32).put(&mut body);
        width.put(&mut body);
    }
    sections.iter().for_each(|(_, bytes)| body.extend_from_slice(bytes));
    body
}

fn read(sections: &[(u32, Vec<u8>)]) -> Result<Snapshot, SnapshotError> {
    Snapshot::decode(&sealed(&body_of(sections)))
}

#[test]
fn rows_that_grew_still_read() {
    let draft = draft();
    let sections = sections_of(&draft.encode()[HEADER_BYTES..]);
    for at in 0..sections.len() {
        let mut grown = sections.clone();
        let (width, bytes) = &mut grown[at];
        let rows = bytes.chunks(*width as usize);
        let wider: Vec<u8> = rows.flat_map(|row| [row, &[9; 4]].concat()).collect();
        (*width, *bytes) = (*width + 4, wider);
        let snapshot = read(&grown).unwrap();
        assert!(snapshot.rules().iter().eq(draft.rules.iter().copied()));
        assert!(snapshot.services().iter().eq(draft.services.iter().copied()));
        assert!(snapshot.rules().get(4).is_none() && snapshot.rules().get(u32::MAX).is_none());
    }
}

#[test]
fn rows_that_are_too_narrow_are_refused() {
    let sections = sections_of(&draft().encode()[HEADER_BYTES..]);
    for at in 0..sections.len() {
        for width in [0, sections[at].0 - 1, u32::MAX] {
            let mut narrow = sections.clone();
            narrow[at] = (width, vec![0; if width < 1_000 { width as usize * 2 } else { 1 }]);
            assert_eq!(read(&narrow).err(), Some(SnapshotError::Malformed), "{at} {width}");
        }
    }
}

#[test]
fn sections_that_are_missing_are_empty_and_unknown_ones_passed_over() {
    let mut sections = sections_of(&draft().encode()[HEADER_BYTES..]);
    sections.push((3, vec![1; 9]));
    assert_eq!(read(&sections).unwrap().redirects().len(), 1);
    // the unknown one, those of flags and traffic, the host's text and the redirects
    for _ in 0..11 {
        sections.pop();
    }
    let snapshot = read(&sections).unwrap();
    assert!(snapshot.redirects().is_empty() && snapshot.host_text().is_empty());
    assert_eq!(snapshot.rewrites().len(), 1);
    let nothing = read(&[]).unwrap();
    assert_eq!((nothing.services().len(), nothing.mesh()), (0, Mesh::default()));
}

/// Asks a machine everything that a Snapshot's rows can lead it to.
fn exercise(machine: &mut Machine, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    let mut tickets = Vec::new();
    let headers: Vec<Option<&[u8]>> =
        vec![Some(b"session=a; b"); machine.snapshot().routes().header_count().min(64)];
    let caller = Caller { idempotency_key: true, ..Caller::default() };
    for (host, path) in [
        ("shop.example:81", "/old/x"),
        ("a.example", "/users/7"),
        ("", "/users/7/x"),
        ("b.org", "/banana"),
        ("", "/zzz"),
    ] {
        let (host, path) = (host.as_bytes(), path.as_bytes());
        let (query, method, body) = (&b"q=1"[..], Method::Get, Body::Sized(5));
        let request = Request { host, path, query, method, headers: &headers, body, caller };
        tickets.push(machine.begin(&request, now, &mut events));
        for service in [0, 1, 2, NONE] {
            tickets.push(machine.begin_service(service, &request, now, &mut events));
        }
        if let Some(found) = machine.snapshot().routes().match_row(0) {
            let routes = machine.snapshot().routes();
            let spans = routes.param_spans(0, path).chain(routes.param_spans(1, path));
            assert!(
                spans.take(100).count() <= 100 && routes.params(found).take(100).count() <= 100
            );
        }
    }
    let outcomes = [Outcome::status(503), Outcome::Reset, Outcome::status(200), Outcome::Timeout];
    for (at, step) in tickets.into_iter().enumerate() {
        let mut step = step;
        // eleven attempts, each after a wait
        for round in 0..30 {
            let (ticket, outcome): (Ticket, _) = match step {
                Step::Send(send) => (send.ticket, outcomes[(at + round) % 4]),
                Step::Wait(wait) => (wait.ticket, Outcome::Waited),
                Step::Deliver | Step::Respond(_) | Step::Pending => break,
            };
            step = machine.resume(ticket, outcome, 0, now, &mut events);
        }
    }
    assert_eq!(machine.in_flight(), 0);
    events
}

#[test]
fn a_whole_snapshot_is_exercised_by_what_damaged_ones_are() {
    let mut machine = Machine::new(Snapshot::decode(&draft().encode()).unwrap(), 1);
    let events = exercise(&mut machine, Timestamp::from_millis(1));
    for kind in [crate::event::EventKind::Retry, crate::event::EventKind::RequestEnd] {
        assert!(events.iter().any(|event| event.kind == kind), "{kind:?}");
    }
}

/// Damages words of a body, more often with numbers that mean something.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u32)>> {
    let value = prop_oneof![
        any::<u32>(),
        0u32..8,
        Just(u32::MAX),
        Just(u32::MAX - 1),
        Just(1 << 31),
        Just(0xffff),
        Just(0x00ff_ffff),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 1u8..=4, value), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn bytes_that_never_were_a_snapshot_are_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Snapshot::decode(&body).is_err());
        // with a header that fits, they may be one; then nothing comes of it
        if let Ok(snapshot) = Snapshot::decode(&sealed(&body)) {
            exercise(&mut Machine::new(snapshot, 3), Timestamp::from_millis(5));
        }
    }

    #[test]
    fn a_damaged_body_under_a_right_checksum_never_panics(
        damage in damage(),
        directory in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let good = draft().encode();
        let mut body = good[HEADER_BYTES..].to_vec();
        // the directory is a 4-byte count and 21 entries: without it most damage is of rows
        let from = if directory { 0 } else { 172 };
        for (at, len, value) in damage {
            let at = from + at.index(body.len() - from - 3);
            let len = usize::from(len);
            body[at..at + len].copy_from_slice(&value.to_le_bytes()[..len]);
        }
        let mut machine = Machine::new(Snapshot::decode(&good).unwrap(), seed);
        let now = Timestamp::from_millis(1_000);
        if machine.load(sealed(&body), now, &mut ()).is_ok() {
            exercise(&mut machine, now);
            exercise(&mut machine, now.saturating_add(Micros::from_secs(3)));
        }
        // and the next good one heals it
        prop_assert!(machine.load(good, now, &mut ()).is_ok());
        exercise(&mut machine, now);
    }
}

mod damaged_traffic;

use super::mesh::{GET, POST, Plan, SECOND, answer};
use crate::{
    breaker::BreakerState,
    event::EventKind,
    machine::{Outcome, Step},
    reason::Reason,
    snapshot::{
        SnapshotError,
        tables::{Health, NONE},
    },
    time::{Micros, Timestamp},
};

/// `plan` with its endpoints in the other order and one in front of them.
fn turned(plan: &Plan) -> Plan {
    let keys: alloc::vec::Vec<u64> =
        plan.snapshot().endpoints().iter().map(|endpoint| endpoint.key).collect();
    let mut turned = plan.clone();
    for (endpoint, key) in turned.endpoints.iter_mut().zip(keys) {
        endpoint.key = key;
    }
    turned.endpoints.reverse();
    turned
        .endpoints
        .insert(0, crate::snapshot::tables::Endpoint { key: 99, ..turned.endpoints[0] });
    turned.version = plan.version + 1;
    turned
}

const HINTED: Outcome = Outcome::Response {
    status: 503,
    retry_after: Some(SECOND),
    grpc: None,
    load: None,
    again: false,
};

#[test]
fn what_was_learned_follows_its_endpoint() {
    let plan = Plan::brittle(3);
    let mut mesh = plan.run();
    let broken = mesh.served(&POST, 500);
    mesh.machine.set_reachable(broken, false);
    let before = mesh.machine.endpoint_state(broken).unwrap().clone();
    let requests = mesh.machine.service_state(0).unwrap().counters.requests;
    mesh.machine.swap(turned(&plan).snapshot(), mesh.now);
    let moved = 3 - broken;
    let after = mesh.machine.endpoint_state(moved).unwrap();
    assert!(matches!(after.breaker.state(), BreakerState::Open { .. }));
    assert_eq!((after.counters, after.latency), (before.counters, before.latency));
    assert!(!after.reachable);
    assert_eq!(mesh.machine.service_state(0).unwrap().counters.requests, requests);
    let fresh = mesh.machine.endpoint_state(0).unwrap();
    assert_eq!((fresh.counters.attempts, fresh.ready_since), (0, Timestamp::ZERO));
    // and back: what was new is forgotten, the rest is where it was
    mesh.machine.swap(plan.snapshot(), mesh.now);
    assert_eq!(mesh.machine.endpoint_state(broken).unwrap().counters, before.counters);
    assert!(mesh.machine.endpoint_state(3).is_none());
}

#[test]
fn an_attempt_in_flight_ends_on_its_endpoint_s_new_row() {
    let plan = Plan::of(3);
    let mut mesh = plan.run();
    let send = mesh.send(&GET);
    mesh.machine.swap(turned(&plan).snapshot(), mesh.now);
    let moved = 3 - send.endpoint;
    assert_eq!(mesh.in_flight(moved), 1);
    let again = mesh.resume(send.ticket, Outcome::status(500)).sent();
    assert_eq!((again.attempt, again.rule, again.backend), (2, NONE, NONE));
    assert_eq!(mesh.last(EventKind::AttemptEnd).endpoint, moved);
    assert_eq!(mesh.resume(again.ticket, Outcome::status(200)), Step::Deliver);
    assert_eq!((0..4).map(|number| mesh.in_flight(number)).sum::<u32>(), 0);
    assert_eq!(mesh.machine.endpoint_state(moved).unwrap().counters.failures, 1);
}

#[test]
fn an_attempt_whose_endpoint_is_gone_ends_without_one() {
    for (outcome, respond) in [
        (Outcome::status(200), None),
        (Outcome::status(503), None),
        (Outcome::Reset, Some(answer(502, Reason::Reset))),
        (Outcome::Cancelled, Some(answer(499, Reason::Cancelled))),
    ] {
        let mut mesh = Plan::of(2).run();
        let send = mesh.send(&GET);
        let mut other = Plan::of(1);
        other.endpoints[0].key = 99;
        mesh.machine.swap(other.snapshot(), mesh.now);
        let step = mesh.resume(send.ticket, outcome);
        assert_eq!(step, respond.map_or(Step::Deliver, Step::Respond));
        assert_eq!((mesh.in_flight(0), mesh.machine.in_flight()), (0, 0));
        assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    }
}

#[test]
fn a_wait_ends_on_the_new_snapshot() {
    let mut mesh = Plan::of(2).run();
    let wait = mesh.first(&GET, HINTED).waited();
    let mut other = Plan::of(1);
    other.endpoints[0].key = 99;
    mesh.machine.swap(other.snapshot(), mesh.now);
    mesh.wait(wait.delay);
    let send = mesh.resume(wait.ticket, Outcome::Waited).sent();
    assert_eq!((send.endpoint, send.attempt), (0, 2));
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
}

#[test]
fn a_wait_for_a_service_that_is_gone_ends() {
    let mut mesh = Plan::of(2).run();
    let wait = mesh.first(&GET, HINTED).waited();
    mesh.machine.swap(crate::snapshot::Snapshot::default(), mesh.now);
    mesh.wait(wait.delay);
    let respond = mesh.resume(wait.ticket, Outcome::Waited).answered();
    assert_eq!(respond, answer(503, Reason::NoService));
    assert_eq!((mesh.machine.in_flight(), mesh.ending()), (0, "no_service"));
}

#[test]
fn an_endpoint_that_a_snapshot_brings_back_starts_slowly() {
    let mut plan = Plan::of(2);
    plan.endpoints[1].health = Health::Unhealthy as u8;
    let mut mesh = plan.run();
    mesh.wait(SECOND);
    plan.endpoints[1].health = Health::Healthy as u8;
    mesh.machine.swap(plan.snapshot(), mesh.now);
    assert_eq!(mesh.machine.endpoint_state(1).unwrap().ready_since, mesh.now);
    assert_eq!(mesh.machine.endpoint_state(0).unwrap().ready_since, Timestamp::ZERO);
}

#[test]
fn a_broken_snapshot_keeps_the_last_good_one() {
    let mut mesh = Plan::of(2).run();
    mesh.served(&GET, 200);
    let mut next = Plan::of(1);
    next.version = 8;
    let good = next.draft().encode();
    let mut corrupt = good.clone();
    *corrupt.last_mut().unwrap() ^= 1;
    let mut newer = good.clone();
    newer[4] = 2;
    for (bytes, error) in [
        (&corrupt[..], SnapshotError::Checksum),
        (&good[..good.len() - 1], SnapshotError::Checksum),
        (&good[..15], SnapshotError::Truncated),
        (&newer[..], SnapshotError::NewerFormat { found: 2 }),
        (b"{\"services\":{}}", SnapshotError::NotASnapshot),
        (b"", SnapshotError::Truncated),
    ] {
        let (now, events) = (mesh.now, &mut mesh.events);
        assert_eq!(mesh.machine.load(bytes.to_vec(), now, events), Err(error));
        assert_eq!(u32::from(mesh.last(EventKind::SnapshotRefused).code), error.number());
        assert_eq!(mesh.machine.snapshot().mesh().version, 1);
        mesh.served(&GET, 200);
    }
    assert_eq!(mesh.count(EventKind::SnapshotRefused), 6);
    assert_eq!(mesh.machine.load(good, mesh.now, &mut mesh.events), Ok(()));
    assert_eq!(mesh.last(EventKind::SnapshotLoaded).value, 8);
    mesh.wait(Micros(1));
    assert_eq!(mesh.served(&GET, 200), 0);
}

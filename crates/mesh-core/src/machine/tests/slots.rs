use alloc::vec::Vec;

use super::mesh::{GET, Plan, SECOND, answer};
use crate::{
    event::EventKind,
    limits::{LEASE_SECONDS_MAX, REQUESTS_IN_FLIGHT_MAX},
    machine::{Outcome, Step, Ticket},
    reason::Reason,
    time::Micros,
};

#[test]
fn one_request_more_than_the_bound_is_refused_and_books_nothing() {
    let mut mesh = Plan::of(1).run();
    let mut open: Vec<Ticket> =
        (0..REQUESTS_IN_FLIGHT_MAX).map(|_| mesh.send(&GET).ticket).collect();
    for _ in 0..10 {
        assert_eq!(mesh.refused(&GET), answer(503, Reason::Overloaded));
    }
    assert_eq!(mesh.in_flight(0) as usize, REQUESTS_IN_FLIGHT_MAX);
    assert_eq!(mesh.machine.in_flight(), REQUESTS_IN_FLIGHT_MAX);
    // a request in flight still gets its retry
    let send = mesh.resume(open.pop().unwrap(), Outcome::status(500)).sent();
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
    open.push(mesh.send(&GET).ticket);
    assert_eq!(mesh.refused(&GET).reason, Reason::Overloaded);
    for ticket in open {
        mesh.machine.abandon(ticket, mesh.now, &mut mesh.events);
    }
    assert_eq!((mesh.in_flight(0), mesh.machine.in_flight()), (0, 0));
    assert_eq!(mesh.count(EventKind::RequestEnd), REQUESTS_IN_FLIGHT_MAX + 1);
}

#[test]
fn a_spent_ticket_is_refused_and_harms_nobody() {
    let mut mesh = Plan::of(1).run();
    let raw = mesh.send(&GET).ticket.into_raw();
    assert_eq!(mesh.resume(Ticket::from_raw(raw), Outcome::status(200)), Step::Deliver);
    // the slot is another request's now
    let other = mesh.send(&GET);
    for outcome in [Outcome::status(500), Outcome::Waited, Outcome::Cancelled, Outcome::Reset] {
        let step = mesh.resume(Ticket::from_raw(raw), outcome);
        assert_eq!(step.answered(), answer(500, Reason::Internal));
        mesh.machine.abandon(Ticket::from_raw(raw), mesh.now, &mut mesh.events);
    }
    assert_eq!((mesh.in_flight(0), mesh.machine.in_flight()), (1, 1));
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    assert_eq!(mesh.resume(other.ticket, Outcome::status(200)), Step::Deliver);
}

#[test]
fn no_number_that_was_not_given_out_is_a_ticket() {
    let mut mesh = Plan::of(1).run();
    let given = mesh.send(&GET).ticket.into_raw();
    for raw in (0..=u32::MAX).step_by(9_973).chain([1, u32::MAX]) {
        if raw != given {
            let step = mesh.resume(Ticket::from_raw(raw), Outcome::status(200));
            assert_eq!(step.answered(), answer(500, Reason::Internal));
        }
    }
    assert_eq!((mesh.in_flight(0), mesh.machine.in_flight()), (1, 1));
}

#[test]
fn an_outcome_that_does_not_fit_its_ticket_ends_the_request() {
    let mut mesh = Plan::of(1).run();
    let respond = mesh.first(&GET, Outcome::Waited).answered();
    assert_eq!(respond, answer(500, Reason::Internal));
    assert_eq!((mesh.in_flight(0), mesh.machine.in_flight()), (0, 0));
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
}

#[test]
fn a_killed_isolate_s_attempt_is_ended_by_its_lease() {
    let mut mesh = Plan::of(1).run();
    let raw = mesh.send(&GET).ticket.into_raw();
    // twice its time
    mesh.wait(Micros::from_secs(30));
    mesh.served(&GET, 200);
    assert_eq!((mesh.in_flight(0), mesh.count(EventKind::LeaseExpired)), (1, 0));
    mesh.wait(Micros::from_secs(2));
    mesh.served(&GET, 200);
    assert_eq!((mesh.in_flight(0), mesh.machine.in_flight()), (0, 0));
    let expired = mesh.last(EventKind::LeaseExpired);
    assert_eq!((expired.service, expired.endpoint, expired.attempt), (0, 0, 1));
    let step = mesh.resume(Ticket::from_raw(raw), Outcome::status(200));
    assert_eq!(step.answered(), answer(500, Reason::Internal));
    assert_eq!(mesh.in_flight(0), 0);
}

#[test]
fn a_killed_isolate_s_probe_slot_comes_back() {
    let mut mesh = Plan::brittle(1).run();
    mesh.served(&super::mesh::POST, 500);
    mesh.wait(SECOND);
    let _never_told = mesh.send(&GET);
    assert_eq!(mesh.refused(&GET).reason, Reason::BreakerOpen);
    mesh.wait(Micros::from_secs(31));
    assert_eq!(mesh.served(&GET, 200), 0);
    assert_eq!(mesh.count(EventKind::BreakerClosed), 1);
}

#[test]
fn many_leases_end_in_one_sweep_and_none_under_a_clock_that_stands_still() {
    let mut plan = Plan::of(2);
    plan.policy.request_timeout = Micros::ZERO;
    let mut mesh = plan.run();
    for _ in 0..100 {
        let _never_told = mesh.send(&GET);
    }
    assert_eq!(mesh.count(EventKind::LeaseExpired), 0);
    assert_eq!(mesh.in_flight(0) + mesh.in_flight(1), 100);
    mesh.wait(Micros::from_secs(LEASE_SECONDS_MAX));
    mesh.wait(SECOND);
    mesh.served(&GET, 200);
    assert_eq!(mesh.count(EventKind::LeaseExpired), 100);
    assert_eq!(mesh.in_flight(0) + mesh.in_flight(1), 0);
}

#[test]
fn a_wait_that_nobody_ends_is_a_lease_too() {
    let mut mesh = Plan::of(1).run();
    let hinted = Outcome::Response {
        status: 503,
        retry_after: Some(SECOND),
        grpc: None,
        load: None,
        again: false,
    };
    let _never_told = mesh.first(&GET, hinted).waited();
    mesh.wait(Micros::from_secs(LEASE_SECONDS_MAX + 3));
    mesh.served(&GET, 200);
    assert_eq!((mesh.machine.in_flight(), mesh.count(EventKind::LeaseExpired)), (0, 1));
}

#[test]
fn abandon_ends_a_request_once() {
    let mut mesh = Plan::of(1).run();
    let ticket = mesh.send(&GET).ticket;
    mesh.machine.abandon(ticket, mesh.now, &mut mesh.events);
    assert_eq!(mesh.ending(), "cancelled");
    assert_eq!((mesh.in_flight(0), mesh.machine.in_flight()), (0, 0));
    assert_eq!(mesh.first(&GET, Outcome::Cancelled).answered(), answer(499, Reason::Cancelled));
    assert_eq!(mesh.count(EventKind::RequestEnd), 2);
    assert_eq!(mesh.count(EventKind::AttemptEnd), 0, "nothing was learned");
}

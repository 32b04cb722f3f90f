//! Attempts that a host moves to an endpoint of its own choice.

use proptest::prelude::*;

use super::mesh::{GET, Plan, Running, SECOND};
use crate::{
    event::EventKind,
    machine::{Outcome, Step, Ticket},
    snapshot::tables::Health,
};

/// Begins a request: the raw ticket of its first attempt, and the endpoint.
fn sent(mesh: &mut Running) -> (u32, u32) {
    let send = mesh.send(&GET);
    (send.ticket.into_raw(), send.endpoint)
}

fn ended(mesh: &mut Running, ticket: u32, status: u16) -> Step {
    mesh.resume(Ticket::from_raw(ticket), Outcome::status(status))
}

fn in_flight(mesh: &Running) -> alloc::vec::Vec<(u32, u32)> {
    let states = (0..3).filter_map(|number| mesh.machine.endpoint_state(number));
    states.map(|state| (state.in_flight, state.counters.attempts)).collect()
}

fn moved(mesh: &mut Running, ticket: u32, endpoint: u32) -> bool {
    mesh.machine.move_to(ticket, endpoint, mesh.now, &mut mesh.events)
}

#[test]
fn the_attempt_is_the_other_endpoints() {
    let mut mesh = Plan::brittle(3).run();
    let (ticket, proposed) = sent(&mut mesh);
    let other = (proposed + 1) % 3;
    assert!(moved(&mut mesh, ticket, other));
    for (number, seen) in (0u32..).zip(in_flight(&mesh)) {
        assert_eq!(seen, if number == other { (1, 1) } else { (0, 0) });
    }
    // its failure is the other's: that breaker opens, and the retry goes elsewhere
    let Step::Send(again) = ended(&mut mesh, ticket, 503) else { panic!() };
    assert_ne!(again.endpoint, other);
    let opened = mesh.events.iter().find(|event| event.kind == EventKind::BreakerOpened).unwrap();
    assert_eq!(opened.endpoint, other);
    assert_eq!(mesh.resume(again.ticket, Outcome::status(200)), Step::Deliver);
    assert!(in_flight(&mesh).iter().all(|(in_flight, _)| *in_flight == 0));
}

#[test]
fn what_takes_no_traffic_is_not_taken() {
    let mut mesh = Plan::brittle(3).run();
    let (ticket, proposed) = sent(&mut mesh);
    let [one, two] = [(proposed + 1) % 3, (proposed + 2) % 3];
    let before = in_flight(&mesh);
    mesh.machine.set_health(one, Health::Draining, mesh.now);
    mesh.machine.set_reachable(two, false);
    for endpoint in [one, two, 3, u32::MAX] {
        assert!(!moved(&mut mesh, ticket, endpoint), "{endpoint}");
    }
    assert_eq!(in_flight(&mesh), before);
    assert!(moved(&mut mesh, ticket, proposed));
    assert_eq!(ended(&mut mesh, ticket, 200), Step::Deliver);
    assert!(!moved(&mut mesh, ticket, proposed), "an attempt that is over");
    // an open breaker
    mesh.machine.set_health(one, Health::Healthy, mesh.now);
    let (ticket, failed) = sent(&mut mesh);
    assert!(matches!(ended(&mut mesh, ticket, 503), Step::Send(_) | Step::Deliver));
    let (next, _) = sent(&mut mesh);
    assert!(!moved(&mut mesh, next, failed));
}

#[test]
fn a_half_open_breaker_takes_it_as_its_probe() {
    let mut mesh = Plan::brittle(2).run();
    let (ticket, failed) = sent(&mut mesh);
    assert!(matches!(ended(&mut mesh, ticket, 503), Step::Send(_) | Step::Deliver));
    mesh.wait(SECOND);
    mesh.wait(SECOND);
    mesh.events.clear();
    // it goes first as it is, and stays where the host wants just that
    let (next, probed) = sent(&mut mesh);
    assert_eq!(probed, failed);
    assert!(moved(&mut mesh, next, failed));
    assert!(moved(&mut mesh, next, 1 - failed) && moved(&mut mesh, next, failed));
    assert!(mesh.events.iter().any(|event| event.kind == EventKind::BreakerHalfOpen));
    assert_eq!(ended(&mut mesh, next, 200), Step::Deliver);
    assert!(mesh.events.iter().any(|event| event.kind == EventKind::BreakerClosed));
}

proptest! {
    #[test]
    fn nothing_is_lost_whatever_is_moved(
        moves in prop::collection::vec((0u32..5, any::<bool>(), any::<bool>()), 1..60),
    ) {
        let mut mesh = Plan::brittle(3).run();
        for (endpoint, good, twice) in moves {
            let mut step = mesh.machine.begin(&GET, mesh.now, &mut mesh.events);
            while let Step::Send(send) = step {
                let ticket = send.ticket.into_raw();
                let _taken = moved(&mut mesh, ticket, endpoint);
                if twice {
                    let _taken = moved(&mut mesh, ticket, endpoint ^ 1);
                }
                step = ended(&mut mesh, ticket, if good { 200 } else { 503 });
                if let Step::Wait(wait) = step {
                    step = mesh.resume(wait.ticket, Outcome::Waited);
                }
            }
            mesh.wait(SECOND);
        }
        prop_assert_eq!(mesh.machine.in_flight(), 0);
        prop_assert!(in_flight(&mesh).iter().all(|(in_flight, _)| *in_flight == 0));
    }
}

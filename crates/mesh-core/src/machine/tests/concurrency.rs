use super::mesh::{GET, POST, Plan, Running, SECOND, add_backend, add_service, answer};
use crate::{
    limits::LEASE_SECONDS_MAX,
    machine::{Outcome, Step, Ticket},
    reason::Reason,
    retry::RetryPolicy,
    snapshot::tables::{Policy, Rows, Rule},
    time::Micros,
};

fn plan(room: u16) -> Plan {
    let mut plan = Plan::of(2);
    plan.service.concurrency_initial = room;
    plan.service.concurrency_min = room;
    plan.service.concurrency_max = room;
    plan
}

fn held(mesh: &Running) -> u32 {
    mesh.machine.service_state(0).unwrap().in_flight
}

#[test]
fn so_many_are_let_through_at_a_time() {
    let mut mesh = plan(3).run();
    let open: alloc::vec::Vec<Ticket> = (0..3).map(|_| mesh.send(&GET).ticket).collect();
    for _ in 0..5 {
        assert_eq!(mesh.refused(&GET), answer(503, Reason::ConcurrencyLimit));
        let step = mesh.machine.begin_service(0, &GET, mesh.now, &mut ());
        assert_eq!(step.answered(), answer(503, Reason::ConcurrencyLimit));
    }
    assert_eq!((held(&mesh), mesh.machine.in_flight()), (3, 3));
    assert_eq!(mesh.machine.service_state(0).unwrap().counters.requests, 3);
    for ticket in open {
        assert_eq!(mesh.resume(ticket, Outcome::status(200)), Step::Deliver);
        mesh.served(&GET, 200);
    }
    mesh.assert_idle();
}

#[test]
fn every_end_of_a_request_gives_its_room_back() {
    let ends: [fn(&mut Running, Ticket); 11] = [
        |mesh, ticket| assert_eq!(mesh.resume(ticket, Outcome::status(200)), Step::Deliver),
        |mesh, ticket| assert_eq!(mesh.resume(ticket, Outcome::status(500)), Step::Deliver),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Timeout)),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Reset)),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::ConnectFailure)),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Exception)),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Cancelled)),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Waited)),
        |mesh, ticket| mesh.machine.abandon(ticket, mesh.now, &mut ()),
        |mesh, _lost| {
            mesh.wait(Micros::from_secs(LEASE_SECONDS_MAX + 2));
            mesh.served(&GET, 200);
        },
        |mesh, ticket| {
            let mut fewer = plan(1);
            fewer.endpoints.pop();
            mesh.machine.swap(fewer.snapshot(), mesh.now);
            assert_eq!(held(mesh), 1, "what is in flight counts on");
            let _step = mesh.resume(ticket, Outcome::status(200));
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut plan = plan(2);
        plan.policy.retry.retries = 0;
        let mut mesh = plan.run();
        let send = mesh.send(&GET);
        assert_eq!(held(&mesh), 1, "{number}");
        end(&mut mesh, send.ticket);
        mesh.assert_idle();
    }
    // retries and their waits hold the room that they have
    let mut plan = plan(1);
    plan.policy.retry.backoff.base = SECOND;
    plan.policy.retry.backoff.max = SECOND;
    let mut mesh = plan.run();
    let wait = mesh.first(&GET, Outcome::status(500)).waited();
    assert_eq!(held(&mesh), 1);
    assert_eq!(mesh.refused(&GET).reason, Reason::ConcurrencyLimit);
    let send = mesh.resume(wait.ticket, Outcome::Waited).sent();
    assert_eq!(held(&mesh), 1);
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
    mesh.assert_idle();
}

#[test]
fn a_request_that_cannot_be_sent_holds_nothing() {
    let mut mesh = plan(1).run();
    for number in 0..2 {
        mesh.machine.set_reachable(number, false);
    }
    for _ in 0..3 {
        assert_eq!(mesh.refused(&GET), answer(503, Reason::NoEndpoint));
    }
    mesh.assert_idle();
}

#[test]
fn a_request_that_falls_back_leaves_its_room() {
    let mut draft = plan(1).draft();
    draft.policies[0].retry.retries = 0;
    let retry = RetryPolicy { retries: 0, ..RetryPolicy::default() };
    let spare = add_service(&mut draft, "spare", 1, Policy { retry, ..Policy::default() });
    draft.policies[0].fallback = add_backend(&mut draft, spare);
    for outcome in [Outcome::status(200), Outcome::status(500), Outcome::Cancelled] {
        let mut mesh = Running::of(&draft);
        let send = mesh.first(&GET, Outcome::Reset).sent();
        assert!(send.fallback);
        assert_eq!(held(&mesh), 0);
        mesh.served(&POST, 200);
        let _step = mesh.resume(send.ticket, outcome);
        mesh.assert_idle();
    }
}

#[test]
fn a_service_that_is_gone_and_comes_back_begins_at_nothing() {
    let mut mesh = plan(2).run();
    let send = mesh.send(&GET);
    let mut other = Plan::of(1).draft();
    other.services[0].name = other.text("others");
    mesh.machine.swap(Running::of(&other).machine.snapshot().clone(), mesh.now);
    mesh.machine.swap(plan(2).snapshot(), mesh.now);
    let _step = mesh.resume(send.ticket, Outcome::status(200));
    mesh.assert_idle();
}

#[test]
fn requests_begun_before_there_was_a_limit_do_not_count() {
    let mut mesh = Plan::of(2).run();
    let send = mesh.send(&GET);
    mesh.machine.swap(plan(1).snapshot(), mesh.now);
    assert_eq!(held(&mesh), 0);
    let second = mesh.send(&GET);
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
    assert_eq!(held(&mesh), 1);
    mesh.machine.swap(Plan::of(2).snapshot(), mesh.now);
    assert_eq!(mesh.resume(second.ticket, Outcome::status(200)), Step::Deliver);
    mesh.assert_idle();
}

#[test]
fn the_least_important_are_refused_first() {
    let mut draft = plan(20).draft();
    for percent in [90, 50] {
        let backends = draft.rules[0].backends;
        draft.rules.push(Rule {
            backends,
            priority_percent: percent,
            redirect: crate::snapshot::tables::NONE,
            ..Rule::default()
        });
    }
    draft.routes = super::mesh::routes(&["/api/*", "/normal", "/low"]);
    let mut mesh = Running::of(&draft);
    let of = |path| crate::machine::Request { path, ..GET };
    let through = |mesh: &mut Running, path| {
        (0..30).filter(|_| matches!(mesh.begin(&of(path)), Step::Send(_))).count()
    };
    assert_eq!(through(&mut mesh, b"/low"), 10);
    assert_eq!(through(&mut mesh, b"/normal"), 8);
    assert_eq!(through(&mut mesh, b"/low"), 0);
    assert_eq!(through(&mut mesh, b"/api/high"), 2);
}

#[test]
fn the_least_room_is_one_for_every_priority() {
    let mut draft = plan(1).draft();
    draft.rules[0].priority_percent = 1;
    let mut mesh = Running::of(&draft);
    let send = mesh.send(&GET);
    assert_eq!(mesh.refused(&GET).reason, Reason::ConcurrencyLimit);
    mesh.machine.abandon(send.ticket, mesh.now, &mut ());
    mesh.send(&GET);
    // nonsense in a row lets nobody wait for ever
    draft.services[0].concurrency_max = 0;
    draft.services[0].concurrency_min = u16::MAX;
    draft.rules[0].backends = Rows { start: 0, len: u32::MAX };
    let mut mesh = Running::of(&draft);
    mesh.served(&GET, 200);
}

#[test]
fn the_limit_falls_when_answers_become_slow_and_recovers() {
    let mut plan = plan(20);
    plan.service.concurrency_min = 2;
    plan.service.concurrency_max = 100;
    let mut mesh = plan.run();
    let round = |mesh: &mut Running, latency| {
        let mut open = alloc::vec::Vec::new();
        while let Step::Send(send) = mesh.begin(&GET) {
            open.push(send.ticket);
        }
        mesh.wait(Micros::from_millis(latency));
        let count = open.len();
        for ticket in open {
            assert_eq!(mesh.resume(ticket, Outcome::status(200)), Step::Deliver);
        }
        count
    };
    for _ in 0..20 {
        round(&mut mesh, 10);
    }
    let fast = round(&mut mesh, 10);
    assert!(fast > 20, "{fast}");
    for _ in 0..3 {
        round(&mut mesh, 200);
    }
    let slow = round(&mut mesh, 10);
    assert!(slow < fast / 2, "{slow} of {fast}");
    for _ in 0..40 {
        round(&mut mesh, 10);
    }
    assert!(round(&mut mesh, 10) > slow);
    mesh.assert_idle();
}

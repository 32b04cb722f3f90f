use super::mesh::{GET, POST, Plan, Running, SECOND, answer};
use crate::{
    balance::Algorithm,
    breaker::{BreakerMode, BreakerState, TransitionReason},
    event::EventKind,
    machine::{Outcome, Step},
    reason::Reason,
    snapshot::tables::Health,
    time::Micros,
};

fn is_open(mesh: &Running, endpoint: u32) -> bool {
    let state = mesh.machine.endpoint_state(endpoint).unwrap().breaker.state();
    matches!(state, BreakerState::Open { .. })
}

/// Fails POSTs, which are not retried, until `count` breakers are open.
fn open(mesh: &mut Running, count: usize) {
    for _ in 0..10_000 {
        if mesh.count(EventKind::BreakerOpened) >= count {
            return;
        }
        mesh.served(&POST, 500);
    }
    panic!("{count} breakers never opened");
}

#[test]
fn seven_failures_in_a_row_open_at_one_and_the_same_moment() {
    let mut plan = Plan::of(1);
    plan.service.breaker.success_ratio_permille = 0;
    let mut mesh = plan.run();
    for _ in 0..7 {
        assert_eq!(mesh.count(EventKind::BreakerOpened), 0);
        mesh.served(&POST, 500);
    }
    let opened = mesh.last(EventKind::BreakerOpened);
    assert_eq!(opened.code, TransitionReason::ConsecutiveFailures as u8);
    assert_eq!((opened.service, opened.endpoint), (0, 0));
    assert_eq!(mesh.refused(&GET), answer(503, Reason::BreakerOpen));
    let state = mesh.machine.endpoint_state(0).unwrap();
    assert_eq!((state.counters.opened, state.counters.failures), (1, 7));
}

#[test]
fn a_low_share_of_successes_opens_before_that() {
    let mut mesh = Plan::of(1).run();
    for status in [200, 200, 200, 500, 500] {
        assert_eq!(mesh.count(EventKind::BreakerOpened), 0);
        mesh.served(&POST, status);
    }
    assert_eq!(mesh.last(EventKind::BreakerOpened).code, TransitionReason::LowSuccessRate as u8);
}

#[test]
fn a_probe_closes_or_opens_for_twice_as_long() {
    let mut mesh = Plan::brittle(1).run();
    open(&mut mesh, 1);
    mesh.wait(Micros(SECOND.0 - 1));
    assert_eq!(mesh.refused(&GET).reason, Reason::BreakerOpen);
    mesh.wait(Micros(1));
    let probe = mesh.send(&POST);
    assert_eq!(mesh.count(EventKind::BreakerHalfOpen), 1);
    assert_eq!(mesh.refused(&GET).reason, Reason::BreakerOpen, "one probe at a time");
    assert_eq!(mesh.resume(probe.ticket, Outcome::status(500)), Step::Deliver);
    assert_eq!(mesh.last(EventKind::BreakerOpened).code, TransitionReason::ProbeFailed as u8);
    mesh.wait(SECOND);
    assert_eq!(mesh.refused(&GET).reason, Reason::BreakerOpen);
    mesh.wait(SECOND);
    assert_eq!(mesh.served(&GET, 200), 0);
    assert_eq!(mesh.count(EventKind::BreakerClosed), 1);
    assert_eq!(mesh.served(&GET, 200), 0);
}

#[test]
fn a_request_that_could_be_retried_probes_first() {
    let mut mesh = Plan::brittle(2).run();
    let broken = mesh.served(&POST, 500);
    mesh.wait(SECOND);
    // the failure's penalty still weighs: a request that cannot be retried goes elsewhere
    assert_eq!(mesh.served(&POST, 200), 1 - broken);
    let probe = mesh.send(&GET);
    assert_eq!(probe.endpoint, broken);
    assert_eq!(mesh.send(&GET).endpoint, 1 - broken, "one probe at a time");
    let again = mesh.resume(probe.ticket, Outcome::status(500)).sent();
    assert_eq!(again.endpoint, 1 - broken, "the probe's caller is served elsewhere");
}

#[test]
fn the_last_ready_endpoints_stay_closed() {
    let mut plan = Plan::brittle(3);
    plan.service.min_ready = 2;
    let mut mesh = plan.run();
    for _ in 0..50 {
        mesh.served(&POST, 500);
    }
    assert_eq!(mesh.count(EventKind::BreakerOpened), 1);
    // an endpoint that is down is not ready
    plan.endpoints[0].health = Health::Unhealthy as u8;
    let mut mesh = plan.run();
    for _ in 0..50 {
        mesh.served(&POST, 500);
    }
    assert_eq!(mesh.count(EventKind::BreakerOpened), 0);
}

#[test]
fn a_breaker_under_manual_control() {
    let mut mesh = Plan::brittle(1).run();
    mesh.machine.set_breaker_mode(0, BreakerMode::ForceOpen, mesh.now, &mut mesh.events);
    assert_eq!(mesh.last(EventKind::BreakerOpened).code, TransitionReason::Forced as u8);
    mesh.wait(Micros::from_secs(1_000_000));
    assert_eq!(mesh.refused(&GET), answer(503, Reason::BreakerOpen));
    mesh.machine.set_breaker_mode(0, BreakerMode::Disabled, mesh.now, &mut mesh.events);
    for _ in 0..20 {
        mesh.served(&POST, 500);
    }
    mesh.machine.set_breaker_mode(0, BreakerMode::Automatic, mesh.now, &mut mesh.events);
    mesh.served(&POST, 500);
    assert!(is_open(&mesh, 0));
    mesh.machine.set_breaker_mode(9, BreakerMode::ForceOpen, mesh.now, &mut mesh.events);
}

#[test]
fn a_document_forces_a_whole_service_open_even_past_its_panic_threshold() {
    let mut plan = Plan::of(6);
    plan.service.breaker_mode = 1;
    plan.service.panic_percent = 50;
    let mut mesh = plan.run();
    assert_eq!(mesh.refused(&GET), answer(503, Reason::BreakerOpen));
}

#[test]
fn too_few_ready_endpoints_are_a_panic() {
    let mut plan = Plan::brittle(6);
    plan.service.panic_percent = 50;
    plan.endpoints[0].health = Health::Draining as u8;
    plan.endpoints[1].health = Health::Unhealthy as u8;
    let mut mesh = plan.run();
    mesh.machine.set_reachable(5, false);
    open(&mut mesh, 1);
    assert_eq!(mesh.count(EventKind::Panic), 0);
    // two ready of five that can be reached
    let mut seen = [0u32; 6];
    for _ in 0..200 {
        let send = mesh.send(&POST);
        seen[send.endpoint as usize] += 1;
        mesh.machine.abandon(send.ticket, mesh.now, &mut ());
    }
    assert_eq!(mesh.count(EventKind::Panic), 200);
    assert_eq!((seen[0], seen[5]), (0, 0), "draining, out of reach");
    assert!(seen[1] > 0, "{seen:?}");
    // what comes of it in panic moves no open breaker
    assert_eq!(mesh.count(EventKind::BreakerOpened), 1);
}

#[test]
fn a_recovered_endpoint_starts_slowly() {
    let mut plan = Plan::brittle(2);
    plan.policy.balancer = Algorithm::Weighted.as_u8();
    plan.service.slow_start = Micros::from_secs(100);
    plan.service.slow_start_min_percent = 10;
    let mut mesh = plan.run();
    let share =
        |mesh: &mut Running, of: u32| (0..11_000).filter(|_| mesh.served(&GET, 200) == of).count();
    assert_eq!(share(&mut mesh, 0), 5_500, "nobody warms up at the start");
    let broken = mesh.served(&POST, 500);
    mesh.wait(SECOND);
    assert_eq!(mesh.served(&GET, 200), broken);
    // 10 % of its weight: one of eleven
    assert!((950..1_050).contains(&share(&mut mesh, broken)));
    mesh.wait(Micros::from_secs(50));
    assert!((3_600..3_733).contains(&share(&mut mesh, broken)));
    mesh.wait(Micros::from_secs(50));
    assert!((5_450..5_550).contains(&share(&mut mesh, broken)));
    mesh.machine.set_health(0, Health::Unhealthy, mesh.now);
    assert_eq!(share(&mut mesh, 0), 0);
    mesh.machine.set_health(0, Health::Healthy, mesh.now);
    assert!((950..1_050).contains(&share(&mut mesh, 0)));
}

#[test]
fn an_abandoned_probe_gives_its_slot_back() {
    let mut mesh = Plan::brittle(1).run();
    open(&mut mesh, 1);
    mesh.wait(SECOND);
    let probe = mesh.send(&GET);
    mesh.machine.abandon(probe.ticket, mesh.now, &mut mesh.events);
    let probe = mesh.send(&GET);
    assert_eq!(mesh.resume(probe.ticket, Outcome::Cancelled).answered().status, 499);
    assert_eq!(mesh.served(&GET, 200), 0);
    assert_eq!(mesh.count(EventKind::BreakerClosed), 1);
}

#[test]
fn a_late_answer_from_before_the_opening_moves_nothing() {
    let mut mesh = Plan::brittle(1).run();
    let late = mesh.send(&POST);
    open(&mut mesh, 1);
    assert_eq!(mesh.resume(late.ticket, Outcome::status(200)), Step::Deliver);
    assert!(is_open(&mesh, 0));
    assert_eq!(mesh.in_flight(0), 0);
}

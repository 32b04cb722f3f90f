use super::mesh::{GET, POST, Plan, Running, SECOND, answer};
use crate::{
    balance::peak_ewma::PENALTY,
    breaker::BreakerState,
    event::EventKind,
    machine::{Body, Outcome, Request, Step},
    reason::Reason,
    retry::{budget::RetryBudgetConfig, retry_after::RetryAfter},
    time::Micros,
};

/// A failure that a mesh below has retried already.
const fn last_word(status: u16) -> Outcome {
    let retry_after = Some(RetryAfter::NEVER);
    Outcome::Response { status, retry_after, grpc: None, load: None, again: false }
}

/// Sends a request, ends its one attempt, and says whether the answer is the last word.
fn ended(mesh: &mut Running, request: &Request<'_>, outcome: Outcome) -> bool {
    let step = mesh.first(request, outcome);
    assert!(matches!(step, Step::Deliver | Step::Respond(_)), "{step:?}");
    mesh.machine.is_last_word()
}

#[test]
fn whoever_used_up_its_attempts_has_the_last_word() {
    let mut mesh = Plan::of(2).run();
    let send = mesh.first(&GET, Outcome::status(500)).sent();
    assert!(!mesh.machine.is_last_word(), "there is another attempt");
    assert_eq!(mesh.resume(send.ticket, Outcome::status(500)), Step::Deliver);
    assert!(mesh.machine.is_last_word());

    let send = mesh.first(&GET, Outcome::Timeout).sent();
    let step = mesh.resume(send.ticket, Outcome::Timeout);
    assert_eq!(step.answered(), answer(504, Reason::Timeout));
    assert!(mesh.machine.is_last_word(), "an answer of the mesh's own too");
}

#[test]
fn whoever_used_up_its_budget_has_the_last_word() {
    let mut plan = Plan::of(2);
    plan.policy.budget = RetryBudgetConfig { floor_per_second: 0, ..RetryBudgetConfig::DEFAULT };
    let mut mesh = plan.run();
    assert!(ended(&mut mesh, &GET, Outcome::status(503)));
    assert_eq!(mesh.denial(), "budget");
}

#[test]
fn whoever_did_not_retry_for_another_reason_leaves_it_to_the_caller() {
    let mut mesh = Plan::of(2).run();
    assert!(!ended(&mut mesh, &GET, Outcome::status(200)));
    assert!(!ended(&mut mesh, &GET, Outcome::status(404)));
    assert!(!ended(&mut mesh, &POST, Outcome::status(500)));
    assert_eq!(mesh.denial(), "method");
    let streamed = Request { body: Body::Stream, ..GET };
    assert!(!ended(&mut mesh, &streamed, Outcome::status(500)));
    assert_eq!(mesh.denial(), "body_not_replayable");

    let mut plan = Plan::of(2);
    plan.policy.retry.retries = 0;
    assert!(!ended(&mut plan.run(), &GET, Outcome::status(500)));
}

#[test]
fn the_last_word_of_a_mesh_below_is_not_retried_and_passed_on() {
    for status in [500, 503, 599] {
        let mut mesh = Plan::of(2).run();
        assert!(ended(&mut mesh, &GET, last_word(status)));
        assert_eq!(mesh.denial(), "last_word");
        assert_eq!(mesh.ending(), "upstream_status");
        assert_eq!(mesh.machine.service_state(0).unwrap().counters.retries_denied, 1);
    }
}

#[test]
fn who_would_not_retry_passes_it_on_too() {
    assert!(ended(&mut Plan::of(2).run(), &POST, last_word(500)));
    assert!(ended(&mut Plan::of(2).run(), &GET, last_word(429)), "not among what is retried");
    let mut plan = Plan::of(2);
    plan.policy.retry.retries = 0;
    let mut mesh = plan.run();
    assert!(ended(&mut mesh, &GET, last_word(500)));
    assert_eq!(mesh.count(EventKind::RetryDenied), 0);
}

#[test]
fn a_success_has_no_last_word() {
    for status in [200, 302, 404] {
        assert!(!ended(&mut Plan::of(2).run(), &GET, last_word(status)));
    }
}

#[test]
fn the_next_request_begins_without_it() {
    let mut mesh = Plan::of(2).run();
    assert!(ended(&mut mesh, &GET, last_word(500)));
    let elsewhere = Request { path: b"/elsewhere", ..GET };
    assert_eq!(mesh.refused(&elsewhere), answer(404, Reason::NoRoute));
    assert!(!mesh.machine.is_last_word());

    assert!(ended(&mut mesh, &GET, last_word(500)));
    let step = mesh.machine.begin_service(9, &GET, mesh.now, &mut ());
    assert_eq!(step.answered(), answer(503, Reason::NoService));
    assert!(!mesh.machine.is_last_word());
}

#[test]
fn it_teaches_what_any_failure_does_and_no_endless_wait() {
    let mut mesh = Plan::brittle(2).run();
    let send = mesh.send(&GET);
    assert_eq!(mesh.resume(send.ticket, last_word(503)), Step::Deliver);
    let state = mesh.machine.endpoint_state(send.endpoint).unwrap();
    assert!(matches!(state.breaker.state(), BreakerState::Open { .. }));
    let penalty = f64::from(u32::try_from(PENALTY.0).unwrap());
    assert!((state.latency.estimate(mesh.now) - penalty).abs() < 1.0);
    mesh.wait(SECOND.saturating_add(Micros(1)));
    assert_eq!(mesh.send(&GET).endpoint, send.endpoint, "it is probed after its open time");
}

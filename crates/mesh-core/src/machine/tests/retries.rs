use super::mesh::{GET, POST, Plan, Running, SECOND, answer};
use crate::{
    event::EventKind,
    limits::{ATTEMPTS_MAX, CONNECTIONS_PER_SCOPE},
    machine::{Body, Caller, Outcome, Request, Step},
    reason::Reason,
    retry::{
        backoff::RetryBackoff,
        budget::RetryBudgetConfig,
        conditions::{RetryConditions, RetryOn},
    },
    snapshot::tables::Transport,
    time::Micros,
};

const KEY: Caller =
    Caller { remaining: None, place: None, depth: 0, https: false, idempotency_key: true };

const fn hinted(status: u16, retry_after: Micros) -> Outcome {
    Outcome::Response {
        status,
        retry_after: Some(retry_after),
        grpc: None,
        load: None,
        again: false,
    }
}

/// The second attempt, at the same moment as the first.
fn retried(mesh: &mut Running, request: &Request<'_>, outcome: Outcome) {
    let send = mesh.first(request, outcome).sent();
    assert_eq!(send.attempt, 2);
    assert_eq!(mesh.count(EventKind::Retry), 1);
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
    assert_eq!(mesh.count(EventKind::AttemptEnd), 2);
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    assert_eq!(mesh.ending(), "none");
    assert_eq!(mesh.machine.in_flight(), 0);
}

/// The answer after one attempt, and why there was no other.
fn denied(mesh: &mut Running, request: &Request<'_>, outcome: Outcome) -> &'static str {
    let step = mesh.first(request, outcome);
    assert!(matches!(step, Step::Deliver | Step::Respond(_)), "{step:?}");
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    assert_eq!(mesh.machine.service_state(0).unwrap().counters.retries_denied, 1);
    mesh.denial()
}

#[test]
fn every_failure_of_the_policy_is_tried_again() {
    for outcome in [
        Outcome::status(500),
        Outcome::status(503),
        Outcome::status(599),
        Outcome::Timeout,
        Outcome::Reset,
        Outcome::ConnectFailure,
        Outcome::Exception,
        Outcome::Response {
            status: 200,
            retry_after: None,
            grpc: Some(14),
            load: None,
            again: false,
        },
    ] {
        retried(&mut Plan::of(2).run(), &GET, outcome);
    }
}

#[test]
fn what_the_policy_does_not_name_is_the_answer() {
    for status in [200, 204, 301, 404, 409, 429] {
        let mut mesh = Plan::of(2).run();
        assert_eq!(mesh.first(&GET, Outcome::status(status)), Step::Deliver);
        assert_eq!(mesh.count(EventKind::Retry) + mesh.count(EventKind::RetryDenied), 0);
    }
    let mut plan = Plan::of(2);
    plan.policy.retry.conditions = RetryConditions::default();
    let mut mesh = plan.run();
    let respond = mesh.first(&GET, Outcome::Exception).answered();
    assert_eq!(respond, answer(502, Reason::UpstreamException));
    plan.policy.retry.conditions.on = RetryOn::NONE;
    let mut mesh = plan.run();
    assert_eq!(mesh.first(&GET, Outcome::Reset).answered(), answer(502, Reason::Reset));
}

#[test]
fn without_retries_nothing_is_denied() {
    let mut plan = Plan::of(2);
    plan.policy.retry.retries = 0;
    let mut mesh = plan.run();
    assert_eq!(mesh.first(&GET, Outcome::status(500)), Step::Deliver);
    assert_eq!(mesh.count(EventKind::RetryDenied), 0);
}

#[test]
fn an_idempotency_key_makes_a_post_repeatable() {
    let request = Request { caller: KEY, body: Body::Sized(10), ..POST };
    let mut mesh = Plan::of(2).run();
    let send = mesh.send(&request);
    assert!(send.keep_body);
    let send = mesh.resume(send.ticket, Outcome::status(500)).sent();
    assert!(!send.keep_body, "the last attempt needs no copy");
    assert_eq!(denied(&mut Plan::of(2).run(), &POST, Outcome::status(500)), "method");
}

#[test]
fn a_request_that_was_never_sent_is_tried_again_even_if_it_is_a_post() {
    retried(&mut Plan::of(2).run(), &POST, Outcome::ConnectFailure);
    // a body of nothing is there again for nothing
    retried(
        &mut Plan::of(2).run(),
        &Request { body: Body::Sized(0), ..POST },
        Outcome::ConnectFailure,
    );
}

#[test]
fn a_body_that_nobody_kept_is_not_sent_again() {
    let mut mesh = Plan::of(2).run();
    let send = mesh.send(&Request { body: Body::Sized(10), ..POST });
    assert!(!send.keep_body);
    let respond = mesh.resume(send.ticket, Outcome::ConnectFailure).answered();
    assert_eq!(respond, answer(502, Reason::ConnectFailure));
    assert_eq!(mesh.denial(), "body_not_replayable");
    for body in [Body::Stream, Body::Sized(65_537)] {
        let request = Request { caller: KEY, body, ..POST };
        let reason = denied(&mut Plan::of(2).run(), &request, Outcome::status(500));
        assert_eq!(reason, "body_not_replayable");
    }
    retried(
        &mut Plan::of(2).run(),
        &Request { caller: KEY, body: Body::Sized(65_536), ..POST },
        Outcome::status(500),
    );
}

#[test]
fn all_attempts_used() {
    let mut mesh = Plan::of(2).run();
    let send = mesh.first(&GET, Outcome::status(500)).sent();
    assert_eq!(mesh.resume(send.ticket, Outcome::status(502)), Step::Deliver);
    assert_eq!(mesh.denial(), "attempts");
    assert_eq!(mesh.last(EventKind::RetryDenied).attempt, 2);
}

#[test]
fn the_budget_ends_a_storm() {
    let mut plan = Plan::of(2);
    plan.policy.budget = RetryBudgetConfig { floor_per_second: 0, ..RetryBudgetConfig::DEFAULT };
    plan.service.breaker.consecutive_failures = 0;
    plan.service.breaker.success_ratio_permille = 0;
    let mut mesh = plan.run();
    let mut retries = 0;
    for _ in 0..100 {
        if let Step::Send(send) = mesh.first(&GET, Outcome::status(500)) {
            retries += 1;
            mesh.machine.abandon(send.ticket, mesh.now, &mut ());
        }
    }
    // a fifth of the requests, at one and the same moment
    assert_eq!(retries, 20);
    assert_eq!(mesh.denial(), "budget");
}

#[test]
fn no_retry_that_would_start_at_the_deadline() {
    let mut mesh = Plan::of(2).run();
    let send = mesh.send(&GET);
    mesh.wait(Micros::from_millis(14_998));
    assert_eq!(mesh.resume(send.ticket, Outcome::status(500)), Step::Deliver);
    assert_eq!(mesh.denial(), "deadline");
    let send = mesh.send(&GET);
    mesh.wait(Micros::from_millis(14_997));
    mesh.resume(send.ticket, Outcome::status(500)).sent();
}

#[test]
fn an_endpoint_that_asks_for_too_long_a_wait_is_not_waited_for() {
    let mut plan = Plan::of(2);
    assert_eq!(denied(&mut plan.run(), &GET, hinted(503, Micros::from_secs(15))), "retry_after");
    plan.policy.request_timeout = Micros::ZERO;
    plan.policy.retry_after_max = SECOND;
    let longer = SECOND.saturating_add(Micros(1));
    assert_eq!(denied(&mut plan.run(), &GET, hinted(503, longer)), "retry_after");
}

#[test]
fn retry_after_is_waited() {
    let mut mesh = Plan::of(2).run();
    let wait = mesh.first(&GET, hinted(503, Micros::from_secs(2))).waited();
    assert!(wait.delay >= Micros::from_secs(2) && wait.delay < Micros::from_secs(3));
    assert_eq!(mesh.last(EventKind::Retry).value, wait.delay.0);
    assert_eq!(mesh.in_flight(0) + mesh.in_flight(1), 0);
    assert_eq!(mesh.machine.in_flight(), 1);
    mesh.wait(wait.delay);
    let send = mesh.resume(wait.ticket, Outcome::Waited).sent();
    assert_eq!((send.attempt, mesh.machine.in_flight()), (2, 1));
    assert!(send.timeout <= Micros::from_secs(13));
    // where the status gives the header no meaning, it has none
    mesh.first(&GET, hinted(500, Micros::from_secs(2))).sent();
}

#[test]
fn the_backoff_is_waited_even_where_the_clock_stands_still() {
    let mut plan = Plan::of(2);
    plan.policy.retry.backoff = RetryBackoff::DEFAULT;
    plan.policy.retry.retries = 3;
    let mut mesh = plan.run();
    let mut step = mesh.first(&GET, Outcome::status(500));
    for attempt in 2..=4 {
        let wait = step.waited();
        assert!(wait.delay < Micros::from_millis(250));
        let send = mesh.resume(wait.ticket, Outcome::Waited).sent();
        assert_eq!(send.attempt, attempt);
        step = mesh.resume(send.ticket, Outcome::status(500));
    }
    assert_eq!(step, Step::Deliver);
    assert_eq!(mesh.denial(), "attempts");
}

#[test]
fn six_connections_of_one_invocation_leave_none_for_a_retry() {
    let mut plan = Plan::of(2);
    for (transport, held) in [
        (Transport::Url, true),
        (Transport::Vpc, true),
        (Transport::Mtls, true),
        (Transport::Binding, false),
    ] {
        for endpoint in &mut plan.endpoints {
            endpoint.transport = transport as u8;
        }
        let mut mesh = plan.run();
        let ticket = mesh.send(&GET).ticket;
        let outcome = Outcome::status(500);
        let step =
            mesh.machine.resume(ticket, outcome, CONNECTIONS_PER_SCOPE, mesh.now, &mut mesh.events);
        assert_eq!(matches!(step, Step::Deliver), held);
        assert_eq!(mesh.count(EventKind::RetryDenied), usize::from(held));
        if held {
            assert_eq!(mesh.denial(), "connections");
        }
    }
}

#[test]
fn an_endpoint_that_is_gone_leaves_none_for_a_retry() {
    let mut mesh = Plan::of(1).run();
    let ticket = mesh.send(&GET).ticket;
    mesh.machine.swap(Plan::of(0).snapshot(), mesh.now);
    assert_eq!(mesh.resume(ticket, Outcome::status(500)), Step::Deliver);
    assert_eq!(mesh.denial(), "no_endpoint");
}

#[test]
fn another_endpoint_goes_first() {
    let mut plan = Plan::of(4);
    plan.policy.retry.retries = 10;
    let mut mesh = plan.run();
    let mut seen = [0u8; 4];
    let mut send = mesh.send(&GET);
    for round in 1..=8 {
        seen[send.endpoint as usize] += 1;
        if round <= 4 {
            assert!(seen.iter().all(|&times| times <= 1), "{seen:?}");
        }
        send = mesh.resume(send.ticket, Outcome::status(500)).sent();
    }
    assert!(seen.iter().all(|&times| times >= 1), "{seen:?}");
}

#[test]
fn no_snapshot_asks_for_more_attempts_than_the_bound() {
    let mut plan = Plan::of(2);
    plan.policy.retry.retries = u8::MAX;
    plan.service.breaker.consecutive_failures = 0;
    plan.service.breaker.success_ratio_permille = 0;
    let mut mesh = plan.run();
    let mut step = mesh.first(&GET, Outcome::status(500));
    while let Step::Send(send) = step {
        assert!(send.attempt <= ATTEMPTS_MAX);
        step = mesh.resume(send.ticket, Outcome::status(500));
    }
    assert_eq!(mesh.count(EventKind::AttemptEnd), usize::from(ATTEMPTS_MAX));
    assert_eq!(mesh.denial(), "attempts");
}

#[test]
fn a_retry_that_finds_no_endpoint_delivers_the_answer_at_hand() {
    let mut plan = Plan::brittle(1);
    plan.policy.retry.conditions.statuses.insert_range(404, 404);
    let mut mesh = plan.run();
    assert_eq!(mesh.first(&GET, Outcome::status(502)), Step::Deliver);
    assert_eq!(mesh.ending(), "upstream_status");
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    let mut mesh = plan.run();
    let send = mesh.send(&GET);
    mesh.machine.set_reachable(0, false);
    assert_eq!(mesh.resume(send.ticket, Outcome::status(404)), Step::Deliver);
    assert_eq!(mesh.ending(), "none");
    let mut mesh = plan.run();
    assert_eq!(mesh.first(&GET, Outcome::Reset).answered(), answer(502, Reason::Reset));
}

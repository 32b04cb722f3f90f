use super::mesh::{GET, Plan, SECOND, answer};
use crate::{
    event::EventKind,
    machine::{Caller, Outcome, Request, Step},
    reason::Reason,
    time::Micros,
};

fn within(remaining: Micros) -> Request<'static> {
    Request { caller: Caller { remaining: Some(remaining), ..Caller::default() }, ..GET }
}

#[test]
fn the_shortest_of_all_times_bounds_an_attempt() {
    let ms = Micros::from_millis;
    for (request, attempt, callers, timeout, remaining) in [
        (ms(0), ms(0), None, Micros::MAX, Micros::MAX),
        (ms(0), ms(70), None, ms(70), Micros::MAX),
        (ms(50), ms(0), None, ms(50), ms(50)),
        (ms(50), ms(70), None, ms(50), ms(50)),
        (ms(50), ms(20), None, ms(20), ms(50)),
        (ms(50), ms(0), Some(ms(30)), ms(30), ms(30)),
        (ms(50), ms(0), Some(ms(90)), ms(50), ms(50)),
        (ms(0), ms(0), Some(ms(90)), ms(90), ms(90)),
        (ms(0), ms(0), Some(Micros::MAX), Micros::MAX, Micros::MAX),
    ] {
        let mut plan = Plan::of(1);
        plan.policy.request_timeout = request;
        plan.policy.attempt_timeout = attempt;
        let mut mesh = plan.run();
        mesh.now = crate::time::Timestamp::ZERO;
        let caller = Caller { remaining: callers, ..Caller::default() };
        let send = mesh.send(&Request { caller, ..GET });
        assert_eq!((send.timeout, send.remaining), (timeout, remaining), "{request} {attempt}");
    }
}

#[test]
fn a_request_without_a_millisecond_left_is_not_sent() {
    let mut mesh = Plan::of(1).run();
    for left in [Micros::ZERO, Micros(999)] {
        assert_eq!(mesh.refused(&within(left)), answer(504, Reason::Deadline));
        assert_eq!(mesh.ending(), "deadline");
    }
    assert_eq!(mesh.send(&within(Micros(1_000))).timeout, Micros(1_000));
    assert_eq!(mesh.count(EventKind::RequestEnd), 2);
}

#[test]
fn a_retry_has_what_is_left() {
    let mut mesh = Plan::of(2).run();
    let send = mesh.send(&within(SECOND));
    mesh.wait(Micros::from_millis(400));
    let send = mesh.resume(send.ticket, Outcome::status(500)).sent();
    let left = Micros::from_millis(600);
    assert_eq!((send.timeout, send.remaining), (left, left));
}

#[test]
fn a_timeout_is_named_after_what_ran_out() {
    let mut plan = Plan::of(2);
    plan.policy.retry.retries = 0;
    plan.policy.attempt_timeout = SECOND;
    let mut mesh = plan.run();
    let send = mesh.send(&GET);
    mesh.wait(SECOND);
    assert_eq!(mesh.resume(send.ticket, Outcome::Timeout).answered(), answer(504, Reason::Timeout));
    let send = mesh.send(&GET);
    mesh.wait(Micros::from_secs(15));
    let respond = mesh.resume(send.ticket, Outcome::Timeout).answered();
    assert_eq!(respond, answer(504, Reason::Deadline));
    assert_eq!(mesh.ending(), "deadline");
    // an answer that came is an answer
    let send = mesh.send(&GET);
    mesh.wait(Micros::from_secs(15));
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
}

#[test]
fn a_wait_that_took_too_long_ends_at_the_deadline() {
    let mut mesh = Plan::of(2).run();
    let hinted = Outcome::Response {
        status: 503,
        retry_after: Some(SECOND),
        grpc: None,
        load: None,
        again: false,
    };
    let wait = mesh.first(&GET, hinted).waited();
    mesh.wait(Micros::from_secs(20));
    let respond = mesh.resume(wait.ticket, Outcome::Waited).answered();
    assert_eq!(respond, answer(504, Reason::Deadline));
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    assert_eq!(mesh.machine.in_flight(), 0);
}

#[test]
fn a_clock_that_runs_backwards_is_one_that_stands_still() {
    let mut mesh = Plan::of(2).run();
    let send = mesh.send(&GET);
    mesh.now = crate::time::Timestamp::from_millis(1);
    let send = mesh.resume(send.ticket, Outcome::status(500)).sent();
    assert_eq!(mesh.last(EventKind::AttemptEnd).value, 0);
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
}

#[test]
fn a_deadline_that_the_caller_set_is_not_the_endpoints_failure() {
    let mut plan = Plan::of(1);
    plan.policy.request_timeout = Micros::from_millis(100);
    plan.policy.retry.retries = 0;
    for (remaining, failures) in [(Micros::from_millis(5), 0), (Micros::from_millis(60), 1)] {
        let mut mesh = plan.run();
        let send = mesh.send(&within(remaining));
        mesh.wait(remaining);
        let step = mesh.resume(send.ticket, Outcome::Timeout);
        assert_eq!(step, Step::Respond(answer(504, Reason::Deadline)));
        let state = mesh.machine.endpoint_state(0).unwrap();
        assert_eq!((state.counters.failures, state.in_flight), (failures, 0));
    }
}

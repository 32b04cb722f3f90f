use super::mesh::{GET, POST, Plan, Running, SECOND, add_backend, add_service, answer};
use crate::{
    balance::Algorithm,
    event::EventKind,
    machine::{Body, Caller, Outcome, Request, Step},
    reason::Reason,
    retry::{RetryPolicy, backoff::RetryBackoff, budget::RetryBudgetConfig},
    snapshot::{
        draft::SnapshotDraft,
        tables::{Backend, NONE, Policy, Rows, Service, Text},
    },
    time::Micros,
};

/// Service 0 as planned, without retries; what its policy falls back to is a service of one endpoint,
/// number 1 of the endpoints.
fn spare(plan: &Plan, policy: Policy) -> SnapshotDraft {
    let mut draft = plan.draft();
    draft.policies[0].retry.retries = 0;
    let spare = add_service(&mut draft, "spare", 1, policy);
    draft.policies[0].fallback = add_backend(&mut draft, spare);
    steady(&mut draft.services[1]);
    draft
}

/// A policy without retries.
fn once() -> Policy {
    Policy { retry: RetryPolicy { retries: 0, ..RetryPolicy::default() }, ..Policy::default() }
}

/// A service whose breakers never open.
fn steady(service: &mut Service) {
    service.breaker.consecutive_failures = 0;
    service.breaker.success_ratio_permille = 0;
}

/// The same with an answer of the mesh's own.
fn own_answer(plan: &Plan) -> SnapshotDraft {
    let mut draft = plan.draft();
    draft.policies[0].retry.retries = 0;
    let start = u32::try_from(draft.backends.len()).unwrap();
    draft.backends.push(Backend {
        service: NONE,
        status: 200,
        rewrite: NONE,
        ..Backend::default()
    });
    draft.policies[0].fallback = Rows { start, len: 1 };
    draft
}

const FAILURES: [Outcome; 5] = [
    Outcome::status(500),
    Outcome::Timeout,
    Outcome::ConnectFailure,
    Outcome::Reset,
    Outcome::Exception,
];

#[test]
fn every_failure_leads_to_the_fallback_service() {
    for outcome in FAILURES {
        let mut mesh = Running::of(&spare(&Plan::of(1), once()));
        let send = mesh.first(&GET, outcome).sent();
        assert_eq!((send.endpoint, send.attempt, send.fallback, send.backend), (1, 1, true, 1));
        assert_eq!(mesh.told(), ["attempt_end", "fallback"], "{outcome:?}");
        assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
        assert_eq!(mesh.ending(), "none");
        assert_eq!(mesh.count(EventKind::RequestEnd), 1);
        mesh.assert_idle();
    }
}

#[test]
fn so_does_a_service_that_cannot_be_asked_at_all() {
    for request in [GET, POST, Request { body: Body::Stream, ..POST }] {
        let mut mesh = Running::of(&spare(&Plan::of(1), once()));
        mesh.machine.set_reachable(0, false);
        let send = mesh.send(&request);
        assert_eq!((send.endpoint, send.fallback, send.keep_body), (1, true, false));
        assert_eq!(mesh.last(EventKind::Fallback).code, Reason::NoEndpoint as u8);
        let mut mesh = Running::of(&own_answer(&Plan::of(0)));
        let found = mesh.refused(&request);
        assert_eq!((found.status, found.reason, found.backend), (200, Reason::None, 1));
        assert_eq!(mesh.ending(), "no_endpoint");
        mesh.assert_idle();
    }
    let mut mesh = Running::of(&spare(&Plan::brittle(1), once()));
    let send = mesh.first(&GET, Outcome::status(500)).sent();
    let _end = mesh.resume(send.ticket, Outcome::status(200));
    mesh.send(&GET);
    assert_eq!(mesh.last(EventKind::Fallback).code, Reason::BreakerOpen as u8);
}

#[test]
fn an_answer_below_500_and_a_caller_that_left_do_not() {
    for status in [200, 301, 404, 429] {
        let mut mesh = Running::of(&spare(&Plan::of(1), once()));
        assert_eq!(mesh.first(&GET, Outcome::status(status)), Step::Deliver);
        assert_eq!(mesh.count(EventKind::Fallback), 0);
    }
    for (outcome, status, reason) in
        [(Outcome::Cancelled, 499, Reason::Cancelled), (Outcome::Waited, 500, Reason::Internal)]
    {
        for draft in [spare(&Plan::of(1), once()), own_answer(&Plan::of(1))] {
            let mut mesh = Running::of(&draft);
            assert_eq!(mesh.first(&GET, outcome).answered(), answer(status, reason));
            assert_eq!(mesh.count(EventKind::Fallback), 0);
            mesh.assert_idle();
        }
    }
}

#[test]
fn where_the_fallback_fails_the_own_answer_stands() {
    for (own, stands) in [
        (Outcome::status(502), answer(502, Reason::UpstreamStatus)),
        (Outcome::Timeout, answer(504, Reason::Timeout)),
        (Outcome::ConnectFailure, answer(502, Reason::ConnectFailure)),
    ] {
        for failure in FAILURES {
            let mut mesh = Running::of(&spare(&Plan::of(1), once()));
            let send = mesh.first(&GET, own).sent();
            assert_eq!(mesh.resume(send.ticket, failure).answered(), stands);
            assert_eq!(
                (mesh.count(EventKind::Fallback), mesh.count(EventKind::FallbackFailed)),
                (1, 1)
            );
            assert_eq!(mesh.count(EventKind::RequestEnd), 1);
            mesh.assert_idle();
        }
        let mut mesh = Running::of(&spare(&Plan::of(1), once()));
        mesh.machine.set_reachable(1, false);
        assert_eq!(mesh.first(&GET, own).answered(), stands);
        assert_eq!(mesh.count(EventKind::FallbackFailed), 1);
        mesh.assert_idle();
    }
    let mut mesh = Running::of(&spare(&Plan::of(1), once()));
    let send = mesh.first(&GET, Outcome::status(500)).sent();
    let found = mesh.resume(send.ticket, Outcome::Cancelled).answered();
    assert_eq!(found, answer(499, Reason::Cancelled), "nobody waits for it");
}

#[test]
fn a_request_that_may_not_be_sent_twice_falls_only_where_it_was_not_sent() {
    for (request, outcome, falls) in [
        (POST, Outcome::status(500), false),
        (POST, Outcome::Timeout, false),
        (POST, Outcome::ConnectFailure, true),
        (Request { body: Body::Sized(10), ..POST }, Outcome::ConnectFailure, false),
        (Request { body: Body::Stream, ..POST }, Outcome::ConnectFailure, false),
        (
            Request { body: Body::Sized(10), method: crate::method::Method::Put, ..GET },
            Outcome::Reset,
            true,
        ),
        (
            Request { body: Body::Stream, method: crate::method::Method::Put, ..GET },
            Outcome::Reset,
            false,
        ),
    ] {
        let mut mesh = Running::of(&spare(&Plan::of(1), once()));
        let step = mesh.first(&request, outcome);
        assert_eq!(matches!(step, Step::Send(_)), falls, "{request:?} {outcome:?}");
        // an answer of the mesh's own sends nothing
        let mut mesh = Running::of(&own_answer(&Plan::of(1)));
        assert_eq!(mesh.first(&request, outcome).answered().status, 200);
        mesh.assert_idle();
    }
}

#[test]
fn a_body_is_kept_for_a_fallback_only_where_it_can_be_sent_to_it() {
    let put = Request { method: crate::method::Method::Put, ..GET };
    for (request, body, keep) in [
        (put, Body::None, false),
        (put, Body::Sized(10), true),
        (put, Body::Sized(65_536), true),
        (put, Body::Sized(65_537), false),
        (put, Body::Stream, false),
        (POST, Body::Sized(10), false),
        (POST, Body::Stream, false),
    ] {
        let mut mesh = Running::of(&spare(&Plan::of(1), once()));
        assert_eq!(mesh.send(&Request { body, ..request }).keep_body, keep, "{body:?}");
    }
}

#[test]
fn the_fallbacks_own_fallback_is_not_asked() {
    let mut draft = spare(&Plan::of(1), once());
    // each falls back to the other
    let back = add_backend(&mut draft, 0);
    draft.policies[1].fallback = back;
    let mut mesh = Running::of(&draft);
    let send = mesh.first(&GET, Outcome::status(500)).sent();
    let found = mesh.resume(send.ticket, Outcome::status(500)).answered();
    assert_eq!(found, answer(500, Reason::UpstreamStatus));
    assert_eq!(mesh.count(EventKind::Fallback), 1);
    mesh.assert_idle();
}

#[test]
fn the_fallback_has_its_own_retries_and_time() {
    let retry = RetryPolicy {
        retries: 1,
        backoff: RetryBackoff { base: Micros::ZERO, max: Micros::ZERO },
        ..Plan::of(1).policy.retry
    };
    let budget =
        RetryBudgetConfig { permille: 1_000, floor_per_second: 0, ..RetryBudgetConfig::DEFAULT };
    let policy =
        Policy { retry, budget, request_timeout: SECOND, body_max: 65_536, ..Policy::default() };
    let mut mesh = Running::of(&spare(&Plan::of(1), policy));
    let send = mesh.first(&GET, Outcome::status(500)).sent();
    assert_eq!((send.timeout, send.remaining), (SECOND, SECOND));
    // that request paid for one
    let send = mesh.resume(send.ticket, Outcome::status(500)).sent();
    assert_eq!((send.attempt, send.endpoint, send.fallback), (2, 1, true));
    mesh.resume(send.ticket, Outcome::status(500)).answered();
    // never more than what is left of the whole
    let caller = Caller { remaining: Some(Micros::from_millis(300)), ..Caller::default() };
    let send = mesh.first(&Request { caller, ..GET }, Outcome::status(500)).sent();
    assert_eq!(send.remaining, Micros::from_millis(300));
    let mut mesh = Running::of(&spare(&Plan::of(1), once()));
    let send = mesh.send(&GET);
    mesh.wait(Micros::from_secs(15));
    let found = mesh.resume(send.ticket, Outcome::Timeout).answered();
    assert_eq!(found, answer(504, Reason::Deadline), "there is no time for it");
    mesh.assert_idle();
}

#[test]
fn each_service_counts_what_it_was_asked() {
    let mut draft = spare(&Plan::of(1), once());
    steady(&mut draft.services[0]);
    let mut mesh = Running::of(&draft);
    for (outcome, times) in [(Outcome::status(200), 3), (Outcome::status(500), 2)] {
        for _ in 0..times {
            let send = mesh.first(&GET, Outcome::Reset).sent();
            let _end = mesh.resume(send.ticket, outcome);
        }
    }
    mesh.served(&GET, 200);
    let of = |service| {
        let counters = mesh.machine.service_state(service).unwrap().counters;
        (counters.requests, counters.successes, counters.failures)
    };
    assert_eq!((of(0), of(1)), ((6, 1, 5), (5, 3, 2)));
}

#[test]
fn requests_without_a_key_spread_over_a_fallback_that_hashes() {
    let balancer = Algorithm::ConsistentHash.as_u8();
    let mut draft = spare(&Plan::of(1), Policy { balancer, ..once() });
    steady(&mut draft.services[0]);
    draft.services[1].endpoints.len = 4;
    let mut more = draft.endpoints[1];
    for key in 100..103 {
        more.key = key;
        draft.endpoints.push(more);
    }
    let mut mesh = Running::of(&draft);
    let mut seen = alloc::collections::BTreeSet::new();
    for _ in 0..50 {
        let send = mesh.first(&GET, Outcome::Reset).sent();
        seen.insert(send.endpoint);
        let _end = mesh.resume(send.ticket, Outcome::status(200));
    }
    assert_eq!(seen.len(), 4);
}

#[test]
fn a_fallback_that_is_not_there_changes_nothing() {
    for start in [9, NONE] {
        let mut draft = Plan::of(1).draft();
        draft.policies[0].retry.retries = 0;
        draft.policies[0].fallback = Rows { start, len: 1 };
        let mut mesh = Running::of(&draft);
        assert_eq!(mesh.first(&GET, Outcome::status(500)), Step::Deliver);
        mesh.assert_idle();
    }
    // one whose service or policy is gone, or that is the service itself
    for (service, policy) in [(9, 1), (1, 9), (0, 0)] {
        let mut draft = spare(&Plan::of(1), once());
        draft.backends[1] = Backend { service, policy, body: Text::default(), ..draft.backends[1] };
        let mut mesh = Running::of(&draft);
        let mut step = mesh.first(&GET, Outcome::status(500));
        for _ in 0..3 {
            if let Step::Send(send) = step {
                step = mesh.resume(send.ticket, Outcome::status(500));
            }
        }
        assert_eq!(step.answered(), answer(500, Reason::UpstreamStatus));
        mesh.assert_idle();
    }
}

#[test]
fn a_swap_while_the_fallback_is_asked_keeps_the_own_answer() {
    let draft = spare(&Plan::of(1), once());
    let mut mesh = Running::of(&draft);
    let send = mesh.first(&GET, Outcome::status(503)).sent();
    let same = mesh.machine.snapshot().clone();
    mesh.machine.swap(same, mesh.now);
    let found = mesh.resume(send.ticket, Outcome::status(500)).answered();
    assert_eq!(found, answer(503, Reason::UpstreamStatus));
    let send = mesh.first(&GET, Outcome::status(503)).sent();
    mesh.machine.swap(Plan::of(1).snapshot(), mesh.now);
    let found = mesh.resume(send.ticket, Outcome::status(500)).answered();
    assert_eq!(found, answer(503, Reason::UpstreamStatus));
    mesh.assert_idle();
}

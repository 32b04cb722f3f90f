use super::mesh::{GET, Plan, Running, SECOND, answer, asking};
use crate::{
    event::EventKind,
    limits::LEASE_SECONDS_MAX,
    machine::{Caller, Outcome, Request, Step},
    reason::Reason,
    route::builder::ValueSpec,
    snapshot::{
        draft::SnapshotDraft,
        tables::{Fault, NONE, PathChange, Rewrite, Rows},
    },
    time::Micros,
};

const ALL: u32 = 1_000_000;
const DELAY: Fault = Fault {
    conditions: Rows { start: 0, len: 0 },
    delay: SECOND,
    delay_millionths: ALL,
    abort_status: 0,
    abort_millionths: 0,
    active_max: 100,
};
const ABORT: Fault =
    Fault { delay_millionths: 0, abort_status: 418, abort_millionths: ALL, ..DELAY };

fn faulty(faults: &[Fault]) -> SnapshotDraft {
    let mut draft = Plan::of(1).draft();
    draft.faults = faults.to_vec();
    draft.backends[0].faults = Rows { start: 0, len: faults.len() as u32 };
    draft
}

#[test]
fn an_abort_makes_no_attempt_and_teaches_nothing() {
    let mut plan = Plan::brittle(1);
    plan.policy.retry.retries = 3;
    let mut draft = plan.draft();
    draft.faults = alloc::vec![Fault { abort_status: 503, ..ABORT }];
    draft.backends[0].faults = Rows { start: 0, len: 1 };
    let mut mesh = Running::of(&draft);
    for _ in 0..20 {
        assert_eq!(mesh.refused(&GET), answer(503, Reason::FaultInjected));
        assert_eq!(mesh.told(), ["request_end"]);
    }
    let state = mesh.machine.endpoint_state(0).unwrap();
    assert_eq!((state.counters.attempts, state.breaker.is_ready()), (0, true));
    let counters = mesh.machine.service_state(0).unwrap().counters;
    assert_eq!((counters.requests, counters.failures, counters.retries), (20, 20, 0));
    mesh.assert_idle();
}

#[test]
fn a_delay_comes_first_and_then_the_abort_or_the_attempt() {
    let mut mesh = Running::of(&faulty(&[DELAY]));
    let wait = mesh.begin(&GET).waited();
    assert_eq!((wait.delay, mesh.in_flight(0)), (SECOND, 0));
    mesh.wait(SECOND);
    let send = mesh.resume(wait.ticket, Outcome::Waited).sent();
    assert_eq!((send.attempt, send.remaining), (1, Micros::from_secs(14)));
    assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
    mesh.assert_idle();
    assert_eq!(mesh.last(EventKind::RequestEnd).value, SECOND.0);

    let mut mesh = Running::of(&faulty(&[DELAY, DELAY, ABORT]));
    let wait = mesh.begin(&GET).waited();
    assert_eq!(wait.delay, Micros::from_secs(2));
    let found = mesh.resume(wait.ticket, Outcome::Waited).answered();
    assert_eq!(found, answer(418, Reason::FaultInjected));
    mesh.assert_idle();
}

#[test]
fn no_delay_is_longer_than_the_requests_time() {
    let mut mesh = Running::of(&faulty(&[Fault { delay: Micros::from_secs(3_600), ..DELAY }]));
    let wait = mesh.begin(&GET).waited();
    assert_eq!(wait.delay, Micros::from_secs(15));
    mesh.wait(wait.delay);
    let found = mesh.resume(wait.ticket, Outcome::Waited).answered();
    assert_eq!(found, answer(504, Reason::Deadline));
    let caller = Caller { remaining: Some(SECOND), ..Caller::default() };
    assert_eq!(mesh.begin(&Request { caller, ..GET }).waited().delay, SECOND);
}

#[test]
fn no_more_than_so_many_wait_and_every_end_makes_room() {
    let ends: [fn(&mut Running, crate::machine::Ticket); 7] = [
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Waited)),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Cancelled)),
        |mesh, ticket| mesh.machine.abandon(ticket, mesh.now, &mut ()),
        // what no host should tell of a wait
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::status(200))),
        |mesh, ticket| drop(mesh.resume(ticket, Outcome::Timeout)),
        |mesh, _lost| mesh.wait(Micros::from_secs(LEASE_SECONDS_MAX + 2)),
        |mesh, ticket| {
            mesh.machine.swap(Plan::of(0).snapshot(), mesh.now);
            let _step = mesh.resume(ticket, Outcome::Waited);
            mesh.machine.swap(Running::of(&faulty(&[TWO])).machine.snapshot().clone(), mesh.now);
        },
    ];
    const TWO: Fault = Fault { active_max: 2, ..DELAY };
    for (number, end) in ends.into_iter().enumerate() {
        let mut mesh = Running::of(&faulty(&[TWO]));
        let first = mesh.begin(&GET).waited();
        let second = mesh.begin(&GET).waited();
        mesh.begin(&GET).sent();
        end(&mut mesh, first.ticket);
        let third = mesh.begin(&GET).waited();
        if number != 5 {
            mesh.begin(&GET).sent();
            assert_eq!(mesh.machine.delayed, 2, "{number}");
            mesh.machine.abandon(second.ticket, mesh.now, &mut ());
        }
        mesh.machine.abandon(third.ticket, mesh.now, &mut ());
        assert_eq!(mesh.machine.delayed, 0, "{number}");
    }
    let mut mesh = Running::of(&faulty(&[Fault { active_max: 0, ..DELAY }]));
    mesh.begin(&GET).sent();
}

#[test]
fn each_share_is_held_within_three_sigma() {
    for (percent, low, high) in [(0, 0, 0), (100, 4_000, 4_000), (30, 1_113, 1_287), (1, 21, 59)] {
        let mut mesh =
            Running::of(&faulty(&[Fault { abort_millionths: percent * 10_000, ..ABORT }]));
        let mut count = 0;
        for _ in 0..4_000 {
            match mesh.begin(&GET) {
                Step::Send(send) => mesh.machine.abandon(send.ticket, mesh.now, &mut ()),
                Step::Respond(_) => count += 1,
                other @ (Step::Wait(_) | Step::Deliver | Step::Pending) => panic!("{other:?}"),
            }
        }
        assert!((low..=high).contains(&count), "{percent} {count}");
    }
}

#[test]
fn only_requests_that_meet_the_conditions_are_hit_and_the_first_status_counts() {
    let mut draft = faulty(&[ABORT, Fault { abort_status: 500, ..ABORT }]);
    let [chaos] =
        asking(&mut draft, &["/api/*"], &["x-chaos"], [&[("x-chaos", ValueSpec::Exact("1"))]]);
    draft.faults[0].conditions = chaos;
    let mut mesh = Running::of(&draft);
    let ask = |mesh: &mut Running, value: Option<&[u8]>| {
        mesh.refused(&Request { headers: &[value], ..GET }).status
    };
    assert_eq!(ask(&mut mesh, Some(b"1")), 418);
    assert_eq!(ask(&mut mesh, Some(b"2")), 500);
    assert_eq!(ask(&mut mesh, None), 500);
}

#[test]
fn a_delayed_request_says_its_path_before_others_come_between() {
    let mut draft = faulty(&[DELAY]);
    let value = draft.text("/v2/");
    draft.rewrites.push(Rewrite { path: PathChange::Prefix as u8, value, ..Rewrite::default() });
    draft.backends[0].rewrite = 0;
    let mut mesh = Running::of(&draft);
    let wait = mesh.begin(&GET).waited();
    assert!(wait.rewritten);
    assert_eq!(mesh.machine.text(), b"/v2/users");
    draft.backends[0].rewrite = NONE;
    let mut mesh = Running::of(&draft);
    assert!(!mesh.begin(&GET).waited().rewritten);
    assert!(mesh.begin(&Request { path: b"/api//x", ..GET }).waited().rewritten);
}

#[test]
fn runs_that_leave_the_table_end() {
    for faults in [
        Rows { start: 0, len: NONE },
        Rows { start: 5, len: NONE },
        Rows { start: NONE, len: NONE },
    ] {
        let mut draft = faulty(&[Fault { active_max: 1, ..DELAY }]);
        draft.backends[0].faults = faults;
        let mut mesh = Running::of(&draft);
        let waits = matches!(mesh.begin(&GET), Step::Wait(_));
        assert_eq!(waits, faults.start == 0);
    }
}

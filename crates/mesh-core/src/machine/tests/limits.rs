use super::mesh::{GET, Plan, Running, SECOND, answer, asking};
use crate::{
    machine::{Request, Step},
    reason::Reason,
    snapshot::{
        draft::SnapshotDraft,
        tables::{Key, KeySource, Limit, NONE, Rows},
    },
    time::Micros,
};

/// `n` at once and then one a second.
fn limit(seed: u64, n: u64, key: Key) -> Limit {
    Limit { seed, key, interval: SECOND, burst: Micros(SECOND.0 * n), ..Limit::default() }
}

const BY_HEADER: Key = Key {
    source: KeySource::Header as u8,
    header: 0,
    name: crate::snapshot::tables::Text { start: 0, len: 0 },
};

fn limited(rule: &[Limit], service: &[Limit]) -> SnapshotDraft {
    let mut draft = Plan::of(1).draft();
    asking(&mut draft, &["/api/*"], &["x-user", "cookie"], []);
    let run = |start: usize, len: usize| Rows { start: start as u32, len: len as u32 };
    draft.rules[0].limits = run(0, rule.len());
    draft.services[0].limits = run(rule.len(), service.len());
    draft.limits = [rule, service].concat();
    draft
}

fn of(user: Option<&'static [u8]>) -> [Option<&'static [u8]>; 2] {
    [user, None]
}

/// How many of twenty at once are let through.
fn passed(mesh: &mut Running, headers: [Option<&[u8]>; 2]) -> usize {
    let request = Request { headers: &headers, ..GET };
    (0..20).filter(|_| matches!(mesh.begin(&request), Step::Send(_))).count()
}

#[test]
fn the_limits_of_a_rule_and_of_its_service_both_count() {
    let mut mesh =
        Running::of(&limited(&[limit(1, 3, Key::default())], &[limit(2, 5, Key::default())]));
    assert_eq!(passed(&mut mesh, of(None)), 3);
    assert_eq!(mesh.refused(&GET), answer(429, Reason::RateLimited));
    assert_eq!(mesh.machine.notes().limit, 0);
    // the rule's refusals took nothing from the service, which has two left
    for _ in 0..2 {
        mesh.machine.begin_service(0, &GET, mesh.now, &mut ()).sent();
    }
    let step = mesh.machine.begin_service(0, &GET, mesh.now, &mut ());
    assert_eq!(step.answered(), answer(429, Reason::RateLimited));
    assert_eq!(mesh.machine.notes().limit, 1);
    // a second later there is one more at both
    mesh.wait(SECOND);
    assert_eq!(passed(&mut mesh, of(None)), 1);
}

#[test]
fn the_limit_that_is_nearest_its_end_is_noted() {
    let mut mesh =
        Running::of(&limited(&[limit(1, 9, Key::default())], &[limit(2, 3, Key::default())]));
    mesh.send(&GET);
    let notes = *mesh.machine.notes();
    assert_eq!((notes.limit, notes.remaining, notes.reset), (1, 2, SECOND));
    mesh.send(&GET);
    mesh.send(&GET);
    mesh.refused(&GET);
    let notes = *mesh.machine.notes();
    assert_eq!((notes.limit, notes.remaining, notes.reset), (1, 0, SECOND));

    // the one that refuses, though the other has none left either
    let mut mesh =
        Running::of(&limited(&[limit(1, 3, Key::default())], &[limit(2, 2, Key::default())]));
    mesh.send(&GET);
    mesh.send(&GET);
    mesh.refused(&GET);
    let notes = *mesh.machine.notes();
    assert_eq!((notes.limit, notes.remaining, notes.reset), (1, 0, SECOND));

    let mut mesh =
        Running::of(&limited(&[limit(1, 3, Key::default())], &[limit(2, 9, Key::default())]));
    mesh.send(&GET);
    assert_eq!((mesh.machine.notes().limit, mesh.machine.notes().remaining), (0, 2));
}

#[test]
fn each_value_of_the_key_has_a_bucket_and_requests_without_it_share_one() {
    let mut mesh = Running::of(&limited(&[limit(1, 2, BY_HEADER)], &[]));
    for user in [&b"a"[..], b"b", b"c"] {
        assert_eq!(passed(&mut mesh, [Some(user), None]), 2);
    }
    assert_eq!(passed(&mut mesh, of(None)), 2);
    assert_eq!(passed(&mut mesh, of(None)), 0, "leaving the key out must not lift the limit");
    assert_eq!(passed(&mut mesh, of(Some(b""))), 0, "an empty one is none");

    let name = Key { source: KeySource::Cookie as u8, header: 1, ..Key::default() };
    let mut draft = limited(&[limit(1, 2, name)], &[]);
    draft.limits[0].key.name = draft.text("id");
    let mut mesh = Running::of(&draft);
    assert_eq!(passed(&mut mesh, [None, Some(b"x=1; id=7")]), 2);
    assert_eq!(passed(&mut mesh, [None, Some(b"id=7; x=2")]), 0);
    assert_eq!(passed(&mut mesh, [None, Some(b"id=8")]), 2);
    assert_eq!(passed(&mut mesh, [None, Some(b"other=8")]), 2);
    assert_eq!(passed(&mut mesh, [None, None]), 0);
}

#[test]
fn limits_of_one_seed_count_together_and_of_two_apart() {
    let mut mesh = Running::of(&limited(&[limit(1, 4, BY_HEADER)], &[limit(2, 4, BY_HEADER)]));
    assert_eq!(passed(&mut mesh, of(Some(b"a"))), 4);
    let mut mesh = Running::of(&limited(&[limit(1, 4, BY_HEADER)], &[limit(1, 4, BY_HEADER)]));
    assert_eq!(passed(&mut mesh, of(Some(b"a"))), 2, "each request counts twice");
}

#[test]
fn what_was_counted_outlives_a_new_snapshot() {
    let draft = limited(&[limit(1, 3, BY_HEADER)], &[]);
    let mut mesh = Running::of(&draft);
    assert_eq!(passed(&mut mesh, of(Some(b"a"))), 3);
    let mut moved = limited(&[limit(8, 1, BY_HEADER), limit(1, 3, BY_HEADER)], &[]);
    moved.rules[0].limits = Rows { start: 1, len: 1 };
    mesh.machine.swap(Running::of(&moved).machine.snapshot().clone(), mesh.now);
    assert_eq!(passed(&mut mesh, of(Some(b"a"))), 0);
    assert_eq!(passed(&mut mesh, of(Some(b"b"))), 3);
    mesh.wait(SECOND);
    assert_eq!(passed(&mut mesh, of(Some(b"a"))), 1);
}

#[test]
fn a_refused_request_leaves_nothing_behind() {
    let mut mesh = Running::of(&limited(&[], &[limit(1, 1, Key::default())]));
    let send = mesh.send(&GET);
    for _ in 0..5 {
        mesh.refused(&GET);
    }
    assert_eq!(mesh.machine.service_state(0).unwrap().counters.requests, 1);
    let _end = mesh.resume(send.ticket, crate::machine::Outcome::status(200));
    assert_eq!(mesh.told(), ["attempt_end", "request_end"]);
    mesh.assert_idle();
}

#[test]
fn runs_and_rows_of_any_shape_end_and_limit_nothing_that_is_not_there() {
    let none = limit(1, 0, Key::default());
    let free = Limit { interval: Micros::ZERO, ..limit(2, 1, Key::default()) };
    let odd = Key { source: 200, header: u16::MAX, ..Key::default() };
    for (limits, run, through) in [
        (&[free][..], Rows { start: 0, len: u32::MAX }, 20),
        (&[free], Rows { start: 7, len: u32::MAX }, 20),
        (&[free], Rows { start: NONE, len: NONE }, 20),
        (&[none], Rows { start: 0, len: 1 }, 0),
        (&[limit(3, 5, odd)], Rows { start: 0, len: NONE }, 5),
        (&[limit(3, u64::MAX / SECOND.0, odd)], Rows { start: 0, len: 1 }, 20),
    ] {
        let mut draft = limited(limits, &[]);
        draft.rules[0].limits = run;
        let mut mesh = Running::of(&draft);
        assert_eq!(passed(&mut mesh, of(None)), through, "{run:?}");
    }
}

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use proptest::prelude::*;

use super::mesh::{GET, Plan, Running, answer, asking};
use crate::{
    hash::xxh64,
    machine::{Outcome, Request, Step},
    reason::Reason,
    route::builder::ValueSpec,
    snapshot::{
        draft::SnapshotDraft,
        tables::{Backend, Key, KeySource, NONE, RESTRICTED, Rows},
    },
};

/// One rule whose backends have these weights, sticky by the cookie `split` or, without attributes of
/// a cookie, by the header `x-user`. A backend's identity does not hang on its place.
fn split(weights: &[u32], cookie: &str) -> SnapshotDraft {
    let mut draft = Plan::of(3).draft();
    let headers = ["x-user", "cookie", "x-tester"];
    let asks: [&[_]; 1] = [&[("x-tester", ValueSpec::Present)]];
    asking(&mut draft, &["/api/*"], &headers, asks);
    draft.backends = (0u8..)
        .zip(weights)
        .map(|(place, &weight)| {
            let key = xxh64(&[place], 9);
            Backend { weight, key, rewrite: NONE, ..Backend::default() }
        })
        .collect();
    let name = draft.text("split");
    let rule = &mut draft.rules[0];
    rule.backends = Rows { start: 0, len: weights.len() as u32 };
    rule.sticky = Key { source: KeySource::Header as u8, header: 0, name };
    if !cookie.is_empty() {
        rule.sticky = Key { source: KeySource::Cookie as u8, header: 1, name };
        draft.rules[0].sticky_cookie = draft.text(cookie);
    }
    draft
}

fn backend(mesh: &mut Running, headers: [Option<&[u8]>; 3]) -> u32 {
    let send = mesh.send(&Request { headers: &headers, ..GET });
    mesh.machine.abandon(send.ticket, mesh.now, &mut ());
    send.backend
}

fn of(mesh: &mut Running, user: &str) -> u32 {
    backend(mesh, [Some(user.as_bytes()), None, None])
}

#[test]
fn a_key_stays_with_its_backend_and_shares_hold_within_a_twentieth() {
    for weights in [&[80, 20][..], &[50, 50], &[1, 1, 2], &[95, 5]] {
        let mut mesh = Running::of(&split(weights, ""));
        let mut seen = alloc::vec![0u32; weights.len()];
        for user in 0..10_000 {
            let user = format!("user-{user}");
            let found = of(&mut mesh, &user);
            assert_eq!(of(&mut mesh, &user), found);
            seen[found as usize] += 1;
        }
        let sum: u32 = weights.iter().sum();
        for (count, weight) in seen.iter().zip(weights) {
            let (share, want) = (f64::from(*count) / 1e4, f64::from(*weight) / f64::from(sum));
            assert!((share - want).abs() < 0.05, "{seen:?} {weights:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn as_a_canary_grows_callers_move_to_it_and_to_nobody_else(
        stable in prop::collection::vec(1u32..100, 1..=2),
        prefix in "[a-z]{0,12}",
        steps in prop::sample::subsequence(alloc::vec![0u32, 1, 5, 20, 50, 100, 1_000], 2..=6),
    ) {
        let canary = stable.len() as u32;
        let mut before: Option<Vec<u32>> = None;
        for weight in steps {
            let weights: Vec<u32> = stable.iter().copied().chain([weight]).collect();
            let mut mesh = Running::of(&split(&weights, ""));
            let now: Vec<u32> = (0..300).map(|user| of(&mut mesh, &format!("{prefix}{user}"))).collect();
            if let Some(before) = before {
                for (old, new) in before.iter().zip(&now) {
                    prop_assert!(old == new || *new == canary, "{} -> {}", old, new);
                }
            }
            if weight == 0 {
                prop_assert!(!now.contains(&canary));
            }
            before = Some(now);
        }
    }
}

#[test]
fn the_cookie_that_is_set_keeps_its_caller() {
    let mut mesh = Running::of(&split(&[50, 50], "; Path=/"));
    let mut seen = BTreeMap::<u32, u32>::new();
    for _ in 0..300 {
        let first = backend(&mut mesh, [None, Some(b"other=1"), None]);
        let notes = *mesh.machine.notes();
        assert_eq!(notes.rule, 0);
        *seen.entry(first).or_default() += 1;
        let cookie: String = format!("a=b; split={:016x}", notes.cookie.unwrap());
        for _ in 0..2 {
            assert_eq!(backend(&mut mesh, [None, Some(cookie.as_bytes()), None]), first);
            assert_eq!(mesh.machine.notes().cookie, None, "it has one");
        }
    }
    assert!(seen.values().all(|&count| count > 100) && seen.len() == 2, "{seen:?}");
}

#[test]
fn a_header_that_is_missing_is_drawn_and_sets_no_cookie() {
    let mut mesh = Running::of(&split(&[50, 50], ""));
    let mut seen = [0u32; 2];
    for _ in 0..2_000 {
        seen[backend(&mut mesh, [None, None, None]) as usize] += 1;
        assert_eq!(mesh.machine.notes().cookie, None);
    }
    assert!(seen[0].abs_diff(1_000) < 100, "{seen:?}");
}

#[test]
fn pins_go_before_sticky_keys_and_weights() {
    for cookie in ["", "; Path=/"] {
        let mut draft = split(&[100, 0, 100], cookie);
        draft.backends[1].pins = Rows { start: 0, len: 1 };
        let mut mesh = Running::of(&draft);
        for user in 0..50 {
            let user = format!("{user}");
            let tester = [Some(user.as_bytes()), None, Some(&b"1"[..])];
            assert_eq!(backend(&mut mesh, tester), 1, "a weight of 0 does not matter");
            assert_eq!(mesh.machine.notes().cookie, None);
            assert_ne!(of(&mut mesh, &user), 1);
        }
        // of two, the first declared
        draft.backends[2].pins = Rows { start: 0, len: 1 };
        let mut mesh = Running::of(&draft);
        assert_eq!(backend(&mut mesh, [None, None, Some(b"")]), 1);
    }
}

#[test]
fn rows_that_are_not_there_are_not_chosen() {
    for (start, len) in [(0, NONE), (1, NONE), (0, 7)] {
        for cookie in ["", "; Path=/"] {
            let mut draft = split(&[1, 1], cookie);
            draft.rules[0].backends = Rows { start, len };
            let mut mesh = Running::of(&draft);
            for user in 0..50 {
                let found = of(&mut mesh, &format!("{user}"));
                assert!((start..2).contains(&found));
            }
        }
    }
    for rows in [Rows { start: 9, len: NONE }, Rows { start: NONE, len: NONE }] {
        let mut draft = split(&[1, 1], "; Path=/");
        draft.rules[0].backends = rows;
        assert_eq!(Running::of(&draft).refused(&GET), answer(500, Reason::NoBackend));
    }
    let mut mesh = Running::of(&split(&[0, 0], ""));
    let headers = [Some(&b"a"[..]), None, None];
    let found = mesh.refused(&Request { headers: &headers, ..GET });
    assert_eq!(found, answer(500, Reason::NoBackend));
}

/// One backend that may use the endpoints of these places.
fn restricted(plan: &Plan, places: &[u32]) -> SnapshotDraft {
    let mut draft = plan.draft();
    draft.backends[0].subset = places.iter().fold(RESTRICTED, |bits, place| bits | 1 << place);
    draft
}

#[test]
fn attempts_stay_inside_the_version_range() {
    let mut plan = Plan::of(6);
    plan.policy.retry.retries = 5;
    for places in [&[1, 4][..], &[0], &[5], &[2, 3, 5]] {
        let mut mesh = Running::of(&restricted(&plan, places));
        let mut seen = alloc::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut step = mesh.begin(&GET);
            // first each of them once, then again: there is nothing else
            for attempt in 0..4 {
                let Step::Send(send) = step else { break };
                assert!(places.contains(&send.endpoint), "{attempt} {}", send.endpoint);
                seen.insert(send.endpoint);
                let outcome =
                    if attempt < 3 { Outcome::ConnectFailure } else { Outcome::status(200) };
                step = mesh.resume(send.ticket, outcome);
            }
        }
        assert_eq!(seen.len(), places.len());
        mesh.assert_idle();
    }
}

#[test]
fn places_of_an_older_snapshot_bind_no_retry() {
    let plan = Plan::of(3);
    let mut mesh = Running::of(&restricted(&plan, &[2]));
    let send = mesh.send(&GET);
    // the one that it may use is the only one now, at another place
    let mut left = plan.draft();
    left.endpoints.drain(..2);
    left.services[0].endpoints.len = 1;
    mesh.machine.swap(Running::of(&left).machine.snapshot().clone(), mesh.now);
    let again = mesh.resume(send.ticket, Outcome::Reset).sent();
    assert_eq!((again.endpoint, again.attempt), (0, 2));
    mesh.machine.abandon(again.ticket, mesh.now, &mut ());
    mesh.assert_idle();
}

#[test]
fn a_call_by_name_uses_them_all() {
    let mut mesh = Running::of(&restricted(&Plan::of(6), &[1]));
    let mut seen = alloc::collections::BTreeSet::new();
    for _ in 0..200 {
        let send = mesh.machine.begin_service(0, &GET, mesh.now, &mut ()).sent();
        seen.insert(send.endpoint);
        mesh.machine.abandon(send.ticket, mesh.now, &mut ());
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn a_range_without_an_endpoint_that_can_be_used_answers() {
    let mut mesh = Running::of(&restricted(&Plan::of(6), &[]));
    assert_eq!(mesh.refused(&GET), answer(503, Reason::NoEndpoint));
    let mut mesh = Running::of(&restricted(&Plan::of(6), &[2]));
    mesh.machine.set_reachable(2, false);
    assert_eq!(mesh.refused(&GET), answer(503, Reason::NoEndpoint));
    mesh.machine.set_reachable(2, true);
    mesh.machine.set_health(2, crate::snapshot::tables::Health::Unhealthy, mesh.now);
    assert_eq!(mesh.refused(&GET), answer(503, Reason::NoHealthyEndpoint));
    // bits past the service's endpoints are none of them
    let mut mesh = Running::of(&restricted(&Plan::of(2), &[7, 62]));
    assert_eq!(mesh.refused(&GET), answer(503, Reason::NoEndpoint));
}

#[test]
fn in_panic_requests_stay_inside_too() {
    let mut plan = Plan::of(6);
    plan.service.panic_percent = 60;
    for endpoint in &mut plan.endpoints[1..3] {
        endpoint.health = crate::snapshot::tables::Health::Unhealthy as u8;
    }
    let mut mesh = Running::of(&restricted(&plan, &[1, 2, 3]));
    for _ in 0..100 {
        let send = mesh.send(&GET);
        assert!((1..=3).contains(&send.endpoint));
        mesh.machine.abandon(send.ticket, mesh.now, &mut mesh.events);
    }
    assert_eq!(mesh.count(crate::event::EventKind::Panic), 100, "one of three is ready");
}

#[test]
fn endpoints_past_the_last_bit_are_outside_of_every_range() {
    let plan = Plan::of(70);
    let mut draft = plan.draft();
    draft.backends[0].subset = u64::MAX;
    let mut mesh = Running::of(&draft);
    for _ in 0..500 {
        let send = mesh.send(&GET);
        assert!(send.endpoint < 63, "{}", send.endpoint);
        mesh.machine.abandon(send.ticket, mesh.now, &mut ());
    }
}

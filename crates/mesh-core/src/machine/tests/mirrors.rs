use super::mesh::{GET, Plan, Running, SECOND, add_backend, add_service, answer};
use crate::{
    event::EventKind,
    limits::{LEASE_SECONDS_MAX, MIRRORS_MAX},
    machine::{Outcome, Request, Step},
    path,
    reason::Reason,
    snapshot::{
        Snapshot,
        draft::SnapshotDraft,
        tables::{Limit, Mirror, NONE, PathChange, Policy, Rewrite, Rows},
    },
    time::Micros,
};

/// Rule 0 with a copy for each share; all go to the service 1, which would retry, hedge and fall back.
fn mirrored(millionths: &[u32]) -> SnapshotDraft {
    let plan = Plan::of(1);
    let mut draft = plan.draft();
    let policy = Policy { hedge_after: SECOND, ..plan.policy };
    let shadow = add_service(&mut draft, "shadow", 2, policy);
    draft.policies[1].fallback = add_backend(&mut draft, 0);
    let backend = add_backend(&mut draft, shadow).start;
    draft.mirrors = millionths.iter().map(|&millionths| Mirror { backend, millionths }).collect();
    draft.backends[0].mirrors = Rows { start: 0, len: millionths.len() as u32 };
    draft
}

impl Running {
    fn copy(&mut self, mirror: u32, request: &Request<'_>) -> Step {
        let mut scratch = alloc::vec::Vec::new();
        let path = path::normal(request.path, &mut scratch).unwrap();
        self.machine.begin_mirror_at(mirror, request, path, self.now, &mut self.events)
    }
}

#[test]
fn each_mirror_gets_its_share_within_three_sigma() {
    let mut mesh = Running::of(&mirrored(&[0, 1_000_000, 500_000, 100_000]));
    let mut counts = [0; 4];
    for _ in 0..10_000 {
        mesh.served(&GET, 200);
        let notes = *mesh.machine.notes();
        assert_eq!(notes.first_mirror, 0);
        for (bit, count) in counts.iter_mut().enumerate() {
            *count += notes.mirrors >> bit & 1;
        }
    }
    assert_eq!(counts[..2], [0, 10_000]);
    assert!(counts[2].abs_diff(5_000) <= 150 && counts[3].abs_diff(1_000) <= 90, "{counts:?}");
    assert_eq!(mesh.machine.in_flight(), 0, "noting is not sending");
}

#[test]
fn a_copy_is_tried_once_whatever_its_service_does_otherwise() {
    for outcome in [
        Outcome::status(500),
        Outcome::Timeout,
        Outcome::Reset,
        Outcome::ConnectFailure,
        Outcome::Exception,
        Outcome::Cancelled,
        Outcome::status(200),
    ] {
        for swaps in [false, true] {
            let mut draft = mirrored(&[1_000_000]);
            draft.services[1].concurrency_initial = 5;
            draft.services[1].concurrency_max = 5;
            let mut mesh = Running::of(&draft);
            let send = mesh.copy(0, &GET).sent();
            assert_eq!((send.hedge, send.fallback, send.attempt), (Micros::ZERO, false, 1));
            assert!(send.endpoint > 0);
            if swaps {
                let same = mesh.machine.snapshot().clone();
                mesh.machine.swap(same, mesh.now);
            }
            let ticket = send.ticket.into_raw();
            assert_eq!(mesh.machine.hedge(ticket, 0, mesh.now, &mut ()), Step::Pending);
            let step = mesh.resume(crate::machine::Ticket::from_raw(ticket), outcome);
            assert!(matches!(step, Step::Deliver | Step::Respond(_)), "{step:?}");
            let told = mesh.told();
            let ends = told.iter().filter(|name| **name == "mirror_end").count();
            assert_eq!(ends, 1, "{told:?}");
            for never in
                ["request_end", "retry", "hedge", "fallback", "fallback_failed", "retry_denied"]
            {
                assert!(!told.contains(&never), "{told:?}");
            }
            mesh.assert_idle();
        }
    }
}

#[test]
fn a_copy_that_is_forgotten_ends_with_its_lease() {
    let mut mesh = Running::of(&mirrored(&[1_000_000]));
    let send = mesh.copy(0, &GET).sent();
    assert_eq!(mesh.in_flight(send.endpoint), 1);
    mesh.wait(Micros::from_secs(LEASE_SECONDS_MAX + 1));
    mesh.served(&GET, 200);
    assert_eq!(mesh.count(EventKind::LeaseExpired), 1);
    mesh.assert_idle();
    let send = mesh.copy(0, &GET).sent();
    mesh.machine.abandon(send.ticket, mesh.now, &mut mesh.events);
    assert_eq!(mesh.count(EventKind::MirrorEnd), 1);
    mesh.assert_idle();
}

#[test]
fn a_copy_is_rewritten_and_counts_at_its_service() {
    let mut draft = mirrored(&[1_000_000]);
    let value = draft.text("/v2/");
    draft.rewrites.push(Rewrite { path: PathChange::Prefix as u8, value, ..Rewrite::default() });
    let backend = draft.mirrors[0].backend as usize;
    draft.backends[backend].rewrite = 0;
    draft.limits.push(Limit { interval: SECOND, burst: SECOND, ..Limit::default() });
    draft.services[1].limits = Rows { start: 0, len: 1 };
    let mut mesh = Running::of(&draft);
    let send = mesh.copy(0, &GET).sent();
    assert!(send.rewritten);
    assert_eq!(mesh.machine.text(), b"/v2/users");
    assert_eq!(mesh.copy(0, &GET).answered(), answer(429, Reason::RateLimited));
    // the request itself is not limited by what its copies do
    mesh.served(&GET, 200);
}

#[test]
fn a_mirror_that_is_not_there_or_leads_nowhere_answers() {
    let mut mesh = Running::of(&mirrored(&[1_000_000]));
    assert_eq!(mesh.copy(7, &GET), Step::Respond(answer(404, Reason::NoRoute)));
    assert_eq!(mesh.copy(NONE, &GET), Step::Respond(answer(404, Reason::NoRoute)));
    let other = Request { path: b"/other", ..GET };
    assert_eq!(mesh.copy(0, &other), Step::Respond(answer(404, Reason::NoRoute)));
    let mut draft = mirrored(&[1_000_000]);
    draft.mirrors[0].backend = 99;
    assert_eq!(Running::of(&draft).copy(0, &GET), Step::Respond(answer(500, Reason::NoBackend)));
}

#[test]
fn no_run_notes_more_than_the_bound() {
    for mirrors in
        [Rows { start: 0, len: NONE }, Rows { start: 3, len: NONE }, Rows { start: NONE, len: 2 }]
    {
        let mut draft = mirrored(&[1_000_000; 12]);
        draft.backends[0].mirrors = mirrors;
        let mut mesh = Running::new(Snapshot::decode(&draft.encode()).unwrap());
        mesh.send(&GET);
        let noted = mesh.machine.notes().mirrors;
        assert_eq!(noted, if mirrors.start == NONE { 0 } else { (1 << MIRRORS_MAX) - 1 });
    }
}

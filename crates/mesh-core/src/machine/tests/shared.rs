//! What other isolates know, told to this one.

use super::mesh::{GET, Plan, Running};
use crate::{
    machine::{Outcome, Step},
    retry::{budget::RetryBudgetConfig, conditions::StatusSet},
    time::Micros,
};

/// Retries of so many failing requests, all within a ttl.
fn retries(mesh: &mut Running, requests: u32) -> u32 {
    for _ in 0..requests {
        let mut step = mesh.first(&GET, Outcome::status(500));
        while let Step::Send(send) = step {
            step = mesh.resume(send.ticket, Outcome::status(500));
        }
    }
    mesh.machine.service_state(0).unwrap().counters.retries
}

fn failing() -> Running {
    let mut plan = Plan::of(2);
    plan.policy.retry.conditions.statuses = StatusSet::range(500, 599);
    plan.policy.budget =
        RetryBudgetConfig { permille: 0, floor_per_second: 2, ..RetryBudgetConfig::DEFAULT };
    plan.service.breaker.consecutive_failures = 0;
    plan.service.breaker.success_ratio_permille = 0;
    plan.run()
}

#[test]
fn a_share_of_the_floor_is_all_that_this_isolate_may_spend() {
    for (millionths, least, most) in [(1_000_000, 20, 20), (250_000, 5, 5), (0, 0, 0)] {
        let mut mesh = failing();
        mesh.machine.set_share(0, millionths);
        let spent = retries(&mut mesh, 50);
        assert!((least..=most).contains(&spent), "{millionths}: {spent}");
    }
    // nobody's service is nobody's share
    let mut mesh = failing();
    mesh.machine.set_share(1, 0);
    assert_eq!(retries(&mut mesh, 50), 20);
}

#[test]
fn a_share_stays_over_snapshots() {
    let mut mesh = failing();
    mesh.machine.set_share(0, 0);
    let mut plan = Plan::of(3);
    plan.policy.budget =
        RetryBudgetConfig { permille: 0, floor_per_second: 100, ..RetryBudgetConfig::DEFAULT };
    plan.service.breaker.consecutive_failures = 0;
    plan.service.breaker.success_ratio_permille = 0;
    mesh.machine.swap(plan.snapshot(), mesh.now);
    assert_eq!(retries(&mut mesh, 50), 0);
}

fn limited() -> Plan {
    let mut plan = Plan::of(2);
    plan.service.concurrency_initial = 2;
    plan.service.concurrency_min = 1;
    plan.service.concurrency_max = 8;
    plan
}

fn room(mesh: &mut Running) -> usize {
    let begun = (0..20).map(|_| mesh.machine.begin(&GET, mesh.now, &mut ()));
    begun.filter(|step| matches!(step, Step::Send(_))).count()
}

#[test]
fn a_concurrency_limit_begins_where_others_are() {
    for (hint, expected) in [(None, 2), (Some(5), 5), (Some(100), 8), (Some(0), 2), (Some(1), 1)] {
        let mut mesh = limited().run();
        mesh.served(&GET, 200);
        if let Some(limit) = hint {
            mesh.machine.set_limit(0, limit);
        }
        assert_eq!(room(&mut mesh), expected, "{hint:?}");
    }
    let mut mesh = Plan::of(1).run();
    mesh.served(&GET, 200);
    mesh.machine.set_limit(0, 1);
    mesh.machine.set_limit(7, 1);
    assert_eq!(room(&mut mesh), 20, "a service without a limit gets none");
}

#[test]
fn what_was_learned_here_stands() {
    let mut mesh = limited().run();
    for _ in 0..20 {
        let send = mesh.send(&GET);
        mesh.wait(Micros::from_millis(10));
        assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
    }
    let learned = mesh.machine.service_state(0).unwrap().concurrency();
    assert!(learned > 0);
    mesh.machine.set_limit(0, 8);
    assert_eq!(mesh.machine.service_state(0).unwrap().concurrency(), learned);
}

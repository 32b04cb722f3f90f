use super::mesh::{GET, Plan, Running};
use crate::{
    event::EventKind,
    machine::{Outcome, Step},
    snapshot::tables::{Health, RESTRICTED},
};

/// `levels[n]` endpoints of priority n, in this order.
fn levels(levels: &[usize]) -> Plan {
    let mut plan = Plan::of(levels.iter().sum());
    let priorities =
        (0u8..).zip(levels).flat_map(|(priority, &count)| core::iter::repeat_n(priority, count));
    for (endpoint, priority) in plan.endpoints.iter_mut().zip(priorities) {
        endpoint.priority = priority;
    }
    plan
}

/// Percent of 10,000 requests at each endpoint.
fn shares(mesh: &mut Running, n: usize) -> alloc::vec::Vec<u32> {
    let mut seen = alloc::vec![0u32; n];
    for _ in 0..10_000 {
        let send = mesh.send(&GET);
        seen[send.endpoint as usize] += 1;
        mesh.machine.abandon(send.ticket, mesh.now, &mut ());
    }
    seen.iter().map(|count| (count + 50) / 100).collect()
}

fn down(mesh: &mut Running, endpoints: core::ops::Range<u32>) {
    for endpoint in endpoints {
        mesh.machine.set_health(endpoint, Health::Unhealthy, mesh.now);
    }
}

/// Percent that go past the first ten endpoints where so many of these are down.
fn spilled(down_count: u32) -> u32 {
    let mut mesh = levels(&[10, 2]).run();
    down(&mut mesh, 0..down_count);
    let shares = shares(&mut mesh, 12);
    shares[10..].iter().sum()
}

#[test]
fn the_first_level_takes_all_until_less_than_100_of_140_parts_are_ready() {
    // 8 of 10 count as 112 percent, 7 as 98, 5 as 70
    for (count, want) in [(0, 0), (1, 0), (2, 0), (3, 2), (5, 30), (8, 72), (10, 100)] {
        let found = spilled(count);
        assert!(found.abs_diff(want) <= 2, "{count} down: {found} for {want}");
    }
}

#[test]
fn the_next_levels_follow_in_order_whatever_their_numbers() {
    let mut plan = levels(&[2, 2, 2]);
    for endpoint in &mut plan.endpoints[4..] {
        endpoint.priority = 255;
    }
    let mut mesh = plan.run();
    assert_eq!(shares(&mut mesh, 6)[2..], [0, 0, 0, 0]);
    down(&mut mesh, 0..2);
    let found = shares(&mut mesh, 6);
    assert_eq!((found[0] + found[1], found[4] + found[5]), (0, 0));
    down(&mut mesh, 2..4);
    let found = shares(&mut mesh, 6);
    assert_eq!(found[4] + found[5], 100);
    down(&mut mesh, 4..6);
    assert!(matches!(mesh.begin(&GET), Step::Respond(_)));
}

#[test]
fn endpoints_out_of_reach_are_no_part_of_their_level() {
    let mut mesh = levels(&[10, 2]).run();
    for endpoint in 0..9 {
        mesh.machine.set_reachable(endpoint, false);
    }
    assert_eq!(shares(&mut mesh, 12)[9], 100);
}

#[test]
fn a_retry_tries_the_next_level_where_the_first_has_nothing_untried() {
    let mut mesh = levels(&[1, 1]).run();
    let send = mesh.send(&GET);
    assert_eq!(send.endpoint, 0);
    assert_eq!(mesh.resume(send.ticket, Outcome::Reset).sent().endpoint, 1);
}

#[test]
fn levels_count_only_what_the_version_range_leaves() {
    // of the first level the range leaves one that is ready; the others of it are down
    let mut draft = levels(&[6, 1]).draft();
    draft.backends[0].subset = RESTRICTED | 1 << 5 | 1 << 6;
    let mut mesh = Running::of(&draft);
    down(&mut mesh, 0..5);
    assert_eq!(shares(&mut mesh, 7)[5..], [100, 0]);
}

#[test]
fn in_panic_levels_do_not_count() {
    let mut plan = levels(&[2, 2]);
    plan.service.panic_percent = 60;
    let mut mesh = plan.run();
    down(&mut mesh, 0..2);
    let found = shares(&mut mesh, 4);
    assert!(found.iter().all(|share| *share > 10), "{found:?}");
    assert_eq!(mesh.count(EventKind::Panic), 10_000);
}

use alloc::vec::Vec;

use super::mesh::{GET, POST, Plan, Running, SECOND};
use crate::{
    balance::{Algorithm, geographic::Location, load_report::LoadReport},
    machine::{Caller, Outcome, Request, Step},
    snapshot::tables::{Health, KeySource},
    time::Micros,
};

fn balanced(algorithm: Algorithm, n: usize) -> Plan {
    let mut plan = Plan::of(n);
    plan.policy.balancer = algorithm.as_u8();
    plan
}

/// How often each of six endpoints was picked by requests that end at once.
fn shares(mesh: &mut Running, picks: u32) -> [u32; 6] {
    let mut seen = [0; 6];
    for _ in 0..picks {
        seen[mesh.served(&GET, 200) as usize] += 1;
    }
    seen
}

#[test]
fn no_balancer_takes_an_endpoint_that_is_down_or_out_of_reach() {
    for number in 0..=7 {
        let mut plan = balanced(Algorithm::P2c, 6);
        // 7 is a balancer of a newer build, and taken for the default
        plan.policy.balancer = number;
        plan.endpoints[0].health = Health::Unhealthy as u8;
        plan.endpoints[1].health = Health::Draining as u8;
        let mut mesh = plan.run();
        mesh.machine.set_reachable(2, false);
        let seen = shares(&mut mesh, 600);
        assert_eq!(seen[..3], [0, 0, 0], "{number}");
        assert_eq!(seen.iter().sum::<u32>(), 600);
    }
}

#[test]
fn an_endpoint_of_weight_zero_is_the_last_resort() {
    for algorithm in Algorithm::ALL {
        let mut plan = balanced(algorithm, 6);
        for endpoint in &mut plan.endpoints[1..] {
            endpoint.weight = 0;
        }
        let mut mesh = plan.run();
        assert_eq!(shares(&mut mesh, 100), [100, 0, 0, 0, 0, 0], "{algorithm:?}");
        mesh.machine.set_reachable(0, false);
        assert_eq!(shares(&mut mesh, 100)[0], 0, "{algorithm:?}");
    }
}

#[test]
fn round_robin_takes_each_in_turn() {
    let mut mesh = balanced(Algorithm::RoundRobin, 6).run();
    assert_eq!(shares(&mut mesh, 600), [100; 6]);
    let mut mesh = balanced(Algorithm::Adaptive, 6).run();
    assert_eq!(shares(&mut mesh, 600), [100; 6], "adaptive without reports is round robin");
}

#[test]
fn weights_hold() {
    let mut plan = balanced(Algorithm::Weighted, 6);
    for (endpoint, weight) in plan.endpoints.iter_mut().zip([1, 2, 3, 0, 4, 10]) {
        endpoint.weight = weight;
    }
    let seen = shares(&mut plan.run(), 20_000);
    for (count, want) in seen.into_iter().zip([1_000u32, 2_000, 3_000, 0, 4_000, 10_000]) {
        assert!(count.abs_diff(want) <= want / 20, "{seen:?}");
    }
}

#[test]
fn least_request_goes_where_nothing_waits() {
    let mut mesh = balanced(Algorithm::LeastRequest, 2).run();
    let slow = mesh.send(&GET);
    assert_eq!(shares(&mut mesh, 100)[1 - slow.endpoint as usize], 100);
}

#[test]
fn failures_that_come_fast_attract_no_traffic() {
    let mut mesh = Plan::of(2).run();
    let failed = mesh.served(&POST, 500);
    assert_eq!(shares(&mut mesh, 100)[1 - failed as usize], 100);
}

#[test]
fn the_same_key_goes_to_the_same_endpoint() {
    let mut plan = balanced(Algorithm::ConsistentHash, 6);
    plan.policy.hash.source = KeySource::Path as u8;
    let mut mesh = plan.run();
    let paths: Vec<_> = (0..100).map(|i| alloc::format!("/api/users/{i}").into_bytes()).collect();
    let picks = |mesh: &mut Running| -> Vec<u32> {
        paths.iter().map(|path| mesh.served(&Request { path, ..GET }, 200)).collect()
    };
    let before = picks(&mut mesh);
    assert_eq!(picks(&mut mesh), before);
    assert!((0..6).all(|number| before.contains(&number)));
    mesh.machine.set_reachable(3, false);
    for (before, after) in before.iter().zip(picks(&mut mesh)) {
        assert!(after != 3 && (*before == 3 || *before == after), "only the lost one's keys move");
    }
    // a retry leaves the key's endpoint
    let first = mesh.send(&GET);
    let again = mesh.resume(first.ticket, Outcome::status(500)).sent();
    assert_ne!(again.endpoint, first.endpoint);
}

#[test]
fn requests_without_a_key_spread() {
    let mut plan = balanced(Algorithm::ConsistentHash, 6);
    plan.policy.hash.source = KeySource::Header as u8;
    let seen = shares(&mut plan.run(), 6_000);
    assert!(seen.iter().all(|count| (800..1_200).contains(count)), "{seen:?}");
}

#[test]
fn the_nearest_endpoint_answers() {
    let mut plan = balanced(Algorithm::Geographic, 3);
    for (endpoint, place) in
        plan.endpoints.iter_mut().zip([(52.5, 13.4), (40.7, -74.0), (35.7, 139.7)])
    {
        (endpoint.latitude, endpoint.longitude) = place;
        endpoint.located = 1;
    }
    let mut mesh = plan.run();
    for (latitude, longitude, nearest) in [(48.9, 2.4, 0), (37.8, -122.4, 1), (37.6, 127.0, 2)] {
        let place = Location::from_degrees(latitude, longitude);
        let request = Request { caller: Caller { place, ..Caller::default() }, ..GET };
        assert_eq!(mesh.served(&request, 200), nearest);
    }
    let paris = Location::from_degrees(48.9, 2.4);
    let request = Request { caller: Caller { place: paris, ..Caller::default() }, ..GET };
    mesh.machine.set_health(0, Health::Draining, mesh.now);
    assert_eq!(mesh.served(&request, 200), 1, "the next nearest");
    // a caller whose place nobody knows
    mesh.served(&GET, 200);
}

#[test]
fn adaptive_follows_the_reports() {
    let mut mesh = balanced(Algorithm::Adaptive, 2).run();
    let report = |mesh: &mut Running| {
        let send = mesh.send(&GET);
        let rps = if send.endpoint == 0 { 300.0 } else { 100.0 };
        let load = LoadReport { application_utilization: 0.5, rps, ..LoadReport::default() };
        let outcome = Outcome::Response {
            status: 200,
            retry_after: None,
            grpc: None,
            load: Some(load),
            again: false,
        };
        assert_eq!(mesh.resume(send.ticket, outcome), Step::Deliver);
    };
    for _ in 0..22 {
        report(&mut mesh);
        mesh.wait(SECOND);
    }
    let seen = shares(&mut mesh, 4_000);
    assert!((2_850..3_150).contains(&seen[0]), "{seen:?}");
    mesh.wait(Micros::from_secs(200));
    assert_eq!(shares(&mut mesh, 4_000)[0], 2_000, "reports expire");
}

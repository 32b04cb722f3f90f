//! The supermarket model: Poisson arrivals, exponential service of mean 1, first come first
//! served, 100 servers; the mean time in the system against the known limit for many servers
//! (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing). And a pool in which one
//! endpoint fails fast, which must repel traffic.

use alloc::collections::VecDeque;

use mesh_core::{
    balance::{
        least_request::{self, Load},
        p2c,
        peak_ewma::{PENALTY, PeakEwma},
    },
    dice::{Dice, SeededDice},
    time::{Micros, Timestamp},
};

const SERVERS: u32 = 100;
const JOBS: u32 = 300_000;
/// Arrivals before counting starts: an empty supermarket is faster than a settled one.
const WARM_UP: u32 = 100_000;

struct Server {
    /// When each job in the system leaves; the last one is also when the server is free.
    leaves: VecDeque<f64>,
}

fn exponential(dice: &mut SeededDice, mean: f64) -> f64 {
    -(1.0 - dice.unit()).ln() * mean
}

/// The mean time in the system where `choose` sees the number of jobs at each server.
fn mean_time(load: f64, choose: impl Fn(&mut SeededDice, &dyn Fn(u32) -> u32) -> u32) -> f64 {
    let mut dice = SeededDice::new(42);
    let mut picks = SeededDice::new(43);
    let mut servers: Vec<Server> =
        (0..SERVERS).map(|_| Server { leaves: VecDeque::new() }).collect();
    let (mut now, mut sum) = (0.0, 0.0);
    for job in 0..WARM_UP + JOBS {
        now += exponential(&mut dice, 1.0 / (load * f64::from(SERVERS)));
        let queued = |i: u32| {
            let gone = servers[i as usize].leaves.partition_point(|leaves| *leaves <= now);
            u32::try_from(servers[i as usize].leaves.len() - gone).unwrap()
        };
        let at = choose(&mut picks, &queued);
        let server = &mut servers[at as usize];
        while server.leaves.front().is_some_and(|leaves| *leaves <= now) {
            server.leaves.pop_front();
        }
        let starts = server.leaves.back().copied().unwrap_or(now);
        let leaves = starts + exponential(&mut dice, 1.0);
        server.leaves.push_back(leaves);
        if job >= WARM_UP {
            sum += leaves - now;
        }
    }
    sum / f64::from(JOBS)
}

fn random(load: f64) -> f64 {
    mean_time(load, |dice, _| dice.below(SERVERS))
}

fn two_choices(load: f64) -> f64 {
    mean_time(load, |dice, queued| p2c::pick(SERVERS, dice, queued).unwrap())
}

fn least_of_two(load: f64) -> f64 {
    mean_time(load, |dice, queued| {
        least_request::pick(SERVERS, dice, |i| Load { active: queued(i), weight: 1 }).unwrap()
    })
}

fn assert_within(ours: f64, theory: f64, tolerance: f64) {
    assert!((ours / theory - 1.0).abs() <= tolerance, "{ours} against {theory}");
}

#[test]
fn random_meets_the_theory() {
    for (load, theory) in [(0.5, 2.0), (0.7, 3.3333), (0.9, 10.0)] {
        assert_within(random(load), theory, 0.10);
    }
}

#[test]
fn p2c_meets_the_theory() {
    for (load, theory) in [(0.5, 1.2657), (0.7, 1.6145), (0.9, 2.6141)] {
        assert_within(two_choices(load), theory, 0.05);
    }
}

#[test]
fn least_request_meets_the_theory() {
    for (load, theory) in [(0.5, 1.2657), (0.7, 1.6145), (0.9, 2.6141)] {
        assert_within(least_of_two(load), theory, 0.05);
    }
}

#[test]
fn p2c_at_nine_tenths_is_three_and_a_half_times_better_than_random() {
    let (random, two) = (random(0.9), two_choices(0.9));
    assert!(random / two >= 3.5, "{random} {two}");
}

/// The share of 30 s of traffic that endpoint 0 of 3 gets, when it answers in 1 ms and the others
/// in 20 ms, with its answers failures or not.
fn share_of_the_fast_one(fails: bool) -> f64 {
    let mut dice = SeededDice::new(7);
    let mut latency = [PeakEwma::default(); 3];
    let mut hits = 0u32;
    for request in 0..3_000u64 {
        let now = Timestamp::from_millis(1_000 + request * 10);
        for endpoint in &mut latency {
            endpoint.start(now);
        }
        let at = p2c::pick(3, &mut dice, |i| latency[i as usize].cost(0, now)).unwrap();
        let endpoint = &mut latency[at as usize];
        if at > 0 {
            endpoint.record(Micros::from_millis(20), now);
        } else {
            hits += 1;
            if fails {
                endpoint.record_failure(PENALTY, None, now);
            } else {
                endpoint.record(Micros::from_millis(1), now);
            }
        }
    }
    f64::from(hits) / 3_000.0
}

#[test]
fn an_endpoint_that_fails_fast_attracts_no_traffic() {
    assert!(share_of_the_fast_one(false) > 0.6);
    assert!(share_of_the_fast_one(true) < 0.01);
}

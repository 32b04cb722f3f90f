//! A pool in which one endpoint fails fast, which must repel traffic.

use mesh_core::{
    balance::{
        p2c,
        peak_ewma::{PENALTY, PeakEwma},
    },
    dice::SeededDice,
    time::{Micros, Timestamp},
};

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

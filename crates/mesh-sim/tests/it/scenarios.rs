//! Every bound that a scenario states, with several seeds.

use mesh_sim::{
    figure::Figure,
    scenario::{retry_storm, slow_endpoint, supermarket},
};

const SEEDS: [u64; 2] = [1, 42];

fn assert_all_hold(figures: &[Figure]) {
    assert!(figures.iter().any(|figure| figure.bound.is_some()), "nothing was checked");
    let missed: Vec<String> =
        figures.iter().filter(|figure| !figure.is_ok()).map(ToString::to_string).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn supermarket() {
    // a quarter of the full length: in a debug build the full one takes a minute
    let length = supermarket::Length { requests: 75_000, warm_up: 25_000 };
    assert_all_hold(&supermarket::figures(1, length).unwrap());
}

#[test]
fn slow_endpoint() {
    for seed in SEEDS {
        assert_all_hold(&slow_endpoint::figures(seed, 2).unwrap());
    }
}

#[test]
fn retry_storm() {
    for seed in SEEDS {
        assert_all_hold(&retry_storm::figures(seed).unwrap());
    }
}

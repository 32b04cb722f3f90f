//! Every bound that a scenario states. One test for each part, so that none takes long.

use mesh_sim::{
    figure::Figure,
    scenario::{
        global_limit, retry_storm, shared_outlier, slow_endpoint,
        supermarket::{self, Length, Theory},
    },
};

fn assert_all_hold(figures: &[Figure]) {
    assert!(figures.iter().any(|figure| figure.bound.is_some()), "nothing was checked");
    let missed: Vec<String> =
        figures.iter().filter(|figure| !figure.is_ok()).map(ToString::to_string).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// A quarter of the full length: in a debug build the full one takes long.
fn supermarket_holds(theory: Theory) {
    let length = Length { requests: 75_000, warm_up: 25_000 };
    assert_all_hold(&supermarket::figures_at(theory, 1, length).unwrap());
}

#[test]
fn supermarket_at_the_lightest_load() {
    supermarket_holds(supermarket::THEORY[0]);
}

#[test]
fn supermarket_at_the_middle_load() {
    supermarket_holds(supermarket::THEORY[1]);
}

#[test]
fn supermarket_at_the_heaviest_load() {
    supermarket_holds(supermarket::THEORY[2]);
}

#[test]
fn slow_endpoint_with_one_seed() {
    assert_all_hold(&slow_endpoint::figures(1, 2).unwrap());
}

#[test]
fn slow_endpoint_with_another_seed() {
    assert_all_hold(&slow_endpoint::figures(42, 2).unwrap());
}

#[test]
fn retry_storm_with_one_seed() {
    assert_all_hold(&retry_storm::figures(1).unwrap());
}

#[test]
fn retry_storm_with_another_seed() {
    assert_all_hold(&retry_storm::figures(42).unwrap());
}

#[test]
fn global_limit_with_one_seed() {
    assert_all_hold(&global_limit::figures(1).unwrap());
}

#[test]
fn global_limit_with_another_seed() {
    assert_all_hold(&global_limit::figures(42).unwrap());
}

#[test]
fn a_shared_outlier_with_several_seeds() {
    for seed in [1, 2, 7, 42, 1_000] {
        assert_all_hold(&shared_outlier::figures(seed).unwrap());
    }
}

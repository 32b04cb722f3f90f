//! One isolate before a pool.

use mesh_sim::pool::{Measured, Pool};

fn pool(settings: &str, service_s: f64) -> Pool {
    Pool {
        settings: settings.to_owned(),
        service_s: vec![service_s; 2],
        gap_s: 0.01,
        requests: 2_000,
        warm_up: 100,
    }
}

fn run(pool: &Pool, seed: u64) -> Measured {
    pool.run(seed).unwrap()
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_not() {
    let pool = pool("", 0.004);
    assert_eq!(run(&pool, 1), run(&pool, 1));
    assert_ne!(run(&pool, 1), run(&pool, 2));
}

#[test]
fn every_request_is_measured_but_those_of_the_warm_up() {
    let measured = run(&pool("\"retries\": false,", 0.004), 1);
    assert_eq!(measured.times.count(), 2_000);
    assert_eq!(measured.attempts.iter().sum::<u32>(), 2_100);
    assert_eq!(measured.failed, 0);
}

#[test]
fn what_is_slower_than_its_timeout_fails_or_is_tried_again() {
    let timeout = "\"timeout\": { \"attempt\": \"8ms\" }, \"breaker\": false, ";
    let once = run(&pool(&format!("{timeout}\"retries\": false,"), 0.004), 1);
    assert!(once.failed > 100, "{} failed", once.failed);
    assert!(once.times.quantile_s(1_000) <= 0.008);
    let twice = run(&pool(&format!("{timeout}\"retries\": 1,"), 0.004), 1);
    assert!(twice.failed < once.failed / 2, "{} of {} failed", twice.failed, once.failed);
    assert!(twice.attempts.iter().sum::<u32>() > 2_200);
}

#[test]
fn settings_that_do_not_compile_are_an_error() {
    assert!(pool("\"timeout\": \"soon\",", 0.004).run(1).is_err());
}

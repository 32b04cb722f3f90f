//! A chain of services, counted by hand.

use mesh_sim::chain::{Chain, Failure, LastWords, Load};

fn chain(retries: &str, failure: Failure) -> Chain {
    Chain {
        layers: vec![format!("\"breaker\": false, \"retries\": {retries},"); 3],
        isolates: 2,
        requests_per_second: 20.0,
        duration_s: 20.0,
        failure,
        last_words: LastWords::Untold,
    }
}

fn run(chain: &Chain) -> Load {
    chain.run(7).unwrap()
}

#[test]
fn without_retries_every_service_gets_each_request_once() {
    let load = run(&chain("false", Failure::Requests(0.5)));
    assert!(load.requests > 300);
    assert_eq!(load.calls, [load.requests; 3]);
    assert_eq!(load.failed, load.bottom_failures);
    assert!((load.failed_share() - 0.5).abs() < 0.1, "{}", load.failed_share());
}

#[test]
fn without_budgets_each_layer_multiplies_what_fails_for_good() {
    let unbounded = "{ \"attempts\": 2, \"budget\": false }";
    let load = run(&chain(unbounded, Failure::Requests(1.0)));
    assert_eq!(load.failed, load.requests);
    assert_eq!(load.calls, [3, 9, 27].map(|times| times * load.requests));
}

#[test]
fn with_last_words_only_the_layer_above_the_failure_retries() {
    let unbounded = "{ \"attempts\": 2, \"budget\": false }";
    let chain = Chain { last_words: LastWords::Told, ..chain(unbounded, Failure::Requests(1.0)) };
    let load = run(&chain);
    assert_eq!(load.failed, load.requests);
    assert_eq!(load.calls, [1, 1, 3].map(|times| times * load.requests));
}

#[test]
fn nothing_is_retried_where_nothing_fails() {
    let load = run(&chain("3", Failure::Calls(0.0)));
    assert_eq!(load.calls, [load.requests; 3]);
    assert_eq!((load.failed, load.bottom_failures), (0, 0));
}

#[test]
fn a_bottom_without_capacity_serves_what_it_can() {
    let load = run(&chain("false", Failure::Capacity(10.0)));
    let served = load.requests - load.failed;
    // 20 s of 10 calls per second, and the queue at the end
    assert!((190..=225).contains(&served), "{served}");
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_not() {
    let chain = chain("2", Failure::Calls(0.3));
    assert_eq!(chain.run(1).unwrap(), chain.run(1).unwrap());
    assert_ne!(chain.run(1).unwrap(), chain.run(2).unwrap());
}

#[test]
fn settings_that_do_not_compile_are_an_error() {
    assert!(chain("-1", Failure::Calls(0.0)).run(1).is_err());
}

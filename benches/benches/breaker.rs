//! One attempt through a breaker: whether it is admitted, that it starts, and its result.
//! `all_fail` is an endpoint that never answers, so the breaker is Open most of the time.

use core::hint::black_box;

use criterion::Criterion;
use mesh_core::{
    breaker::{Breaker, BreakerConfig, Outcome, Report},
    dice::SeededDice,
    time::{Micros, Timestamp},
};

const PAUSE: Micros = Micros(50);
const LATENCY: Micros = Micros(250);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let config = BreakerConfig::DEFAULT;
    let mut group = criterion.benchmark_group("breaker");
    for (case, outcome) in [("success", Outcome::Success), ("all_fail", Outcome::Failure)] {
        let mut breaker = Breaker::new();
        let mut dice = SeededDice::new(1);
        let mut now = Timestamp::from_millis(1);
        let report = Report { outcome, latency: LATENCY, retry_after: None, may_open: true };
        group.bench_function(case, |bencher| {
            bencher.iter(|| {
                now = now.saturating_add(PAUSE);
                let admission = breaker.admits(black_box(&config), now);
                let (ticket, _) = breaker.on_start(admission, Micros::ZERO, &config, now);
                breaker.on_result(ticket, &report, &config, now.saturating_add(LATENCY), &mut dice)
            });
        });
    }
    group.finish();
    criterion.final_summary();
}

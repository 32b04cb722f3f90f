//! One decision: begin a request, then resume it with a good answer. `all_fail` is a mesh none of whose
//! endpoints answers: retries until the budget is spent, then open breakers. Every round goes once
//! through the requests of a table.

use core::hint::black_box;

use criterion::{Criterion, Throughput};
use mesh_benches::{Sample, github_mesh, large_mesh, machine, request};
use mesh_core::{
    machine::{Machine, Outcome, Step},
    time::{Micros, Timestamp},
};

/// Between two requests.
const PAUSE: Micros = Micros(50);
/// Between an attempt and its outcome.
const ATTEMPT: Micros = Micros(250);

/// Carries one request to its answer; every attempt ends with `outcome`. Says how many there were.
fn carry(machine: &mut Machine, sample: &Sample, outcome: &Outcome, now: &mut Timestamp) -> u32 {
    *now = now.saturating_add(PAUSE);
    let mut attempts = 0;
    let mut step = machine.begin(&request(sample), *now, &mut ());
    loop {
        step = match step {
            Step::Send(send) => {
                attempts += 1;
                *now = now.saturating_add(ATTEMPT);
                machine.resume(send.ticket, *outcome, 0, *now, &mut ())
            }
            Step::Wait(wait) => {
                *now = now.saturating_add(wait.delay);
                machine.resume(wait.ticket, Outcome::Waited, 0, *now, &mut ())
            }
            Step::Deliver | Step::Respond(_) | Step::Pending => return attempts,
        };
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, (snapshot, samples)) in [("github", github_mesh()), ("large", large_mesh())] {
        let mut group = criterion.benchmark_group(format!("decision/{name}"));
        group.throughput(Throughput::Elements(samples.len() as u64));
        for (case, outcome) in [("good", Outcome::status(200)), ("all_fail", Outcome::Reset)] {
            let mut machine = machine(&snapshot);
            let mut now = Timestamp::from_millis(1);
            group.bench_function(case, |bencher| {
                bencher.iter(|| {
                    samples
                        .iter()
                        .map(|sample| carry(&mut machine, black_box(sample), &outcome, &mut now))
                        .sum::<u32>()
                });
            });
            assert_eq!(machine.in_flight(), 0, "every request came to its end");
        }
        group.finish();
    }
    criterion.final_summary();
}

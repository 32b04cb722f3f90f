//! `cargo xtask ci`: everything that must pass before a change lands.

use crate::{
    cli::{Options, Task},
    clock::Stopwatch,
    context::Context,
    failure::Failure,
    suite::Suites,
    tasks::{TASKS, conformance, facts, lint, nostd, size, test},
};

/// The task.
pub(super) const TASK: Task =
    Task { name: "ci", about: "test, lint, nostd, size, conformance, facts", flags: &[], run };

const STEPS: &[&str] = &[
    test::TASK.name,
    lint::TASK.name,
    nostd::TASK.name,
    size::TASK.name,
    conformance::TASK.name,
    facts::TASK.name,
];

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let mut steps = Suites::default();
    // all of them, even after a failure: one run shows everything that is wrong
    for task in TASKS.iter().filter(|task| STEPS.contains(&task.name)) {
        let watch = Stopwatch::start();
        let outcome = match task.name {
            name if name == size::TASK.name => size::ratchet(context),
            name if name == conformance::TASK.name => conformance::ratchet(context),
            _ => (task.run)(context, options),
        };
        steps.step(task.name, outcome, watch);
    }
    steps.finish("ci")
}

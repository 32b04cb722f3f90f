//! `cargo xtask bench`: the Rust micro-benches, then every row of DESIGN §9 in workerd.

use crate::{
    cli::{Flag, Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
    tasks::npm,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "bench",
    about: "micro-benches, then the budget table measured in workerd beside the peers",
    flags: &[
        Flag::switch("json", "only [{row, unit, ours, peers, ratio, budget, ok}] on stdout"),
        Flag::switch("quick", "fewer rounds, no micro-benches: under two minutes once built"),
        Flag::valued(
            "only",
            "ROWS",
            "size, cold-start, decision, route-match, gateway, memory or scale",
        ),
    ],
    run,
};

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let harness = context.require("benches/workerd/run.mjs", "it measures in workerd")?;
    context.require("benches/Cargo.toml", "it holds the micro-benches")?;
    npm::build(context)?;
    if !options.has("quick") && !options.has("only") {
        context.step("micro-benches");
        Exec::cargo(context, "bench -p diddy-mesh-benches").run(context)?;
    }
    context.step("workerd, beside the peers");
    let measure = Exec::new(context, "node").arg(harness);
    options.words().iter().fold(measure, Exec::arg).results().run(context)
}

//! `cargo xtask sim`: the simulations of the brain, in simulated time, against their bounds.

use crate::{
    cli::{Flag, Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "sim",
    about: "simulations of the brain, as a table; fails where a bound is missed",
    flags: &[
        Flag::valued("seed", "N", "where the dice begin; 1 if not given"),
        Flag::switch("json", "only [{scenario, figure, value, bound, ok}] on stdout"),
    ],
    run,
};

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    context.require("crates/mesh-sim/Cargo.toml", "it is the simulator")?;
    context.step("simulations");
    let simulate = Exec::cargo(context, "run --quiet --release --package diddy-mesh-sim --");
    options.words().iter().fold(simulate, Exec::arg).results().run(context)
}

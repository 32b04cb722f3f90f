//! `cargo xtask demo`: builds everything and shows a shop with faults, mesh off and mesh on.

use crate::{
    cli::{Flag, Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
    node,
    tasks::npm,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "demo",
    about: "a shop of several Workers with faults, mesh off and on, as a table",
    flags: &[
        Flag::switch("json", "only {off, on} with their figures on stdout"),
        Flag::switch("serve", "leave the shop running on a loopback port, and say where"),
        Flag::valued("port", "PORT", "the port for --serve"),
        Flag::valued("requests", "N", "page loads a run"),
        Flag::valued("seed", "N", "what the shoppers do"),
    ],
    run,
};

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let demo = context.require("examples/shop/demo.mjs", "it is the demo")?;
    npm::build(context)?;
    let package = "examples/shop/package.json";
    let has_build = node::query(context, package, "Boolean(json.scripts?.build)")?;
    if has_build.iter().any(|line| line == "true") {
        context.step("examples/shop: build");
        Exec::new(context, "npm").words("run build --workspace examples/shop").run(context)?;
    }
    context.step("the shop");
    let show = Exec::new(context, "node").arg(demo);
    options.words().iter().fold(show, Exec::arg).results().run(context)
}

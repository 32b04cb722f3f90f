//! `cargo xtask conformance`: the Kubernetes Gateway API's conformance suite, against our decisions.

use std::path::PathBuf;

use crate::{
    cli::{Flag, Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "conformance",
    about: "the Gateway API's suite (MESH_SUITES, by default ../shared/suites) at decision level",
    flags: &[Flag::switch("json", "only {decision, workerd, failed} on stdout")],
    run,
};

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    context.require("crates/mesh-config/examples/conformance/main.rs", "it runs the suite")?;
    let suites = std::env::var_os("MESH_SUITES")
        .map_or_else(|| PathBuf::from("../shared/suites"), PathBuf::from);
    context.step("Gateway API conformance, decision level");
    let suite = Exec::cargo(context, "run -q -p diddy-mesh-config --example conformance --")
        .arg("--suites")
        .arg(suites);
    options.words().iter().fold(suite, Exec::arg).results().run(context)
}

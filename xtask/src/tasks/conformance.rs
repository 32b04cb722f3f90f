//! `cargo xtask conformance`: the Kubernetes Gateway API's conformance suite, against our decisions
//! and end to end in workerd.

use std::path::PathBuf;

use crate::{
    cli::{Flag, Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
    tasks::npm,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "conformance",
    about: "the Gateway API's suite (MESH_SUITES, by default ../shared/suites), in Rust and in workerd",
    flags: &[Flag::switch("json", "only {decision, workerd, failed} on stdout")],
    run,
};

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    context.require("crates/mesh-config/examples/conformance/main.rs", "it decides the suite")?;
    let run = "npm/diddy-mesh/test/conformance/run.mjs";
    context.require(run, "it runs the suite in workerd")?;
    let suites = std::env::var_os("MESH_SUITES")
        .map_or_else(|| context.path("../shared/suites"), PathBuf::from);
    let cases = suites.join("gateway-api/cases.json");
    context.step("Gateway API conformance: decisions");
    let decide = Exec::cargo(context, "run -q -p diddy-mesh-config --example conformance --");
    let decide = decide.arg("--suites").arg(&suites);
    if !cases.exists() {
        // it says what is missing, and in JSON that nothing was run
        return options.words().iter().fold(decide, Exec::arg).results().run(context);
    }
    let dir = context.target("conformance");
    std::fs::create_dir_all(&dir).map_err(|error| Failure::file("make", &dir, &error))?;
    let worlds = dir.join("worlds.json");
    decide.arg("--worlds").arg(&worlds).run(context)?;
    npm::build(context)?;
    context.step("Gateway API conformance: workerd");
    let node = Exec::new(context, "node").arg(run).arg(&worlds).arg(&cases);
    options.words().iter().fold(node, Exec::arg).results().run(context)
}

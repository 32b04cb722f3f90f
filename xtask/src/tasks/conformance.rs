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
    flags: &[
        Flag::switch("json", "only {decision, workerd, failed} on stdout"),
        Flag::switch("ratchet", "fail where fewer cases are met than at the last landing"),
        Flag::switch("built", "take the npm package as it is, which spares a minute"),
    ],
    run,
};

/// Cases of the suite at the last landing, and how many of them were met by decisions and in
/// workerd. They may only grow.
const LANDED: &str = "204,202,202";

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let package = if options.has("built") { Package::Built } else { Package::Stale };
    let decide = suite(context, package)?;
    let decide = if options.has("json") { decide.arg("--json") } else { decide };
    let decide = if options.has("ratchet") { landed(decide) } else { decide };
    decide.run(context)
}

/// What `ci` asks, after the package was built: as many cases as last time, where there is a suite.
///
/// # Errors
/// Where fewer are met, or one is unmet without a reason.
pub(super) fn ratchet(context: &Context) -> Result<(), Failure> {
    landed(suite(context, Package::Built)?).run(context)
}

fn landed(decide: Exec) -> Exec {
    decide.arg("--landed").arg(LANDED)
}

/// Whether the npm package is what its sources say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Package {
    Stale,
    Built,
}

fn suite(context: &Context, package: Package) -> Result<Exec, Failure> {
    context.require("crates/mesh-config/examples/conformance/main.rs", "it decides the suite")?;
    let script = "npm/diddy-mesh/test/conformance/run.mjs";
    context.require(script, "it runs the suite in workerd")?;
    let suites = std::env::var_os("MESH_SUITES")
        .map_or_else(|| context.path("../shared/suites"), PathBuf::from);
    let decide = Exec::cargo(context, "run -q -p diddy-mesh-config --example conformance --");
    let mut decide = decide.arg("--suites").arg(&suites);
    // without a suite the program says what is missing, and that nothing was run
    if suites.join("gateway-api/cases.json").exists() {
        if package == Package::Stale {
            npm::build(context)?;
        }
        decide = decide.arg("--workerd").arg(context.path(script));
    }
    context.step("Gateway API conformance");
    Ok(decide.results())
}

//! `cargo xtask test`: every suite, and a count for each.

use std::path::PathBuf;

use crate::{
    cli::{Options, Task},
    clock::Stopwatch,
    context::Context,
    exec::Exec,
    failure::Failure,
    node, report,
    suite::Suites,
    tasks::{docs, npm},
    tools,
    wasm_build::{CONTROL, ENGINE},
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "test",
    about: "every test: Rust, wasm under Node, the npm package, the shop, the docs",
    flags: &[],
    run,
};

/// The directories of the package's own suites; a missing one would pass unseen.
const PACKAGE_SUITES: &[&str] = &["node", "workerd", "pack"];

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    let mut suites = Suites::default();
    let rust = Exec::cargo(context, "test --workspace");
    suites.run(context, "Rust", Ok(rust));

    let watch = Stopwatch::start();
    suites.step("build of the package", npm::build(context), watch);

    // core.wasm is the engine without some balancers, which the tests' own dependencies bring back, and events:
    // the suites of the package run it as it ships
    for module in [ENGINE, CONTROL] {
        let name = format!("mesh-wasm {} under Node", module.name);
        suites.run(context, &name, wasm_tests(context, module.features));
    }
    suites.run(context, "npm/diddy-mesh: node, workerd, pack", package_tests(context));
    suites.run(context, "examples/shop", npm_test(context, "examples/shop"));

    let watch = Stopwatch::start();
    suites.step("tarball under publint and attw", npm::check_tarball(context), watch);
    let watch = Stopwatch::start();
    suites.step("docs: links and commands", docs::check_texts(context), watch);
    if !suites_folder(context).exists() {
        let folder = suites_folder(context).display().to_string();
        report::say(&format!(
            "not run, as {folder} is not there (MESH_SUITES names it): the W3C trace-context cases"
        ));
    }
    suites.finish("test")
}

/// Test material that others wrote; not part of the repository.
fn suites_folder(context: &Context) -> PathBuf {
    std::env::var_os("MESH_SUITES").map_or_else(|| context.path("../shared/suites"), PathBuf::from)
}

/// `std`, because the test harness brings its own panic handler.
fn wasm_tests(context: &Context, features: &str) -> Result<Exec, Failure> {
    context.require("crates/mesh-wasm", "its tests run under Node")?;
    tools::install(context, &tools::WASM_BINDGEN)?;
    let runner = tools::program(context, "wasm-bindgen-test-runner");
    Ok(Exec::cargo(context, "test -p diddy-mesh-wasm --target wasm32-unknown-unknown")
        .words(&format!("--no-default-features --features {features},std"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner))
}

fn package_tests(context: &Context) -> Result<Exec, Failure> {
    for suite in PACKAGE_SUITES {
        context.require(&format!("npm/diddy-mesh/test/{suite}"), "a suite of the package")?;
    }
    npm_test(context, "npm/diddy-mesh")
}

fn npm_test(context: &Context, workspace: &str) -> Result<Exec, Failure> {
    let file = format!("{workspace}/package.json");
    let script = node::query(context, &file, "json.scripts?.test ?? ''")?;
    if script.iter().all(String::is_empty) {
        return Err(Failure::new(format!("{file} has no test script")));
    }
    Ok(Exec::new(context, "npm").words(&format!("test --workspace {workspace}")))
}

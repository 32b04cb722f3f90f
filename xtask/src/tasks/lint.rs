//! `cargo xtask lint`: format, clippy, rustdoc, types, and the checks on the files themselves.

use crate::{
    cli::{Options, Task},
    clock::Stopwatch,
    context::Context,
    exec::Exec,
    failure::Failure,
    hygiene::{self, Check},
    node,
    suite::Suites,
    tasks::{docs, fmt, npm},
    wasm_build::MODULES,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "lint",
    about: "format, clippy on both targets, rustdoc, TypeScript, file checks; no warning passes",
    flags: &[],
    run,
};

const CHECKS: &[Check] = &[
    ("cargo fmt", |context| fmt::format(context, true)),
    ("clippy", clippy),
    ("clippy of mesh-wasm for wasm", clippy_wasm),
    ("rustdoc", docs::rustdoc),
    ("TypeScript", types),
];

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    let mut steps = Suites::default();
    for (name, check) in CHECKS.iter().chain(hygiene::CHECKS) {
        context.step(name);
        let watch = Stopwatch::start();
        steps.step(name, check(context), watch);
    }
    steps.finish("lint")
}

fn clippy(context: &Context) -> Result<(), Failure> {
    Exec::cargo(context, "clippy --workspace --all-targets -- -D warnings").run(context)
}

/// Per module: engines and control are never built together.
fn clippy_wasm(context: &Context) -> Result<(), Failure> {
    context.require("crates/mesh-wasm", "clippy checks it for wasm32-unknown-unknown")?;
    for module in MODULES {
        let features = format!("--no-default-features --features {}", module.features);
        Exec::cargo(context, "clippy -p diddy-mesh-wasm --target wasm32-unknown-unknown")
            .words(&features)
            .words("-- -D warnings")
            .run(context)?;
    }
    Ok(())
}

/// Type-checks each npm workspace that has a tsconfig.json.
fn types(context: &Context) -> Result<(), Failure> {
    // the declarations of the wasm modules and of the package are build products
    npm::build(context)?;
    for workspace in node::workspaces(context)? {
        let config = context.path(&format!("{workspace}/tsconfig.json"));
        if config.exists() {
            let compiler = node::tool(context, "tsc")?;
            Exec::new(context, compiler).words("--noEmit -p").arg(config).run(context)?;
        }
    }
    Ok(())
}

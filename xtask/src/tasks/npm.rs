//! `cargo xtask npm`: builds the npm package and checks the tarball that would be published.

use crate::{
    cli::{Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
    generated, node,
    tasks::wasm,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "npm",
    about: "build npm/diddy-mesh, regenerate what is generated, check the packed tarball",
    flags: &[],
    run,
};

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    context.require("npm/diddy-mesh/package.json", "it is the package to build")?;
    generated::write(context)?;
    build(context)?;
    check_tarball(context)
}

/// Builds the wasm modules and the TypeScript host.
///
/// # Errors
/// When a part is missing or a tool fails.
pub(super) fn build(context: &Context) -> Result<(), Failure> {
    wasm::build(context)?;
    context.step("npm/diddy-mesh: build");
    Exec::new(context, "npm").words("run build --workspace npm/diddy-mesh").run(context)
}

/// Runs publint and attw on what `npm pack` makes of the built package.
///
/// # Errors
/// When either complains.
pub(super) fn check_tarball(context: &Context) -> Result<(), Failure> {
    context.step("npm/diddy-mesh: the packed tarball under publint and attw");
    let dir = context.target("npm");
    drop(std::fs::remove_dir_all(&dir));
    std::fs::create_dir_all(&dir).map_err(|error| Failure::file("make", &dir, &error))?;
    let packed = Exec::new(context, "npm")
        .words("pack --ignore-scripts --silent --workspace npm/diddy-mesh --pack-destination")
        .arg(&dir)
        .capture()?;
    let name = String::from_utf8_lossy(&packed).trim().to_owned();
    let tarball = dir.join(name.lines().last().unwrap_or_default());
    Exec::new(context, node::tool(context, "publint")?)
        .arg("run")
        .arg(&tarball)
        .arg("--strict")
        .run(context)?;
    // esm-only: there is no CommonJS entry to check; a .wasm import has no types to resolve
    Exec::new(context, node::tool(context, "attw")?)
        .arg(&tarball)
        .words("--profile esm-only --exclude-entrypoints engine.wasm core.wasm control.wasm")
        .run(context)
}

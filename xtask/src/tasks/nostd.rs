//! `cargo xtask nostd`: the brain needs no std, and the built engine asks its host for nothing.

use crate::{
    cli::{Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
    glue, report,
    tasks::wasm,
    wasm_build::ENGINE,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "nostd",
    about: "mesh-core without std; engine.wasm imports nothing but its own glue",
    flags: &[],
    run,
};

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    context.step("mesh-core on a target that has no std");
    Exec::cargo(context, "check -p diddy-mesh-core --no-default-features --target wasm32v1-none")
        .run(context)?;
    wasm::build(context)?;
    let imports = glue::check(context, ENGINE.name)?;
    report::say(&format!("engine.wasm: {imports} imports, all from its own glue"));
    Ok(())
}

//! `cargo xtask nostd`: the brain and the registry need no std, and the built engine asks its host for nothing.

use crate::{
    cli::{Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
    glue, report,
    tasks::wasm,
    wasm_build::{CORE, ENGINE},
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "nostd",
    about: "mesh-core and mesh-registry without std; the engines import nothing but their own glue",
    flags: &[],
    run,
};

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    context.step("mesh-core and mesh-registry on a target that has no std");
    let check = "check -p diddy-mesh-core --target wasm32v1-none";
    Exec::cargo(context, check).run(context)?;
    Exec::cargo(context, &format!("{check} --no-default-features")).run(context)?;
    Exec::cargo(context, "check -p diddy-mesh-registry --target wasm32v1-none").run(context)?;
    wasm::build(context)?;
    for module in [ENGINE, CORE] {
        let imports = glue::check(context, module.name)?;
        report::say(&format!("{}.wasm: {imports} imports, all from its own glue", module.name));
    }
    Ok(())
}

//! `cargo xtask wasm`: builds the wasm modules into the npm package.

use crate::{
    bundle,
    cli::{Options, Task},
    context::Context,
    failure::Failure,
    glue, node, report, tools,
    wasm_build::{self, MODULES},
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "wasm",
    about: "build engine.wasm, core.wasm and control.wasm into npm/diddy-mesh/wasm",
    flags: &[],
    run: |context, _: &Options| build(context),
};

/// Builds all modules, checks their imports and shows their sizes.
///
/// # Errors
/// When a tool fails or a module imports what its glue does not give.
pub(super) fn build(context: &Context) -> Result<(), Failure> {
    for tool in tools::ALL {
        tools::install(context, tool)?;
    }
    node::install(context)?;
    for module in MODULES {
        wasm_build::build(context, module)?;
        glue::check(context, module.name)?;
    }
    for module in MODULES {
        let file = context.path(&format!("npm/diddy-mesh/wasm/{}.wasm", module.name));
        let (raw, gzip) = bundle::measure(context, &file)?;
        let (raw, gzip) = (report::bytes(raw), report::bytes(gzip));
        context.step(&format!("{}.wasm: {raw} bytes, {gzip} gzipped", module.name));
    }
    Ok(())
}

//! `cargo xtask fmt`: formats all Rust code, imports in three blocks.

use crate::{
    cli::{Flag, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "fmt",
    about: "format the Rust code",
    flags: &[Flag::switch("check", "only say what is not formatted")],
    run: |context, options| format(context, options.has("check")),
};

/// Unstable options work on the stable rustfmt when given like this.
const OPTIONS: &str =
    "unstable_features=true,group_imports=StdExternalCrate,imports_granularity=Crate";

/// Formats, or checks.
///
/// # Errors
/// When checked code is not formatted.
pub(super) fn format(context: &Context, check: bool) -> Result<(), Failure> {
    let words = if check { "fmt --all --check -- --config" } else { "fmt --all -- --config" };
    Exec::cargo(context, words).arg(OPTIONS).run(context)
}

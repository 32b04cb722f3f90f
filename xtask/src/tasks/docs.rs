//! `cargo xtask docs`: the API documentation, and the texts beside it.

use crate::{
    cli::{Options, Task},
    context::Context,
    exec::Exec,
    failure::Failure,
    markdown,
    tasks::TASKS,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "docs",
    about: "build the API documentation without warnings; check links and commands in the texts",
    flags: &[],
    run,
};

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    rustdoc(context)?;
    check_texts(context)
}

/// Builds the API documentation of our own crates; a warning is a failure.
///
/// # Errors
/// When rustdoc warns.
pub(super) fn rustdoc(context: &Context) -> Result<(), Failure> {
    Exec::cargo(context, "doc --no-deps --workspace")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run(context)
}

/// Checks that links in Markdown files lead somewhere and that named commands exist.
///
/// # Errors
/// Everything that is wrong, at once.
pub(super) fn check_texts(context: &Context) -> Result<(), Failure> {
    context.step("links and commands in Markdown files");
    markdown::check(context, TASKS)
}

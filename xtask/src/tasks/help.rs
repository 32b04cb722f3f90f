//! `cargo xtask help`: the tasks and their flags.

use crate::{
    cli::{Options, Task},
    context::Context,
    failure::Failure,
    report,
    tasks::TASKS,
};

/// The task.
pub(super) const TASK: Task = Task { name: "help", about: "this list", flags: &[], run };

#[expect(clippy::unnecessary_wraps, reason = "every task has this type")]
fn run(_: &Context, _: &Options) -> Result<(), Failure> {
    report::result("cargo xtask <task> [flags]\n");
    for task in TASKS {
        report::result(&format!("  {:<11}  {}", task.name, task.about));
        for flag in task.flags {
            let value = flag.value.map_or_else(String::new, |value| format!(" {value}"));
            let flag_text = format!("--{}{value}", flag.name);
            report::result(&format!("               {flag_text:<13}  {}", flag.about));
        }
    }
    Ok(())
}

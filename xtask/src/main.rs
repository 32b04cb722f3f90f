//! `cargo xtask <task>`: everything this repository does to itself, one task per file in `tasks/`.
//!
//! Each task prints the plain commands that it runs, so that nobody depends on this program. What
//! people read goes to stderr; stdout carries results only, so `--json` stays clean.
#![expect(
    clippy::std_instead_of_alloc,
    reason = "a program on std; alloc's names buy nothing here"
)]

mod bundle;
mod cli;
mod clock;
mod context;
mod exec;
mod failure;
mod generated;
mod glue;
mod hygiene;
mod markdown;
mod node;
mod report;
mod suite;
mod tasks;
mod text;
mod tools;
mod tree;
mod wasm_build;
mod wasm_file;

use std::process::ExitCode;

use crate::failure::Failure;

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            report::say(&format!("xtask: {message}"));
            report::say("       cargo xtask help lists the tasks and their flags");
            ExitCode::from(2)
        }
        Err(Failure::Failed(message)) => {
            report::say(&format!("xtask: {message}"));
            ExitCode::FAILURE
        }
    }
}

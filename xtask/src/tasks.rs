//! The tasks, one per file.

mod bench;
mod ci;
mod conformance;
mod demo;
mod docs;
mod facts;
mod fmt;
mod help;
mod lint;
mod nostd;
mod npm;
mod sim;
mod size;
mod test;
mod tools;
mod wasm;

use crate::cli::Task;

/// In the order in which `help` lists them.
pub(crate) const TASKS: &[Task] = &[
    demo::TASK,
    test::TASK,
    lint::TASK,
    fmt::TASK,
    wasm::TASK,
    npm::TASK,
    size::TASK,
    bench::TASK,
    sim::TASK,
    conformance::TASK,
    nostd::TASK,
    docs::TASK,
    facts::TASK,
    tools::TASK,
    ci::TASK,
    help::TASK,
];

//! `cargo xtask tools`: installs every pinned tool, which other tasks do on first use.

use crate::{
    cli::{Options, Task},
    context::Context,
    failure::Failure,
    node, report, tools,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "tools",
    about: "install the pinned tools under target/tools, and the npm dependencies",
    flags: &[],
    run,
};

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    for tool in tools::ALL {
        tools::install(context, tool)?;
        report::result(&format!("{} {}", tool.package, tool.version));
    }
    node::install(context)?;
    for package in ["binaryen", "esbuild", "typescript", "miniflare", "wrangler"] {
        let file = format!("node_modules/{package}/package.json");
        for version in node::query(context, &file, "json.version")? {
            report::result(&format!("{package} {version}"));
        }
    }
    Ok(())
}

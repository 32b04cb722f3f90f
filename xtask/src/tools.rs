//! The pinned tools, installed under `target/tools` on first use.

use std::path::PathBuf;

use crate::{context::Context, exec::Exec, failure::Failure};

/// A program that cargo builds from the registry.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The package on the registry.
    pub(crate) package: &'static str,
    /// The exact version.
    pub(crate) version: &'static str,
    /// Programs it brings.
    programs: &'static [&'static str],
    locked: bool,
}

/// Must equal the wasm-bindgen crate in Cargo.lock; `cargo xtask facts` checks that.
///
/// Not `--locked`: the lock file it was published with names a crate version that is no longer in
/// the index, so cargo resolves its dependencies anew.
pub(crate) const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: "0.2.130",
    programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    locked: false,
};

/// Builds the wasm modules; finds wasm-bindgen on the PATH.
pub(crate) const WASM_PACK: Tool =
    Tool { package: "wasm-pack", version: "0.15.1", programs: &["wasm-pack"], locked: true };

/// All of them.
pub(crate) const ALL: &[&Tool] = &[&WASM_BINDGEN, &WASM_PACK];

/// Makes sure that a tool of exactly this version is installed.
///
/// # Errors
/// When cargo cannot build it.
pub(crate) fn install(context: &Context, tool: &Tool) -> Result<(), Failure> {
    if installed(context, tool) {
        return Ok(());
    }
    let Tool { package, version, locked, .. } = tool;
    context.step(&format!("{package} {version}: built once, this takes a minute or three"));
    let install = Exec::cargo(context, "install")
        .arg(package)
        .words(&format!("--version {version} --force --root"))
        .arg(context.path("target/tools"))
        // they run for a second at a time: compiling them is what takes long, by a third less so
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    let install = if *locked { install.arg("--locked") } else { install };
    install.run(context)
}

/// Where a tool's program is.
pub(crate) fn program(context: &Context, name: &str) -> PathBuf {
    context.path("target/tools/bin").join(name)
}

/// The PATH with our tools first.
///
/// # Errors
/// When the PATH cannot be put together.
pub(crate) fn path_variable(context: &Context) -> Result<std::ffi::OsString, Failure> {
    let own = context.path("target/tools/bin");
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(core::iter::once(own).chain(std::env::split_paths(&inherited)))
        .map_err(|error| Failure::new(format!("cannot extend the PATH: {error}")))
}

/// Cargo's own list of what it installed, and the programs themselves.
fn installed(context: &Context, tool: &Tool) -> bool {
    let entry = format!("\"{} {} (", tool.package, tool.version);
    let listed = std::fs::read_to_string(context.path("target/tools/.crates.toml"))
        .is_ok_and(|list| list.contains(&entry));
    listed && tool.programs.iter().all(|name| program(context, name).exists())
}

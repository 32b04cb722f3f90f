//! Builds `crates/mesh-wasm` into the modules of the npm package.
//!
//! The only place that calls wasm-pack.

use std::path::{Path, PathBuf};

use crate::{context::Context, exec::Exec, failure::Failure, node, tools};

/// One module: the file name, the cargo features and the link arguments.
#[derive(Debug)]
pub(crate) struct Module {
    /// File name in `npm/diddy-mesh/wasm`.
    pub(crate) name: &'static str,
    /// Cargo features of mesh-wasm.
    pub(crate) features: &'static str,
    /// For the linker, by way of `RUSTFLAGS`; empty for none.
    rustflags: &'static str,
    /// For the compiler.
    opt_level: &'static str,
}

/// Decides. Its stack is bounded: the default of 1 MiB would be most of an isolate's budget.
/// `s`: against `3` a tenth smaller gzipped and as fast in a whole decision; `z` saves 2 % more
/// and takes a third more time for a route.
pub(crate) const ENGINE: Module = Module {
    name: "engine",
    features: "engine,balancers,traffic,observe",
    rustflags: "-C link-arg=-zstack-size=65536",
    opt_level: "s",
};
/// The engine of `diddy-mesh/core`.
pub(crate) const CORE: Module = Module { name: "core", features: "engine", ..ENGINE };
/// Parses and compiles, seldom; serde recurses, so it keeps the default stack.
pub(crate) const CONTROL: Module =
    Module { name: "control", features: "control", rustflags: "", opt_level: "z" };
/// All of them.
pub(crate) const MODULES: &[Module] = &[ENGINE, CORE, CONTROL];

/// What rustc's wasm32-unknown-unknown enables by default; wasm-opt must not assume less or more.
const WASM_FEATURES: &str = "--enable-bulk-memory --enable-nontrapping-float-to-int \
     --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue";

/// `-O3`, not `-Oz`: measured on the engine, `-Oz` saves under 2 % of the gzipped size.
///
/// Larger functions with one caller stay apart: V8 compiles a function when it is first called, so
/// that what a request does not need costs the cold start of its isolate nothing. What every request
/// needs is inlined by rustc. Functions of one module stand side by side, as they are alike: gzip
/// makes 0.5 % less of the engines of it, and 4 % less of the control module.
const WASM_OPT: &str =
    "-O3 --converge --one-caller-inline-max-function-size=30 --reorder-functions-by-name";

/// Builds one module into `npm/diddy-mesh/wasm/<name>.{wasm,js,d.ts}`.
///
/// # Errors
/// When a part of the tree is missing or a tool fails.
pub(crate) fn build(context: &Context, module: &Module) -> Result<(), Failure> {
    let crate_dir = context.require("crates/mesh-wasm", "the wasm modules are built from it")?;
    context.require("npm/diddy-mesh/package.json", "the wasm modules go into that package")?;
    let Module { name, .. } = module;
    let staging = context.target("wasm").join(name);
    context.step(&format!("{name}.wasm: compile"));
    wasm_pack(context, module, &crate_dir, &staging)?;
    let out = context.path("npm/diddy-mesh/wasm");
    std::fs::create_dir_all(&out).map_err(|error| Failure::file("make", &out, &error))?;
    optimize(context, name, &staging, &out)?;
    drop_dispose(&staging.join(format!("{name}.d.ts")))?;
    for extension in ["js", "d.ts"] {
        let from = staging.join(format!("{name}.{extension}"));
        write_if_changed(&from, &out.join(format!("{name}.{extension}")))?;
    }
    Ok(())
}

/// Takes `Symbol.dispose` out of declarations: whoever checks them without the newest library of
/// `TypeScript` would get an error for a method that `free` stands beside.
fn drop_dispose(path: &Path) -> Result<(), Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    let kept: String =
        text.split_inclusive('\n').filter(|line| !line.contains("[Symbol.dispose]")).collect();
    std::fs::write(path, kept).map_err(|error| Failure::file("write", path, &error))
}

fn wasm_pack(
    context: &Context,
    module: &Module,
    crate_dir: &Path,
    staging: &Path,
) -> Result<(), Failure> {
    Exec::new(context, tools::program(context, "wasm-pack"))
        .words("build --mode no-install --target web --no-pack --no-opt --release --out-name")
        .arg(module.name)
        .arg("--out-dir")
        .arg(staging)
        .arg(crate_dir)
        .words(&format!("-- --no-default-features --features {}", module.features))
        .env("PATH", tools::path_variable(context)?)
        // of this target only: what runs on this machine must not be rebuilt for it
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", module.rustflags)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", module.opt_level)
        .run(context)
}

fn optimize(context: &Context, name: &str, staging: &Path, out: &Path) -> Result<(), Failure> {
    let input = staging.join(format!("{name}_bg.wasm"));
    let output = out.join(format!("{name}.wasm"));
    let done = staging.join("optimized-from.wasm");
    let bytes = std::fs::read(&input).map_err(|error| Failure::file("read", &input, &error))?;
    let options = format!("{WASM_OPT} --strip-debug --strip-producers {WASM_FEATURES}");
    let fresh = [options.as_bytes(), &bytes].concat();
    if output.exists() && std::fs::read(&done).is_ok_and(|before| before == fresh) {
        context.step(&format!("{name}.wasm: unchanged since it was optimized"));
        return Ok(());
    }
    context.step(&format!("{name}.wasm: optimize"));
    wasm_opt(context, &input, &options, &output)?;
    std::fs::write(&done, fresh).map_err(|error| Failure::file("write", &done, &error))
}

/// The shipped module again, this time with the names of its functions, for the size listing.
///
/// # Errors
/// When the module was not built yet, or wasm-opt fails.
pub(crate) fn named(context: &Context, module: &Module) -> Result<PathBuf, Failure> {
    let staging = context.target("wasm").join(module.name);
    let output = staging.join("named.wasm");
    let input = staging.join(format!("{}_bg.wasm", module.name));
    let options = format!("{WASM_OPT} -g --strip-producers {WASM_FEATURES}");
    wasm_opt(context, &input, &options, &output)?;
    Ok(output)
}

fn wasm_opt(context: &Context, input: &Path, words: &str, output: &Path) -> Result<(), Failure> {
    Exec::new(context, node::tool(context, "wasm-opt")?)
        .arg(input)
        .words(words)
        .arg("-o")
        .arg(output)
        .run(context)
}

/// Copies, but leaves an equal file's modification time alone, for the builds that look at it.
fn write_if_changed(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = std::fs::read(from).map_err(|error| Failure::file("read", from, &error))?;
    if std::fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    std::fs::write(to, bytes).map_err(|error| Failure::file("write", to, &error))
}

//! Files that are generated from Rust and committed, so that nothing needs Rust to use them.

use crate::{context::Context, exec::Exec, failure::Failure};

/// A generated file.
#[derive(Debug)]
struct Generated {
    /// Where it is committed.
    file: &'static str,
    /// The cargo command that prints it.
    command: &'static str,
    /// The crate that must exist.
    source: &'static str,
}

const GENERATED: &[Generated] = &[
    Generated {
        file: "npm/diddy-mesh/schema.json",
        command: "run --quiet -p diddy-mesh-config --example schema",
        source: "crates/mesh-config/examples/schema.rs",
    },
    Generated {
        file: "npm/diddy-mesh/src/generated/abi.ts",
        command: "run --quiet -p diddy-mesh-wasm --example abi",
        source: "crates/mesh-wasm/examples/abi.rs",
    },
];

/// Writes all of them.
///
/// # Errors
/// When a generator is missing or fails.
pub(crate) fn write(context: &Context) -> Result<(), Failure> {
    for generated in GENERATED {
        let fresh = generate(context, generated)?;
        let path = context.path(generated.file);
        if std::fs::read(&path).is_ok_and(|old| old == fresh) {
            continue;
        }
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(|error| Failure::file("make", dir, &error))?;
        }
        context.step(&format!("{}: rewritten", generated.file));
        std::fs::write(&path, fresh).map_err(|error| Failure::file("write", &path, &error))?;
    }
    Ok(())
}

/// The complaints about files that are not what their generator prints.
pub(crate) fn stale(context: &Context) -> Vec<String> {
    let check = |generated| {
        let fresh = match generate(context, generated) {
            Ok(fresh) => fresh,
            Err(failure) => return Some(failure.message().to_owned()),
        };
        let path = context.path(generated.file);
        let current = std::fs::read(path).is_ok_and(|committed| committed == fresh);
        (!current).then(|| format!("{} is not current: `cargo xtask npm`", generated.file))
    };
    GENERATED.iter().filter_map(check).collect()
}

fn generate(context: &Context, generated: &Generated) -> Result<Vec<u8>, Failure> {
    context.require(generated.source, &format!("it generates {}", generated.file))?;
    Exec::cargo(context, generated.command).capture()
}

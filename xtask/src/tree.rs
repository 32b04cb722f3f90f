//! Walks the files that people wrote: no build output, no dependencies.

use std::path::Path;

use crate::{context::Context, failure::Failure};

/// Directories that hold nothing written by hand.
const SKIPPED: &[&str] = &["target", "node_modules", "dist", "build", ".git", ".wrangler"];
/// Deeper than any real path here; a loop of links ends at it.
const DEPTH_MAX: usize = 16;

/// All written files below the root, sorted, as paths relative to it.
///
/// # Errors
/// When a directory cannot be read.
pub(crate) fn files(context: &Context) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    walk(context, &context.root, DEPTH_MAX, &mut found)?;
    found.sort_unstable();
    Ok(found)
}

fn walk(
    context: &Context,
    dir: &Path,
    depth: usize,
    found: &mut Vec<String>,
) -> Result<(), Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
    let unreadable = |error| Failure::file("list", dir, &error);
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            // npm/diddy-mesh/wasm is built by `cargo xtask wasm`
            let built = path.ends_with("npm/diddy-mesh/wasm");
            if !built && !SKIPPED.contains(&name.as_str()) {
                walk(context, &path, depth, found)?;
            }
        } else if kind.is_file() {
            found.push(relative(context, &path));
        }
    }
    Ok(())
}

fn relative(context: &Context, path: &Path) -> String {
    path.strip_prefix(&context.root).unwrap_or(path).to_string_lossy().into_owned()
}

//! Checks that a built module asks for nothing but what its own glue gives.

use crate::{context::Context, failure::Failure, wasm_file};

/// Checks `npm/diddy-mesh/wasm/<name>.wasm` against `<name>.js`; returns the number of imports.
///
/// # Errors
/// Names each foreign import.
pub(crate) fn check(context: &Context, name: &str) -> Result<usize, Failure> {
    let file = format!("npm/diddy-mesh/wasm/{name}.wasm");
    let path = context.require(&file, "`cargo xtask wasm` builds it")?;
    let bytes = std::fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
    let outline = wasm_file::outline(&bytes)
        .map_err(|why| Failure::new(format!("{file} cannot be read: {why}")))?;
    let js = context.read(&format!("npm/diddy-mesh/wasm/{name}.js"))?;
    let own = format!("./{name}_bg.js");
    let foreign: Vec<String> = outline
        .imports
        .iter()
        .filter(|import| import.module != own || !js.contains(&import.name))
        .map(|import| format!("{} from {}", import.name, import.module))
        .collect();
    if foreign.is_empty() {
        return Ok(outline.imports.len());
    }
    Err(Failure::new(format!("{file} imports what its glue does not give: {}", foreign.join(", "))))
}

//! Bundles an entry point as a Worker's bundler would, and weighs the result.

use std::path::{Path, PathBuf};

use crate::{context::Context, exec::Exec, failure::Failure, node};

/// What an entry point adds to a Worker, JavaScript and wasm together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Weight {
    /// As one imports it.
    pub(crate) entry: String,
    /// Bytes as uploaded.
    pub(crate) raw: usize,
    /// Sum of `gzip -9` of each file.
    pub(crate) gzip: usize,
    /// Of `gzip`, the JavaScript part.
    pub(crate) gzip_js: usize,
}

/// The package's entry points that are code, from the `exports` of its package.json.
///
/// # Errors
/// When package.json cannot be read.
pub(crate) fn entries(context: &Context) -> Result<Vec<String>, Failure> {
    let script = "Object.keys(json.exports).filter((key) => !/\\.(wasm|json)$/.test(key)) \
                  .map((key) => json.name + key.slice(1))";
    node::query(context, "npm/diddy-mesh/package.json", script)
}

/// Bundles one entry with everything it exports, so no user's bundle is bigger, and weighs it.
///
/// # Errors
/// When esbuild or gzip fails.
pub(crate) fn weigh(context: &Context, entry: &str) -> Result<Weight, Failure> {
    let dir = context.target("size").join(entry.replace('/', "-"));
    // an old bundle's wasm has a hash in its name, and would be weighed too
    drop(std::fs::remove_dir_all(&dir));
    let out = dir.join("out");
    std::fs::create_dir_all(&out).map_err(|error| Failure::file("make", &out, &error))?;
    let source = dir.join("worker.js");
    std::fs::write(&source, format!("export * from \"{entry}\";\n"))
        .map_err(|error| Failure::file("write", &source, &error))?;
    Exec::new(context, node::tool(context, "esbuild")?)
        .arg(&source)
        .words("--bundle --format=esm --minify --target=es2022 --log-level=warning")
        .words("--conditions=workerd,worker,browser --external:cloudflare:* --loader:.wasm=copy")
        // esbuild says this of linked packages only, and it is as intended: nothing is lost
        .arg("--log-override:ignored-bare-import=silent")
        // the entry file may lie outside the tree (CARGO_TARGET_DIR): resolve from the root
        .env("NODE_PATH", context.path("node_modules"))
        .arg(format!("--outdir={}", out.display()))
        .run(context)?;
    let mut weight = Weight { entry: entry.to_owned(), raw: 0, gzip: 0, gzip_js: 0 };
    for file in list(&out)? {
        let (raw, gzip) = measure(context, &file)?;
        weight.raw += raw;
        weight.gzip += gzip;
        if file.extension().is_some_and(|extension| extension == "js") {
            weight.gzip_js += gzip;
        }
    }
    Ok(weight)
}

/// The raw and the gzipped size of a file.
///
/// # Errors
/// When it cannot be read or gzip fails.
pub(crate) fn measure(context: &Context, file: &Path) -> Result<(usize, usize), Failure> {
    let raw = std::fs::metadata(file).map_err(|error| Failure::file("read", file, &error))?.len();
    let gzip = Exec::new(context, "gzip").words("-9 -n -c").arg(file).quiet().capture()?;
    let raw = usize::try_from(raw).map_err(|_| Failure::new("file larger than memory"))?;
    Ok((raw, gzip.len()))
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::file("list", dir, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        files.push(entry.map_err(unreadable)?.path());
    }
    files.sort_unstable();
    Ok(files)
}

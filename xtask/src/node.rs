//! Node.js, npm, and the tools that npm installs.

use std::path::PathBuf;

use crate::{context::Context, exec::Exec, failure::Failure};

/// The oldest Node.js major version that works; `engines` in package.json says the same.
pub(crate) const NODE_MAJOR_MIN: u32 = 20;

/// Checks Node.js, and installs the locked dependencies if the lock file changed since.
///
/// # Errors
/// When Node.js is missing or too old, or npm fails.
pub(crate) fn install(context: &Context) -> Result<(), Failure> {
    let version = Exec::new(context, "node").arg("--version").quiet().capture()?;
    let version = String::from_utf8_lossy(&version).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|m| m.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MAJOR_MIN) {
        return Err(Failure::new(format!(
            "Node.js {version} is too old: {NODE_MAJOR_MIN} or newer"
        )));
    }
    let lock = context.read("package-lock.json")?;
    let stamp = context.path("node_modules/.xtask-lock");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    context.step("npm dependencies, as locked");
    Exec::new(context, "npm").words("ci --no-audit --no-fund").run(context)?;
    std::fs::write(&stamp, lock).map_err(|error| Failure::file("write", &stamp, &error))
}

/// A tool that npm installed.
///
/// # Errors
/// When it is not there: package.json does not list it.
pub(crate) fn tool(context: &Context, name: &str) -> Result<PathBuf, Failure> {
    let path = format!("node_modules/.bin/{name}");
    context.require(&path, "package.json's devDependencies should bring it")
}

/// Evaluates an expression over a parsed JSON file (`json`), one result per line.
///
/// # Errors
/// When the file is missing or is no JSON.
pub(crate) fn query(context: &Context, file: &str, script: &str) -> Result<Vec<String>, Failure> {
    let path = context.require(file, "its facts are checked")?;
    let code = format!(
        "const json = JSON.parse(require('node:fs').readFileSync(process.argv[1], 'utf8')); \
         for (const line of [{script}].flat()) console.log(String(line))"
    );
    let out = Exec::new(context, "node").arg("-e").arg(code).arg(path).quiet().capture()?;
    Ok(String::from_utf8_lossy(&out).lines().map(str::to_owned).collect())
}

/// The npm workspaces of the root package.json that exist; each is a directory.
///
/// # Errors
/// When package.json lists a workspace that is not there.
pub(crate) fn workspaces(context: &Context) -> Result<Vec<String>, Failure> {
    let listed = query(context, "package.json", "json.workspaces ?? []")?;
    for workspace in &listed {
        context.require(&format!("{workspace}/package.json"), "package.json lists it")?;
    }
    Ok(listed)
}

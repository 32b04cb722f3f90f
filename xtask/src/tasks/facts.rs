//! `cargo xtask facts`: facts that are written in two places, compared.

use crate::{
    cli::{Options, Task},
    context::Context,
    failure::Failure,
    generated,
    hygiene::verdict,
    node, report,
    text::{locked_version, quoted, toml_value},
    tools, tree,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "facts",
    about: "versions and generated files that must agree with each other",
    flags: &[],
    run,
};

/// The documents that must name the oldest Rust; others may, and are held to it.
const MSRV_TEXTS: &[&str] = &["CONTRIBUTING.md"];
const PACKAGE: &str = "npm/diddy-mesh/package.json";

type Check = fn(&Context) -> Result<Vec<String>, Failure>;

const CHECKS: &[(&str, Check)] = &[
    ("oldest Rust: Cargo.toml and the texts", msrv),
    ("wasm-bindgen: the crate and the program", bindgen),
    ("version: crates and npm package", versions),
    ("npm dependencies: exact and equal everywhere", pins),
    ("oldest Node.js: engines and xtask", engines),
    ("generated files", |context| Ok(generated::stale(context))),
];

fn run(context: &Context, _: &Options) -> Result<(), Failure> {
    let mut complaints = Vec::new();
    for (name, check) in CHECKS {
        let found = match check(context) {
            Ok(found) => found,
            Err(failure) => vec![failure.message().to_owned()],
        };
        report::say(&format!("{} {name}", if found.is_empty() { "ok    " } else { "FAILED" }));
        complaints.extend(found);
    }
    verdict(&complaints)
}

/// Every `Rust 1.x` in the texts is the workspace's `rust-version`.
fn msrv(context: &Context) -> Result<Vec<String>, Failure> {
    let cargo = context.read("Cargo.toml")?;
    let msrv = workspace_value(&cargo, "rust-version")?;
    let mut complaints = Vec::new();
    for text in MSRV_TEXTS {
        if !context.read(text)?.contains(&format!("Rust {msrv}")) {
            complaints.push(format!("{text} does not say \"Rust {msrv}\", as Cargo.toml does"));
        }
    }
    for path in tree::files(context)?.iter().filter(|path| path.ends_with(".md")) {
        let text = context.read(path)?;
        for rest in text.split("Rust 1.").skip(1) {
            let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if format!("1.{minor}") != msrv {
                complaints.push(format!("{path} says Rust 1.{minor}, Cargo.toml says {msrv}"));
            }
        }
    }
    Ok(complaints)
}

fn bindgen(context: &Context) -> Result<Vec<String>, Failure> {
    let lock = context.read("Cargo.lock")?;
    let program = tools::WASM_BINDGEN.version;
    Ok(match locked_version(&lock, "wasm-bindgen") {
        Some(version) if version == program => Vec::new(),
        Some(version) => {
            vec![format!("Cargo.lock has wasm-bindgen {version}, xtask installs {program}")]
        }
        None => vec!["Cargo.lock has no wasm-bindgen: crates/mesh-wasm is missing".to_owned()],
    })
}

/// One version for all: workspace, its own path dependencies, the npm package, its lock entry.
fn versions(context: &Context) -> Result<Vec<String>, Failure> {
    let cargo = context.read("Cargo.toml")?;
    let version = workspace_value(&cargo, "version")?;
    let mut complaints = Vec::new();
    for line in cargo.lines().filter(|line| line.contains("path = \"crates/")) {
        let named = line.split_once("version = ").and_then(|(_, rest)| quoted(rest));
        if named != Some(version) {
            complaints.push(format!("Cargo.toml: version {version} expected in: {line}"));
        }
    }
    let lock = "json.packages['npm/diddy-mesh']?.version";
    for (file, script) in [(PACKAGE, "json.version"), ("package-lock.json", lock)] {
        for found in node::query(context, file, script)? {
            if found != version {
                complaints.push(format!("{file} has diddy-mesh {found}, Cargo.toml {version}"));
            }
        }
    }
    Ok(complaints)
}

/// Dependencies carry one exact version, the same in every package.json.
fn pins(context: &Context) -> Result<Vec<String>, Failure> {
    let script = "Object.entries({ ...json.dependencies, ...json.devDependencies }) \
                  .map(([name, version]) => name + ' ' + version)";
    let mut complaints = Vec::new();
    let mut seen: Vec<(String, String)> = Vec::new();
    for file in package_files(context)? {
        for line in node::query(context, &file, script)? {
            let Some((name, version)) = line.split_once(' ') else { continue };
            // our own package, by workspace
            if name == "diddy-mesh" {
                continue;
            }
            if !version.starts_with(|first: char| first.is_ascii_digit()) {
                complaints.push(format!("{file}: {name} {version} is not an exact version"));
            }
            match seen.iter().find(|(known, _)| known == name) {
                Some((_, other)) if other != version => {
                    complaints.push(format!("{file}: {name} {version}, elsewhere {other}"));
                }
                Some(_) => {}
                None => seen.push((name.to_owned(), version.to_owned())),
            }
        }
    }
    Ok(complaints)
}

fn engines(context: &Context) -> Result<Vec<String>, Failure> {
    let expected = format!(">={}", node::NODE_MAJOR_MIN);
    let mut complaints = Vec::new();
    for file in package_files(context)? {
        for found in node::query(context, &file, "json.engines?.node")? {
            if found != expected {
                complaints.push(format!("{file}: engines.node is {found}, not {expected}"));
            }
        }
    }
    Ok(complaints)
}

fn package_files(context: &Context) -> Result<Vec<String>, Failure> {
    let mut files = vec!["package.json".to_owned()];
    for workspace in node::workspaces(context)? {
        files.push(format!("{workspace}/package.json"));
    }
    Ok(files)
}

fn workspace_value<'a>(cargo: &'a str, key: &str) -> Result<&'a str, Failure> {
    toml_value(cargo, "workspace.package", key)
        .ok_or_else(|| Failure::new(format!("Cargo.toml has no {key} in [workspace.package]")))
}

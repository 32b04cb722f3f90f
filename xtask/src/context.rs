//! What every task is given: where the repository is, and how to talk.

use std::path::{Path, PathBuf};

use crate::{clock::Stopwatch, failure::Failure, report};

/// The repository and the manner of this run.
#[derive(Debug)]
pub(crate) struct Context {
    /// The directory with the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Only JSON may reach stdout: children's stdout goes to stderr.
    pub(crate) json: bool,
    started: Stopwatch,
}

impl Context {
    /// Finds the repository from cargo's own variable, so a moved clone needs no rebuild.
    ///
    /// # Errors
    /// When not started by cargo.
    pub(crate) fn find(json: bool) -> Result<Self, Failure> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .ok_or_else(|| Failure::new("start me as `cargo xtask <task>`"))?;
        let root = Path::new(&manifest)
            .parent()
            .ok_or_else(|| Failure::new("CARGO_MANIFEST_DIR has no parent directory"))?
            .to_path_buf();
        Ok(Self { root, json, started: Stopwatch::start() })
    }

    /// A line that says what happens next, with the seconds since the start.
    pub(crate) fn step(&self, what: &str) {
        report::say(&format!("[{:>6.1} s] {what}", self.started.seconds()));
    }

    /// A path below the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path below the build directory that cargo and wasm-pack use too.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.path("target"), |dir| self.root.join(dir));
        target.join(relative)
    }

    /// The path, if it exists.
    ///
    /// # Errors
    /// Names what is missing and which task needs it: a part of the tree is never skipped silently.
    pub(crate) fn require(&self, relative: &str, what: &str) -> Result<PathBuf, Failure> {
        let path = self.path(relative);
        if path.exists() {
            return Ok(path);
        }
        Err(Failure::new(format!("{relative} is missing: {what}")))
    }

    /// Reads a text file below the root.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(&self, relative: &str) -> Result<String, Failure> {
        let path = self.path(relative);
        std::fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))
    }
}

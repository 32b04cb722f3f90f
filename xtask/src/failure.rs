//! Why a task stopped, in words for the person who started it.

use std::{io, path::Path};

/// How a task ends when it does not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong: exit code 2.
    Usage(String),
    /// The work failed, or something it needs is missing: exit code 1.
    Failed(String),
}

impl Failure {
    /// A failed task.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// A file operation that failed, with the file's name, which `io::Error` does not carry.
    pub(crate) fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::Failed(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// The message without its kind.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Usage(message) | Self::Failed(message) => message,
        }
    }
}

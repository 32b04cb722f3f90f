//! Checks on the text of the repository's own files.

use crate::{context::Context, failure::Failure, tree};

/// Lines of a source file, its tests not counted.
const LINES_MAX: usize = 400;
/// `path: reason` for each file that may be longer.
const LONG_FILES: &str = "xtask/long-files.txt";
/// What is a source file.
const SOURCES: &[&str] = &[".rs", ".ts", ".mjs", ".js", ".css", ".html"];
/// Notes to oneself, and tests that do not test.
const FORBIDDEN: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("#[ig", "nore"),
    concat!("#[should", "_panic"),
];
/// A file that a registry client writes may name hosts that only one machine can reach.
const HOST: &str = concat!("\"resolved\": \"", "http");

/// A check, with its name.
pub(crate) type Check = (&'static str, fn(&Context) -> Result<(), Failure>);

/// The checks on the text of files.
pub(crate) const CHECKS: &[Check] = &[
    ("files of at most 400 lines", long_files),
    ("no notes to oneself, no tests that do not test", forbidden),
    ("no registry hosts", registry_hosts),
];

fn long_files(context: &Context) -> Result<(), Failure> {
    let allowed = context.read(LONG_FILES)?;
    let allowed: Vec<&str> = allowed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": ").map(|(path, _)| path))
        .collect();
    let mut complaints = Vec::new();
    let mut long = Vec::new();
    for path in sources(context)? {
        let lines = counted_lines(&path, &context.read(&path)?);
        if lines > LINES_MAX {
            if !allowed.contains(&path.as_str()) {
                complaints.push(format!(
                    "{path} has {lines} lines: split it, or list it with its reason in {LONG_FILES}"
                ));
            }
            long.push(path);
        }
    }
    for path in allowed {
        if !long.iter().any(|long| long == path) {
            complaints.push(format!("{LONG_FILES} lists {path}, which is not long"));
        }
    }
    verdict(&complaints)
}

/// Inline tests and test files do not count.
fn counted_lines(path: &str, text: &str) -> usize {
    if path.contains("/tests/") || path.contains("/test/") || path.ends_with("/tests.rs") {
        return 0;
    }
    text.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

fn forbidden(context: &Context) -> Result<(), Failure> {
    let mut complaints = Vec::new();
    for path in sources(context)? {
        for (number, line) in context.read(&path)?.lines().enumerate() {
            for word in FORBIDDEN.iter().filter(|word| line.contains(*word)) {
                complaints.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    verdict(&complaints)
}

fn registry_hosts(context: &Context) -> Result<(), Failure> {
    let mut complaints = Vec::new();
    for path in tree::files(context)? {
        let name = path.rsplit('/').next().unwrap_or_default();
        let found = match name {
            "package-lock.json" => context.read(&path)?.contains(HOST),
            ".npmrc" => context.read(&path)?.contains("registry="),
            _ => false,
        };
        if found {
            complaints.push(format!("{path} names a registry host: .npmrc's omit-lockfile-registry-resolved keeps it out"));
        }
    }
    verdict(&complaints)
}

fn sources(context: &Context) -> Result<Vec<String>, Failure> {
    let mut files = tree::files(context)?;
    files.retain(|path| SOURCES.iter().any(|extension| path.ends_with(extension)));
    Ok(files)
}

/// Success, or all complaints at once.
///
/// # Errors
/// When there are complaints.
pub(crate) fn verdict(complaints: &[String]) -> Result<(), Failure> {
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Failure::new(complaints.join("\n    ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count_as_lines() {
        assert_eq!(counted_lines("src/a.rs", "a\nb\n#[cfg(test)]\nmod tests {}\n"), 2);
        assert_eq!(counted_lines("src/a/tests.rs", "a\nb\n"), 0);
        assert_eq!(counted_lines("npm/x/test/node/a.mjs", "a\nb\n"), 0);
    }

    #[test]
    fn all_complaints_come_at_once() {
        assert!(verdict(&[]).is_ok());
        let failure = verdict(&["a".to_owned(), "b".to_owned()]).unwrap_err();
        assert_eq!(failure.message(), "a\n    b");
    }
}

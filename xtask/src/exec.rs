//! Runs other programs, and prints each command line before it runs.

use std::{
    ffi::{OsStr, OsString},
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use crate::{context::Context, failure::Failure, report};

/// One command line, buildable piece by piece.
#[derive(Debug)]
pub(crate) struct Exec {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    root: PathBuf,
    results: bool,
    quiet: bool,
}

impl Exec {
    /// A program to run in the repository's root.
    pub(crate) fn new(context: &Context, program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            root: context.root.clone(),
            results: false,
            quiet: false,
        }
    }

    /// A cargo command, the words separated by blanks.
    pub(crate) fn cargo(context: &Context, words: &str) -> Self {
        Self::new(context, "cargo").words(words)
    }

    /// Adds arguments that contain no blanks.
    #[must_use]
    pub(crate) fn words(mut self, words: &str) -> Self {
        self.args.extend(words.split_whitespace().map(OsString::from));
        self
    }

    /// Adds one argument.
    #[must_use]
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Sets a variable for this command only.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Lets this command write to stdout under `--json` too: its output is the result.
    #[must_use]
    pub(crate) const fn results(mut self) -> Self {
        self.results = true;
        self
    }

    /// Keeps the command line to itself: it only reads a fact.
    #[must_use]
    pub(crate) const fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Runs it with this program's own stdin, stdout and stderr.
    ///
    /// # Errors
    /// When it cannot start, or ends with another code than 0.
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        self.announce();
        let mut command = self.command();
        if context.json && !self.results {
            command.stdout(Stdio::from(io::stderr()));
        }
        let status = command.status().map_err(|error| self.not_started(&error))?;
        self.judge(status)
    }

    /// Runs it and returns what it wrote to stdout.
    ///
    /// # Errors
    /// When it cannot start, or ends with another code than 0.
    pub(crate) fn capture(&self) -> Result<Vec<u8>, Failure> {
        self.announce();
        let output = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.not_started(&error))?;
        self.judge(output.status).map(|()| output.stdout)
    }

    /// Runs it, passes its stdout on line by line, and shows each line to `watch`.
    ///
    /// # Errors
    /// When it cannot start, or ends with another code than 0.
    pub(crate) fn watch(
        &self,
        context: &Context,
        mut watch: impl FnMut(&str),
    ) -> Result<(), Failure> {
        self.announce();
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(&error))?;
        if let Some(stdout) = child.stdout.take() {
            let mut reader = BufReader::new(stdout);
            let mut line = Vec::new();
            // bytes, not lines(): a test may print what is not UTF-8, and must not stop the suite
            while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                drop(if context.json {
                    io::stderr().write_all(&line)
                } else {
                    io::stdout().write_all(&line)
                });
                watch(String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
        }
        let status = child.wait().map_err(|error| self.not_started(&error))?;
        self.judge(status)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.root).envs(self.env.iter().cloned());
        command
    }

    fn announce(&self) {
        if !self.quiet {
            report::say(&format!("  $ {}", self.line()));
        }
    }

    /// The command as one would type it in the root, paths below it made relative.
    fn line(&self) -> String {
        let show = |text: &OsStr| {
            let text = text.to_string_lossy().replace(&format!("{}/", self.root.display()), "");
            quote(&text)
        };
        let mut words = Vec::new();
        let inherited = std::env::var("PATH").unwrap_or_default();
        words.extend(self.env.iter().map(
            |(name, value)| match show(value).strip_suffix(&inherited) {
                Some(own) if name == "PATH" => format!("PATH={own}$PATH"),
                _ => format!("{name}={}", show(value)),
            },
        ));
        words.push(show(&self.program));
        words.extend(self.args.iter().map(|arg| show(arg)));
        words.join(" ")
    }

    fn name(&self) -> String {
        Path::new(&self.program).file_name().unwrap_or(&self.program).to_string_lossy().into_owned()
    }

    fn not_started(&self, error: &io::Error) -> Failure {
        let name = self.name();
        if error.kind() == io::ErrorKind::NotFound {
            return Failure::new(format!("{name} is not installed, or not on the PATH"));
        }
        Failure::new(format!("cannot run {name}: {error}"))
    }

    fn judge(&self, status: ExitStatus) -> Result<(), Failure> {
        if status.success() {
            return Ok(());
        }
        let first = self.args.first().map_or_else(String::new, |arg| arg.to_string_lossy().into());
        let end =
            status.code().map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
        Err(Failure::new(format!("{} {first} ended with {end}", self.name())))
    }
}

/// Quotes a word for a POSIX shell, if it needs that.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        assert_eq!(quote("--release"), "--release");
        assert_eq!(quote("-D warnings"), "'-D warnings'");
        assert_eq!(quote("cloudflare:*"), "'cloudflare:*'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}

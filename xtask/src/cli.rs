//! The command line: which task, which flags, and the nearest name when a word is unknown.

use std::{collections::BTreeMap, ffi::OsString};

use lexopt::prelude::{Long, Short, Value};

use crate::{context::Context, failure::Failure, tasks::TASKS, text::nearest};

/// One task: `cargo xtask <name>`.
#[derive(Debug)]
pub(crate) struct Task {
    /// What one types.
    pub(crate) name: &'static str,
    /// One line for `help`.
    pub(crate) about: &'static str,
    /// The flags it takes.
    pub(crate) flags: &'static [Flag],
    /// What it does.
    pub(crate) run: fn(&Context, &Options) -> Result<(), Failure>,
}

/// One flag of a task, written `--name`.
#[derive(Debug)]
pub(crate) struct Flag {
    /// Without the dashes.
    pub(crate) name: &'static str,
    /// The name of its value, if it takes one.
    pub(crate) value: Option<&'static str>,
    /// One line for `help`.
    pub(crate) about: &'static str,
}

impl Flag {
    /// A flag that is there or not.
    pub(crate) const fn switch(name: &'static str, about: &'static str) -> Self {
        Self { name, value: None, about }
    }

    /// A flag with a value.
    pub(crate) const fn valued(
        name: &'static str,
        value: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, value: Some(value), about }
    }
}

/// The flags that were given.
#[derive(Debug, Default)]
pub(crate) struct Options(BTreeMap<&'static str, Option<String>>);

impl Options {
    /// Whether a flag was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All flags as they were typed, for a program that takes the same ones.
    pub(crate) fn words(&self) -> Vec<String> {
        self.0
            .iter()
            .flat_map(|(name, value)| core::iter::once(format!("--{name}")).chain(value.clone()))
            .collect()
    }
}

/// Parses the arguments (the program's own name first) and runs the task.
///
/// # Errors
/// A usage failure for unknown words, else what the task says.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut task = None;
    let mut options = Options::default();
    while let Some(arg) = parser.next().map_err(|error| Failure::Usage(error.to_string()))? {
        match (arg, task) {
            (Long("help") | Short('h'), _) => task = Some(find("help")?),
            (Value(word), None) => task = Some(find(&word.to_string_lossy())?),
            (Value(word), Some(task)) => {
                let word = word.to_string_lossy().into_owned();
                return Err(Failure::Usage(format!("{} takes no argument, got {word}", task.name)));
            }
            (Long(name), Some(task)) => {
                let flag = find_flag(task, name)?;
                let value = match flag.value {
                    Some(_) => Some(parser.value().map_err(|e| Failure::Usage(e.to_string()))?),
                    None => None,
                };
                options.0.insert(flag.name, value.map(|v| v.to_string_lossy().into_owned()));
            }
            (Long(name), None) => {
                return Err(Failure::Usage(format!("--{name} stands before the task's name")));
            }
            (Short(letter), _) => {
                return Err(Failure::Usage(format!("unknown flag -{letter}: flags are long here")));
            }
        }
    }
    // no task: say what there is, as a usage failure for scripts
    let Some(task) = task else {
        return Err(Failure::Usage("which task?".to_owned()));
    };
    let context = Context::find(options.has("json"))?;
    (task.run)(&context, &options)
}

fn find(word: &str) -> Result<&'static Task, Failure> {
    TASKS.iter().find(|task| task.name == word).ok_or_else(|| {
        let hint = hint(word, TASKS.iter().map(|task| task.name), "");
        Failure::Usage(format!("unknown task {word}{hint}"))
    })
}

fn find_flag(task: &Task, word: &str) -> Result<&'static Flag, Failure> {
    task.flags.iter().find(|flag| flag.name == word).ok_or_else(|| {
        let hint = hint(word, task.flags.iter().map(|flag| flag.name), "--");
        Failure::Usage(format!("{} has no flag --{word}{hint}", task.name))
    })
}

fn hint<'a>(word: &str, names: impl Iterator<Item = &'a str>, dashes: &str) -> String {
    nearest(word, names).map_or_else(String::new, |name| format!(", did you mean {dashes}{name}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(words: &[&str]) -> String {
        match run(words.iter().map(OsString::from)) {
            Err(Failure::Usage(message)) => message,
            other => panic!("expected a usage failure, got {other:?}"),
        }
    }

    #[test]
    fn an_unknown_task_names_the_nearest() {
        assert_eq!(usage(&["xtask", "tset"]), "unknown task tset, did you mean test?");
        assert_eq!(usage(&["xtask", "frobnicate"]), "unknown task frobnicate");
    }

    #[test]
    fn an_unknown_flag_names_the_nearest() {
        assert_eq!(
            usage(&["xtask", "size", "--jsno"]),
            "size has no flag --jsno, did you mean --json?"
        );
        assert_eq!(usage(&["xtask", "lint", "--json"]), "lint has no flag --json");
    }

    #[test]
    fn no_task_a_value_too_many_or_too_few_are_usage_failures() {
        assert_eq!(usage(&["xtask"]), "which task?");
        assert_eq!(usage(&["xtask", "--json"]), "--json stands before the task's name");
        assert_eq!(usage(&["xtask", "size", "core"]), "size takes no argument, got core");
        assert_eq!(usage(&["xtask", "demo", "-s"]), "unknown flag -s: flags are long here");
        assert!(usage(&["xtask", "demo", "--port"]).contains("--port"));
    }

    #[test]
    fn options_are_handed_on_as_typed() {
        let mut options = Options::default();
        options.0.insert("port", Some("8080".to_owned()));
        options.0.insert("json", None);
        assert_eq!(options.words(), ["--json", "--port", "8080"]);
    }
}

//! Links and commands in the Markdown files: what they name must exist.

use crate::{cli::Task, context::Context, failure::Failure, hygiene::verdict, tree};

/// Checks all Markdown files against the tree and the list of tasks.
///
/// # Errors
/// All dead links and unknown commands at once.
pub(crate) fn check(context: &Context, tasks: &[Task]) -> Result<(), Failure> {
    let mut complaints = Vec::new();
    for path in tree::files(context)?.iter().filter(|path| path.ends_with(".md")) {
        let text = context.read(path)?;
        let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
        for link in links(&text) {
            if !context.path(dir).join(&link).exists() {
                complaints.push(format!("{path}: the link {link} leads nowhere"));
            }
        }
        for command in commands(&text) {
            if let Some(problem) = unknown(&command, tasks) {
                complaints.push(format!("{path}: `cargo xtask {command}`: {problem}"));
            }
        }
    }
    verdict(&complaints)
}

/// Targets of inline links within the repository, without their fragment.
fn links(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty() && !target.contains(char::is_whitespace))
        .map(str::to_owned)
        .collect()
}

/// The task and flags of each `cargo xtask …` written as code.
fn commands(text: &str) -> Vec<String> {
    text.split("cargo xtask ")
        .skip(1)
        .map(|rest| {
            let end = rest.find(['`', '\n', '#', '|', ')', ',', ';', '<', '"', '&']);
            end.and_then(|end| rest.get(..end)).unwrap_or(rest).trim().to_owned()
        })
        .filter(|command| !command.is_empty())
        .collect()
}

fn unknown(command: &str, tasks: &[Task]) -> Option<String> {
    let mut words = command.split_whitespace();
    let name = words.next()?;
    let Some(task) = tasks.iter().find(|task| task.name == name) else {
        return Some(format!("there is no task {name}"));
    };
    words
        .filter_map(|word| word.strip_prefix("--"))
        .find(|flag| !task.flags.iter().any(|known| known.name == *flag))
        .map(|flag| format!("{name} has no flag --{flag}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::TASKS;

    #[test]
    fn only_links_into_the_repository_are_checked() {
        let text = "[a](docs/a.md#x) [b](https://example.com) [c](#here) [d](../LICENSE)";
        assert_eq!(links(text), ["docs/a.md", "../LICENSE"]);
    }

    #[test]
    fn commands_end_where_the_code_ends() {
        let text = "run `cargo xtask size --json`,\n    cargo xtask demo --serve # stays\n";
        assert_eq!(commands(text), ["size --json", "demo --serve"]);
    }

    #[test]
    fn unknown_tasks_and_flags_are_named() {
        assert_eq!(unknown("size --sections", TASKS), None);
        assert_eq!(unknown("demo --port 8080", TASKS), None);
        assert_eq!(unknown("sizes", TASKS).unwrap(), "there is no task sizes");
        assert_eq!(unknown("lint --json", TASKS).unwrap(), "lint has no flag --json");
    }
}

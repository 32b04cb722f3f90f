//! Counts what test runners report, suite by suite.

use crate::{
    clock::Stopwatch,
    context::Context,
    exec::Exec,
    failure::Failure,
    report::{self, Table},
};

/// The counts of one suite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Reads a summary line of Rust's test harness, of wasm-bindgen-test or of `node --test`.
    fn read(&mut self, line: &str) {
        if let Some((_, counts)) = line.split_once("test result: ") {
            for part in counts.split([';', '.']).map(str::trim) {
                self.add(part.rsplit_once(' ').map(|(count, word)| (word, count)));
            }
            // `filtered out` is none of these: nothing here filters
            return;
        }
        // tap `# pass 3`, spec `ℹ pass 3`
        let rest = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "));
        self.add(rest.and_then(|rest| rest.split_once(' ')));
    }

    fn add(&mut self, entry: Option<(&str, &str)>) {
        let Some((word, count)) = entry else { return };
        let Ok(count) = count.parse::<u64>() else { return };
        match word {
            "passed" | "pass" => self.passed += count,
            "failed" | "fail" | "cancelled" => self.failed += count,
            "ignored" | "skipped" | "todo" => self.skipped += count,
            _ => {}
        }
    }
}

/// The suites of one run, each kept whether it passed or not.
#[derive(Debug, Default)]
pub(crate) struct Suites {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    counts: Counts,
    seconds: f64,
    problem: Option<String>,
}

impl Suites {
    /// Runs one suite and counts its tests.
    pub(crate) fn run(&mut self, context: &Context, name: &str, command: Result<Exec, Failure>) {
        context.step(&format!("tests: {name}"));
        let watch = Stopwatch::start();
        let mut counts = Counts::default();
        let run = command.and_then(|c| c.watch(context, |line| counts.read(line)));
        let problem = match run {
            Err(failure) => Some(failure.message().to_owned()),
            Ok(()) if counts.failed > 0 => Some("reports failures".to_owned()),
            Ok(()) if counts.skipped > 0 => Some("skips tests".to_owned()),
            Ok(()) if counts.passed == 0 => Some("ran no test".to_owned()),
            Ok(()) => None,
        };
        self.rows.push(Row { name: name.to_owned(), counts, seconds: watch.seconds(), problem });
    }

    /// Adds a step that is no test runner; it counts as one test.
    pub(crate) fn step(&mut self, name: &str, result: Result<(), Failure>, watch: Stopwatch) {
        let passed = u64::from(result.is_ok());
        let counts = Counts { passed, failed: 1 - passed, skipped: 0 };
        let problem = result.err().map(|failure| failure.message().to_owned());
        self.rows.push(Row { name: name.to_owned(), counts, seconds: watch.seconds(), problem });
    }

    /// Prints a line per suite and a total.
    ///
    /// # Errors
    /// When any suite failed, skipped or could not run.
    pub(crate) fn finish(self, what: &str) -> Result<(), Failure> {
        let mut table = Table::new(&["suite", "passed", "failed", "skipped", "seconds", "result"]);
        let mut total = Counts::default();
        let mut broken = Vec::new();
        for row in self.rows {
            let Counts { passed, failed, skipped } = row.counts;
            total.passed += passed;
            total.failed += failed;
            total.skipped += skipped;
            let result = row.problem.as_ref().map_or("ok", |_| "FAILED").to_owned();
            let seconds = format!("{:.1}", row.seconds);
            if let Some(problem) = row.problem {
                broken.push(format!("{}: {problem}", row.name));
            }
            let counts = [passed, failed, skipped].map(|count| count.to_string());
            table.row([vec![row.name], counts.to_vec(), vec![seconds, result]].concat());
        }
        report::say("");
        for line in table.lines() {
            report::say(&line);
        }
        let Counts { passed, failed, skipped } = total;
        report::say(&format!("{what}: {passed} passed, {failed} failed, {skipped} skipped"));
        if broken.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!("{what} failed\n  {}", broken.join("\n  "))))
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    fn counts(lines: &[&str]) -> (u64, u64, u64) {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.read(line));
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn rust_summaries_add_up() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; \
                  finished in 0.01s";
        let bad = "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(&[ok, bad]), (14, 3, 1));
    }

    #[test]
    fn node_summaries_add_up_in_both_dialects() {
        assert_eq!(counts(&["# tests 9", "# pass 7", "# fail 1", "# skipped 1"]), (7, 1, 1));
        assert_eq!(counts(&["ℹ pass 7", "ℹ fail 0", "ℹ cancelled 2", "ℹ todo 1"]), (7, 2, 1));
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(counts(&["# pass the salt", "ok 1 - passes", "12 passed; really"]), (0, 0, 0));
    }
}

//! What was met, what was not and why; and whether that is less than last time.

use serde_json::{Value, json};

use crate::{
    case::{Case, Level},
    run::Unmet,
};

/// The results at one level.
#[derive(Debug)]
pub(crate) struct Report {
    level: Level,
    passed: usize,
    total: usize,
    failed: Vec<(String, Unmet)>,
}

/// What there was last time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landed {
    total: usize,
    decision: usize,
    workerd: usize,
}

impl Report {
    pub(crate) const fn new(level: Level) -> Self {
        Self { level, passed: 0, total: 0, failed: Vec::new() }
    }

    pub(crate) fn add(&mut self, case: &Case, outcome: Result<(), Unmet>) {
        self.total += 1;
        match outcome {
            Ok(()) => self.passed += 1,
            Err(unmet) => self.failed.push((case.id.clone(), unmet)),
        }
    }

    /// True where a case is unmet for another reason than a feature that is not built.
    pub(crate) fn is_wrong(&self) -> bool {
        self.failed.iter().any(|(_, unmet)| !unmet.lacking)
    }

    fn counts(&self) -> Value {
        json!({ "passed": self.passed, "total": self.total })
    }
}

impl Landed {
    /// `TOTAL,DECISION,WORKERD`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let numbers: Vec<usize> = text.split(',').filter_map(|part| part.parse().ok()).collect();
        match numbers.as_slice() {
            [total, decision, workerd] if decision.max(workerd) <= total => {
                Ok(Self { total: *total, decision: *decision, workerd: *workerd })
            }
            _ => Err(format!("--landed {text}, expected TOTAL,DECISION,WORKERD")),
        }
    }

    /// In a suite of another size as many may be unmet as last time; in a greater one as many must
    /// be met.
    ///
    /// # Errors
    /// Where fewer are met than that.
    pub(crate) fn check(self, reports: &[Report]) -> Result<(), String> {
        for report in reports.iter().filter(|report| report.total > 0) {
            let landed = match report.level {
                Level::Decision => self.decision,
                Level::Workerd => self.workerd,
            };
            let unmet = self.total.saturating_sub(landed);
            let least = landed.min(report.total.saturating_sub(unmet));
            if report.passed < least {
                let (level, passed) = (report.level.name(), report.passed);
                return Err(format!("{level}: {passed} met, and at least {least} last time"));
            }
        }
        Ok(())
    }
}

/// Results on stdout; for people one line for each unmet case on stderr.
pub(crate) fn print(reports: &[Report], json: bool) {
    if !json {
        for report in reports {
            let level = report.level.name();
            for (case, unmet) in &report.failed {
                eprintln!("  {level} {case}: {}", unmet.why);
            }
        }
        for Report { level, passed, total, .. } in reports {
            println!("{}: {passed} of {total}", level.name());
        }
        return;
    }
    let failed = reports.iter().flat_map(|report| {
        let failed = report.failed.iter();
        failed.map(
            |(case, unmet)| json!({ "case": case, "host": report.level.name(), "why": unmet.why }),
        )
    });
    let mut result = json!({ "failed": failed.collect::<Vec<Value>>() });
    if let Some(fields) = result.as_object_mut() {
        for report in reports {
            fields.insert(report.level.name().to_owned(), report.counts());
        }
    }
    println!("{result}");
}

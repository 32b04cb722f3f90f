//! The Gateway API's conformance suite at decision level, by `cargo xtask conformance`.
//!
//! Imports the manifests of each test, compiles them, and drives each request of the suite through
//! the machine. The suite is not part of this repository: `--suites FOLDER` names where it is. A
//! case that needs what we do not have fails and says what; none is skipped. With `--worlds` it
//! prints nothing, and writes what the run in workerd (`npm/diddy-mesh/test/conformance`) needs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]
#![expect(clippy::std_instead_of_alloc, reason = "a program on std")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a node of another kind is not what is looked for"
)]

mod case;
mod cluster;
mod drive;
mod judge;
mod worlds;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use serde_json::json;

use crate::{
    case::{Case, Distribution, Suite, Test},
    cluster::{Cluster, Compiled},
    drive::Driver,
    judge::Judge,
    worlds::Worlds,
};

/// Where the dice of a case start. Any number will do; this one is kept so that runs are alike.
const SEED: u64 = 20_260_821;

fn main() -> ExitCode {
    let mut json = false;
    let mut suites = PathBuf::from("../shared/suites");
    let mut written = None;
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--json") => json = true,
            Some("--suites") => suites = args.next().map_or(suites, PathBuf::from),
            Some("--worlds") => written = args.next().map(PathBuf::from),
            _ => {
                eprintln!("conformance: takes --json, --suites FOLDER and --worlds FILE");
                return ExitCode::from(2);
            }
        }
    }
    let folder = suites.join("gateway-api");
    let Ok(text) = std::fs::read(folder.join("cases.json")) else {
        eprintln!("no suite in {}: nothing was run", folder.display());
        eprintln!("set MESH_SUITES to the folder that holds gateway-api/cases.json");
        report(&Report::default(), json);
        return ExitCode::SUCCESS;
    };
    let suite: Suite = match serde_json::from_slice(&text) {
        Ok(suite) => suite,
        Err(error) => {
            eprintln!("{}: {error}", folder.join("cases.json").display());
            return ExitCode::FAILURE;
        }
    };
    let mut found = Report::default();
    let mut worlds = Worlds::default();
    for test in &suite.tests {
        run(test, &folder, &mut found, &mut worlds);
    }
    if let Some(file) = written {
        let all = worlds.into_json(&found.json());
        return match std::fs::write(&file, all.to_string()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                ExitCode::FAILURE
            }
        };
    }
    report(&found, json);
    if found.failed.iter().any(|failed| !failed.lacking) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[derive(Debug, Default)]
struct Report {
    passed: usize,
    total: usize,
    failed: Vec<Failed>,
}

#[derive(Debug)]
struct Failed {
    case: String,
    why: String,
    /// True where a feature is not built, in place of a wrong decision.
    lacking: bool,
}

fn run(test: &Test, folder: &std::path::Path, report: &mut Report, worlds: &mut Worlds) {
    let mut cluster = Cluster::of(test, folder);
    for case in &test.cases {
        if let Some(step) = &case.step {
            cluster = cluster.and_then(|mut cluster| cluster.step(step).map(|()| cluster));
            continue;
        }
        report.total += 1;
        worlds.add(case, &cluster);
        let mut lacks = case.lacks();
        let mut why = match (&lacks, &cluster) {
            (Some(_), _) => Some(String::new()),
            (None, Ok(cluster)) => judged(case, cluster).unwrap_or_else(Some),
            (None, Err(why)) => Some(why.clone()),
        };
        if let (Some(_), None, Ok(cluster)) = (&why, &lacks, &cluster) {
            lacks = cluster.unsupported(case);
        }
        let lacking = lacks.is_some();
        if let (Some(why), Some(lacks)) = (&mut why, lacks) {
            let what = if why.is_empty() { String::new() } else { format!(" ({why})") };
            *why = format!("not built yet: {lacks}{what}");
        }
        match why {
            None => report.passed += 1,
            Some(why) => report.failed.push(Failed { case: case.id.clone(), why, lacking }),
        }
    }
}

/// What is wrong with what we decide; `Err` where we cannot even decide.
fn judged(case: &Case, cluster: &Cluster) -> Result<Option<String>, String> {
    if let Some(unknown) = case.unknown() {
        return Err(format!("the case asks for `{unknown}`, which is not checked here"));
    }
    let request = case.request.as_ref().ok_or("a case without request")?;
    let import = cluster.import()?;
    let entry = cluster.entry(case)?;
    let mut compiled = Compiled::default();
    let judge = Judge { cluster, import: &import, request };
    if let Some(expected) = &case.expect.distribution {
        let mut last = None;
        for attempt in 0..expected.max_attempts.max(1) {
            let mut machine =
                compiled.machine(&import, &entry, SEED.wrapping_add(u64::from(attempt)))?;
            last = shares(&judge, case, expected, &mut machine)?;
            if last.is_none() {
                break;
            }
        }
        return Ok(last);
    }
    let mut machine = compiled.machine(&import, &entry, SEED)?;
    let answer = Driver::new(&case.backend_set_response_headers).drive(&mut machine, request)?;
    Ok(judge.differs(&case.expect, &answer))
}

/// Sends many requests and counts who got them.
fn shares(
    judge: &Judge<'_>,
    case: &Case,
    expected: &Distribution,
    machine: &mut mesh_core::machine::Machine,
) -> Result<Option<String>, String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut driver = Driver::new(&case.backend_set_response_headers);
    for _ in 0..expected.total_requests {
        let answer = driver.drive(machine, judge.request)?;
        if let Some(why) = judge.differs(&case.expect, &answer) {
            return Ok(Some(why));
        }
        let service = answer.sent.map(|sent| sent.service).unwrap_or_default();
        let known = judge.import.services().iter().find(|one| one.service.as_str() == service);
        *counts.entry(known.map_or(service, |one| one.name.clone())).or_default() += 1;
    }
    let names = expected.weights.keys().chain(counts.keys());
    let wrong = names.into_iter().find_map(|name| {
        let wished = expected.weights.get(name).copied().unwrap_or(0.0);
        let share = f64::from(counts.get(name).copied().unwrap_or(0))
            / f64::from(expected.total_requests.max(1));
        let none = wished <= 0.0 && share > 0.0;
        let far = (share - wished).abs() > expected.tolerance_abs;
        (none || far).then(|| format!("{name} got {share:.3} of the requests, expected {wished}"))
    });
    Ok(wrong)
}

/// Results on stdout, one line for each failure on stderr.
fn report(found: &Report, json: bool) {
    let Report { passed, total, failed } = found;
    for Failed { case, why, .. } in failed {
        eprintln!("  {case}: {why}");
    }
    if !json {
        println!("decision: {passed} of {total}");
        return;
    }
    let result = json!({
        "decision": { "passed": passed, "total": total },
        "workerd": { "passed": 0, "total": 0 },
        "failed": found.failures(),
    });
    println!("{result}");
}

impl Report {
    fn json(&self) -> serde_json::Value {
        let Self { passed, total, .. } = self;
        json!({ "passed": passed, "total": total, "failed": self.failures() })
    }

    fn failures(&self) -> Vec<serde_json::Value> {
        let failed = self.failed.iter();
        let one = |one: &Failed| json!({ "case": one.case, "host": "decision", "why": one.why });
        failed.map(one).collect()
    }
}

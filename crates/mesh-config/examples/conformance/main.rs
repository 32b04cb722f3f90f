//! The Gateway API's conformance suite, by `cargo xtask conformance`.
//!
//! Imports the manifests of each test and drives each request of the suite through the machine that
//! their documents compile to; with `--workerd SCRIPT` also through Workers. One judge decides both.
//! The suite is not part of this repository: `--suites FOLDER` names where it is. A case that needs
//! what we do not have is unmet and says what; none is skipped. `--landed` is the ratchet: how many
//! cases there were last time, and how many of them each of the two met.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]
#![expect(clippy::std_instead_of_alloc, reason = "a program on std")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a node of another kind is not what is looked for"
)]

mod case;
mod cluster;
mod drive;
mod host;
mod judge;
mod report;
mod run;
mod workerd;

use std::{path::PathBuf, process::ExitCode};

use crate::{
    case::{Level, Suite},
    report::{Landed, Report},
    workerd::{Workerd, Worlds},
};

#[derive(Debug)]
struct Arguments {
    json: bool,
    suites: PathBuf,
    workerd: Option<PathBuf>,
    landed: Option<Landed>,
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("conformance: {why}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let suites = PathBuf::from("../shared/suites");
    let mut found = Arguments { json: false, suites, workerd: None, landed: None };
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        let name = arg.to_string_lossy().into_owned();
        let mut value = || args.next().ok_or_else(|| format!("{name} without a value"));
        match name.as_str() {
            "--json" => found.json = true,
            "--suites" => found.suites = value()?.into(),
            "--workerd" => found.workerd = Some(value()?.into()),
            "--landed" => found.landed = Some(Landed::parse(&value()?.to_string_lossy())?),
            _ => return Err("takes --json, --suites, --workerd and --landed".to_owned()),
        }
    }
    Ok(found)
}

/// False where something is wrong with what we do.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let folder = arguments.suites.join("gateway-api");
    let file = folder.join("cases.json");
    let mut reports = [Report::new(Level::Decision), Report::new(Level::Workerd)];
    let Ok(text) = std::fs::read(&file) else {
        eprintln!("no suite in {}: nothing was run", folder.display());
        eprintln!("set MESH_SUITES to the folder that holds gateway-api/cases.json");
        report::print(&reports, arguments.json);
        return Ok(true);
    };
    let suite: Suite =
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut worlds = Worlds::default();
    let prepared = run::prepare(&suite, &folder, &mut worlds);
    let mut workerd = match &arguments.workerd {
        Some(script) => Some(Workerd::start(script, &worlds)?),
        None => None,
    };
    let [decision, end_to_end] = &mut reports;
    for one in &prepared {
        decision.add(one.case, one.decided());
        if let Some(workerd) = &mut workerd {
            end_to_end.add(one.case, one.served(workerd));
        }
    }
    workerd.map_or(Ok(()), Workerd::stop)?;
    report::print(&reports, arguments.json);
    let wrong = reports.iter().any(Report::is_wrong);
    let landed = arguments.landed.as_ref().map_or(Ok(()), |landed| landed.check(&reports));
    if let Err(why) = &landed {
        eprintln!("{why}");
    }
    Ok(!wrong && landed.is_ok())
}

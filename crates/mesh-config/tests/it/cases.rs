//! The case files that every host answers alike, here over [`mesh_core::machine::Machine`].
//!
//! How to read a case file is in `cases/README.md`; the same files run in wasm under Node and in
//! workerd from `npm/diddy-mesh/test/cases`.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::std_instead_of_alloc,
    clippy::wildcard_enum_match_arm,
    reason = "a runner over JSON values of our own files: it may fail loudly, and says what it ran"
)]

mod expect;
mod host;
mod notes;
mod requests;
mod script;

use serde_json::{Value, json};

use self::{expect::Findings, host::Host};

const NAMES: &str = include_str!("../../cases/names.txt");

fn run(file: &str, text: &str, one: impl Fn(&Value, &mut Findings)) {
    let all: Value = serde_json::from_str(text).unwrap();
    let mut ran = Vec::new();
    let mut findings = Findings::default();
    for case in all["cases"].as_array().unwrap() {
        let name = format!("{file}: {}", case["name"].as_str().unwrap());
        findings.start(&name);
        one(case, &mut findings);
        ran.push(name);
    }
    let prefix = format!("{file}: ");
    let named: Vec<&str> = NAMES.lines().filter(|name| name.starts_with(&prefix)).collect();
    assert_eq!(ran, named, "the cases that ran are not those of names.txt");
    println!("{file}: {} cases", ran.len());
    findings.end();
}

#[test]
fn routing() {
    run("routing", include_str!("../../cases/routing.json"), |case, findings| {
        let mut host = Host::of(case, &case["document"]);
        for (place, request) in (0..).zip(case["requests"].as_array().unwrap()) {
            let seen = host.begin("r", request, place);
            host.forget("r");
            findings.compare(request, &request["expect"], &seen);
        }
    });
}

#[test]
fn precedence() {
    run("precedence", include_str!("../../cases/precedence.json"), |case, findings| {
        let mut rules = case["rules"].clone();
        for rule in rules.as_array_mut().unwrap() {
            rule["service"] = json!("s");
        }
        let document = json!({ "services": { "s": {} }, "routing": { "rules": rules } });
        let mut host = Host::of(case, &document);
        for (place, request) in (0..).zip(case["requests"].as_array().unwrap()) {
            let seen = host.begin("r", request, place);
            host.forget("r");
            let expected = match &request["rule"] {
                Value::Null => json!({ "step": "respond", "status": 404, "reason": "no_route" }),
                rule => json!({ "step": "send", "rule": rule }),
            };
            findings.compare(request, &expected, &seen);
        }
    });
}

#[test]
fn paths() {
    let document = json!({ "services": { "s": {} }, "routing": { "rules": [{ "service": "s" }] } });
    run("paths", include_str!("../../cases/paths.json"), |case, findings| {
        let mut host = Host::of(case, &document);
        let raw = requests::raw_path(case);
        let seen = host.begin_path("r", case, &raw);
        let expected = match case["refused"].as_str() {
            Some(reason) => {
                json!({ "step": "respond", "status": case["status"], "reason": reason })
            }
            None if case["normal"] == "the same"
                || case["normal"].as_str().map(str::as_bytes) == Some(&raw) =>
            {
                json!({ "step": "send", "path": null })
            }
            None => json!({ "step": "send", "path": case["normal"] }),
        };
        findings.compare(case, &expected, &seen);
    });
}

#[test]
fn resilience() {
    run("resilience", include_str!("../../cases/resilience.json"), script::run);
}

#[test]
fn traffic() {
    run("traffic", include_str!("../../cases/traffic.json"), script::run);
}

#[test]
fn there_are_enough_cases_and_no_name_stands_twice() {
    let mut names: Vec<&str> = NAMES.lines().collect();
    assert!(names.len() >= 150, "{}", names.len());
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

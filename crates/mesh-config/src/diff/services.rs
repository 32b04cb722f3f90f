//! What changes for services called by name, and beside services and rules.

use serde::Serialize;

use super::change::{Change, compare, union};
use crate::{
    document::ServiceName,
    explain::{ExplainRequest, Explainer, Others, flag_facts},
    facts::Fact,
    plan::Plan,
};

/// What changes for some services.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServiceChange {
    /// Their names.
    pub services: Vec<String>,
    /// What changes for them.
    pub changes: Vec<Change>,
}

/// What changes for services; those for which the same changes are together.
pub(super) fn changes(old: &mut Explainer, new: &mut Explainer) -> Vec<ServiceChange> {
    let mut found: Vec<ServiceChange> = Vec::new();
    let names = |explainer: &Explainer| -> Vec<String> {
        explainer.plan().services.iter().map(|service| service.name.clone()).collect()
    };
    for name in union(names(old), names(new)) {
        let changes = of_service(&facts(old, &name), &facts(new, &name));
        if changes.is_empty() {
            continue;
        }
        match found.iter_mut().find(|group| group.changes == changes) {
            Some(group) => group.services.push(name),
            None => found.push(ServiceChange { services: vec![name], changes }),
        }
    }
    found
}

/// What a call to a service by its name would meet.
fn facts(explainer: &mut Explainer, name: &str) -> Fact {
    let request = ExplainRequest {
        url: "/".to_owned(),
        service: ServiceName::parse(name).ok(),
        ..ExplainRequest::default()
    };
    let facts = Fact::of(&explainer.explain(&request, Others::LeftOut));
    let backend = facts.at("backends").items().first();
    backend.cloned().unwrap_or(Fact::Absent)
}

fn of_service(old: &Fact, new: &Fact) -> Vec<Change> {
    let mut changes = Vec::new();
    match (old, new) {
        (Fact::Absent, Fact::Absent) => {}
        (Fact::Absent, _) => {
            let message = format!("added, at {}", new.at("endpoints"));
            changes.push(Change::told("", old, new, message));
        }
        (_, Fact::Absent) => {
            changes.push(Change::told("", old, new, "removed".to_owned()));
        }
        _ => compare(old, new, "", &mut changes),
    }
    changes
}

/// What changes beside services and rules.
pub(super) fn settings(old: &Plan, new: &Plan) -> Vec<Change> {
    let rest = |plan: &Plan| {
        // in full, so that nothing a plan gains goes untold
        let Plan { name, services: _, rules: _, flags } = plan;
        let flags = flags.iter().map(|flag| (flag.name.clone(), flag_facts(flag)));
        Fact::Fields(vec![
            ("name".to_owned(), Fact::Text(name.clone())),
            ("flags".to_owned(), Fact::Map(flags.collect())),
        ])
    };
    let mut changes = Vec::new();
    compare(&rest(old), &rest(new), "", &mut changes);
    changes
}

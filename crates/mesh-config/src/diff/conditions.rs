//! What rules ask of requests besides their matches: who is pinned to a backend, who meets a fault,
//! which origins may call.

use mesh_core::method::Method;

use crate::plan::{
    ASKED_METHOD, PlannedCondition, PlannedConditions, PlannedMatch, PlannedRule, PlannedTest,
};

/// Those conditions, each set as a match of all requests that meet it: a request that it and a match
/// of the rule take meets them in the rule.
pub(super) fn further(rule: &PlannedRule) -> Vec<PlannedMatch> {
    let mut found: Vec<PlannedMatch> = conditions(rule).map(meeting).collect();
    if let Some(cors) = &rule.cors {
        let origin = PlannedMatch { headers: vec![cors.origins.clone()], ..PlannedMatch::any() };
        let mut preflight = origin.clone();
        preflight.methods = Method::Options.bit();
        preflight
            .headers
            .push(PlannedCondition { name: ASKED_METHOD.to_owned(), test: PlannedTest::Present });
        found.extend([origin, preflight]);
    }
    found
}

/// The conditions in them.
pub(super) fn wanted(rule: &PlannedRule) -> impl Iterator<Item = &PlannedCondition> {
    let sets = conditions(rule).flat_map(|set| set.headers.iter().chain(&set.query));
    sets.chain(rule.cors.as_ref().map(|cors| &cors.origins))
}

/// How many of them explaining a request looks at, in the worst case.
pub(super) fn tables(rule: &PlannedRule) -> usize {
    let of_rule = rule.filters.faults.len();
    let of_each = rule
        .backends
        .iter()
        .map(|backend| of_rule.saturating_add(backend.filters.faults.len()).saturating_add(1));
    of_each.sum::<usize>().saturating_add(1)
}

fn conditions(rule: &PlannedRule) -> impl Iterator<Item = &PlannedConditions> {
    let faults = rule.backends.iter().flat_map(|backend| &backend.filters.faults);
    let faults = rule.filters.faults.iter().chain(faults).map(|fault| &fault.conditions);
    let pins = rule.backends.iter().map(|backend| &backend.pins);
    pins.chain(faults).filter(|set| !set.is_empty())
}

fn meeting(set: &PlannedConditions) -> PlannedMatch {
    PlannedMatch { headers: set.headers.clone(), query: set.query.clone(), ..PlannedMatch::any() }
}

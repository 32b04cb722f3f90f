//! Planned paths and conditions as the route table's builder takes them.

use mesh_core::{
    route::{
        PathKind, PathTemplate,
        builder::{ConditionSpec, PathSpec, ValueSpec},
    },
    snapshot::tables::NONE,
};

use crate::plan::{PlannedCondition, PlannedPath, PlannedTest};

/// The path; `None` where it has no form, which planning has noted.
pub(crate) fn path_spec(path: &PlannedPath) -> Option<PathSpec<'_>> {
    let (kind, text) = match path {
        PlannedPath::Exact(text) => (PathKind::Exact, text),
        PlannedPath::Prefix(text) => (PathKind::Prefix, text),
        PlannedPath::Template(text) => (PathKind::Template, text),
        PlannedPath::Expression { source, automaton } => {
            let length = u32::try_from(source.len()).unwrap_or(u32::MAX);
            return Some(PathSpec::Expression(automaton.clone(), length));
        }
    };
    PathTemplate::parse(kind, text.as_bytes()).ok().map(PathSpec::Template)
}

/// The conditions, in order.
pub(crate) fn condition_specs(conditions: &[PlannedCondition]) -> Vec<ConditionSpec<'_>> {
    conditions
        .iter()
        .map(|one| ConditionSpec { name: &one.name, value: value(&one.test) })
        .collect()
}

fn value(test: &PlannedTest) -> ValueSpec<'_> {
    match test {
        PlannedTest::Exact(value) => ValueSpec::Exact(value),
        PlannedTest::Expression { automaton, .. } => ValueSpec::Expression(automaton.clone()),
        PlannedTest::Present => ValueSpec::Present,
        PlannedTest::Flag { flag, variant, .. } => ValueSpec::Flag(number(*flag), number(*variant)),
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}

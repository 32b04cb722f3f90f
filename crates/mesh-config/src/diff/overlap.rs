//! A request that two matches take.

use mesh_core::method::MethodSet;

use super::{
    draft::Draft,
    witness::{METHOD, Witnesses, named},
};
use crate::{
    compile::Shape,
    expression::{Kind, Steps, Wanted, shortest},
    plan::{PlannedCondition, PlannedMatch, PlannedPath, PlannedTest},
};

/// A request that both take; `None` where there is none, or none is found.
pub(super) fn both(
    one: &PlannedMatch,
    other: &PlannedMatch,
    witnesses: &Witnesses<'_>,
    steps: &mut Steps,
) -> Option<Draft> {
    let host = host(&one.host, &other.host)?;
    let method = method(one.methods, other.methods)?;
    let path = path(&one.path, &other.path, witnesses, steps)?;
    let headers = conditions(&one.headers, &other.headers, witnesses, steps)?;
    let query = conditions(&one.query, &other.query, witnesses, steps)?;
    Some(Draft { host: witnesses.host(host), path, method, headers, query })
}

/// The pattern that covers what both cover.
fn host<'p>(one: &'p str, other: &'p str) -> Option<&'p str> {
    let covers = |outer: &str, inner: &str| match outer.strip_prefix('*') {
        Some(below) => inner.strip_prefix('*').unwrap_or(inner).ends_with(below),
        None => outer.is_empty() || outer == inner,
    };
    if covers(one, other) { Some(other) } else { covers(other, one).then_some(one) }
}

fn method(one: MethodSet, other: MethodSet) -> Option<&'static str> {
    if one == MethodSet::NONE && other == MethodSet::NONE {
        return Some(METHOD);
    }
    let any = |set: MethodSet| if set == MethodSet::NONE { MethodSet::ANY } else { set };
    named(MethodSet(any(one).0 & any(other).0)).first().copied()
}

fn path(
    one: &PlannedPath,
    other: &PlannedPath,
    witnesses: &Witnesses<'_>,
    steps: &mut Steps,
) -> Option<String> {
    use PlannedPath::Expression;
    match (one, other) {
        (Expression { automaton: one, .. }, Expression { automaton: other, .. }) => {
            shortest(Kind::Path, &[Wanted::Taken(one), Wanted::Taken(other)], steps)
        }
        (Expression { automaton, .. }, plain) | (plain, Expression { automaton, .. }) => {
            let shape = Shape::of(plain);
            let ready = witnesses.paths_of(&shape);
            if let Some(path) = ready.into_iter().find(|path| automaton.accepts(path.bytes())) {
                return Some(path);
            }
            steps.take(COMPILING_STEPS).ok()?;
            let own = shape.automaton()?;
            shortest(Kind::Path, &[Wanted::Taken(automaton), Wanted::Taken(&own)], steps)
        }
        (one, other) => {
            let shape = narrower(&Shape::of(one), &Shape::of(other))?;
            witnesses.paths_of(&shape).into_iter().next()
        }
    }
}

/// What compiling the expression of a plain path may cost.
const COMPILING_STEPS: usize = 10_000;

/// The paths that both shapes take.
fn narrower(one: &Shape, other: &Shape) -> Option<Shape> {
    let parts = |shape: &Shape| match shape {
        Shape::Whole(segments) => Some((segments.clone(), false)),
        Shape::Prefix(segments) => Some((segments.clone(), true)),
        Shape::Expression(_) => None,
    };
    let ((long, long_open), (short, short_open)) = {
        let (one, other) = (parts(one)?, parts(other)?);
        if one.0.len() >= other.0.len() { (one, other) } else { (other, one) }
    };
    if long.len() > short.len() && !short_open {
        return None;
    }
    let mut segments = Vec::with_capacity(long.len());
    for (number, segment) in long.iter().enumerate() {
        segments.push(match (segment, short.get(number)) {
            (Some(one), Some(Some(other))) if one != other => return None,
            // a parameter is no empty segment
            (Some(empty), Some(None)) | (None, Some(Some(empty))) if empty.is_empty() => {
                return None;
            }
            (Some(literal), _) | (None, Some(Some(literal))) => Some(literal.clone()),
            (None, Some(None) | None) => None,
        });
    }
    let open = long_open && (short_open || long.len() > short.len());
    Some(if open { Shape::Prefix(segments) } else { Shape::Whole(segments) })
}

/// Values for the conditions of both.
fn conditions(
    one: &[PlannedCondition],
    other: &[PlannedCondition],
    witnesses: &Witnesses<'_>,
    steps: &mut Steps,
) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for condition in one {
        if let PlannedTest::Flag { name, .. } = &condition.test {
            let same = |second: &PlannedCondition| second.test == condition.test;
            if !other.iter().filter(|second| second.name == condition.name).all(same) {
                return None;
            }
            pairs.extend(witnesses.of_flag(&condition.name, name, steps)?);
            continue;
        }
        let second = other.iter().find(|second| second.name == condition.name);
        let value = value(&condition.test, second.map(|second| &second.test), witnesses, steps)?;
        pairs.push((condition.name.clone(), value));
    }
    for condition in other {
        if !one.iter().any(|first| first.name == condition.name) {
            pairs.extend(witnesses.values(core::slice::from_ref(condition), steps)?);
        }
    }
    Some(pairs)
}

fn value(
    one: &PlannedTest,
    other: Option<&PlannedTest>,
    witnesses: &Witnesses<'_>,
    steps: &mut Steps,
) -> Option<String> {
    use PlannedTest::{Exact, Expression, Flag, Present};
    match (one, other.unwrap_or(&Present)) {
        (Exact(one), Exact(other)) => (one == other).then(|| one.clone()),
        (Exact(value), Expression { automaton, .. })
        | (Expression { automaton, .. }, Exact(value)) => {
            automaton.accepts(value.bytes()).then(|| value.clone())
        }
        (Exact(value), Present) | (Present, Exact(value)) => Some(value.clone()),
        (Expression { automaton: one, .. }, Expression { automaton: other, .. }) => {
            shortest(Kind::Value, &[Wanted::Taken(one), Wanted::Taken(other)], steps)
        }
        (Expression { automaton, .. }, Present) | (Present, Expression { automaton, .. }) => {
            shortest(Kind::Value, &[Wanted::Taken(automaton)], steps)
        }
        (Present, Present) => Some(witnesses.word().to_owned()),
        // flags are no values
        (Flag { .. }, _) | (_, Flag { .. }) => None,
    }
}

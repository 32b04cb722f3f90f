//! Rules that match the same requests, and rules that no request reaches.
//!
//! A match can only lose all its requests to better ones on the same host: a more specific host
//! takes some of them, a less specific one none. On that host, a better match takes them all when
//! its path covers theirs and its other conditions are weaker; several may do so together by
//! method. What is said is true; not all that is true is said (paths are compared by their shape,
//! and against regular expressions by their automata).

use alloc::collections::BTreeMap;

use mesh_core::{
    method::MethodSet,
    route::{Automaton, PathKind},
};

use crate::{
    decode::Cursor,
    diagnostic::{Code, Diagnostic},
    expression::{compile_expression, covers},
    plan::{Plan, PlannedCondition, PlannedMatch, PlannedPath, PlannedRule, PlannedTest},
};

/// Most pairs of matches that are compared; a document past it is compared in part.
const PAIRS_MAX: usize = 4_000_000;
/// Most paths that are compared with regular expressions by their automata.
const AUTOMATON_PAIRS_MAX: usize = 4_096;

/// A match with its place.
#[derive(Clone, Copy)]
struct Entry<'p> {
    rule: usize,
    order: usize,
    one: &'p PlannedMatch,
}

/// Notes conflicts and unreachable rules.
pub(super) fn find(plan: &Plan, at: &mut Cursor) {
    let mut entries = Vec::new();
    for (rule, planned) in plan.rules.iter().enumerate() {
        for one in &planned.matches {
            entries.push(Entry { rule, order: entries.len(), one });
        }
    }
    let table = Groups::of(&entries);
    let mut budget = Budget { pairs: PAIRS_MAX, automata: AUTOMATON_PAIRS_MAX };
    let mut at_entry = entries.iter();
    for (number, planned) in plan.rules.iter().enumerate() {
        let own = at_entry.by_ref().take(planned.matches.len());
        let fates: Vec<Fate> = own.map(|entry| table.fate(entry, &mut budget)).collect();
        report(plan, number, planned, &fates, at);
    }
}

/// What becomes of the requests of a match.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    /// Some reach it.
    Reached,
    /// An earlier rule asks for exactly the same.
    SameAs(usize),
    /// Better matches of this rule, and maybe of others, take them all.
    CoveredBy(usize),
}

fn report(plan: &Plan, number: usize, planned: &PlannedRule, fates: &[Fate], at: &mut Cursor) {
    let name = |rule: usize| {
        plan.rules.get(rule).map_or(("", ""), |rule| (rule.name.as_str(), rule.at.as_str()))
    };
    if fates.is_empty() {
        return;
    }
    let lost = fates.iter().all(|fate| *fate != Fate::Reached);
    for fate in fates {
        let (code, found, expected, other) = match *fate {
            Fate::SameAs(other) => {
                let found = format!(
                    "rule \"{}\" matches the same requests as rule \"{}\"",
                    planned.name,
                    name(other).0
                );
                let expected = "other conditions: of two that are the same the first declared wins";
                (Code::ConflictingRules, found, expected, other)
            }
            Fate::CoveredBy(other) if lost => {
                let found = format!(
                    "no request reaches rule \"{}\": rule \"{}\" takes them all",
                    planned.name,
                    name(other).0
                );
                let expected = "a narrower rule there, or none here";
                (Code::UnreachableRule, found, expected, other)
            }
            Fate::CoveredBy(_) | Fate::Reached => continue,
        };
        if other != number {
            let warning = Diagnostic::warning(code, &planned.at, &found, expected);
            at.note(warning.with_related(name(other).1));
            return;
        }
    }
}

struct Budget {
    pairs: usize,
    automata: usize,
}

/// Matches by host and path.
struct Groups<'p> {
    /// Those of one host and one shape of path.
    same_path: BTreeMap<(&'p str, Shape), Vec<Entry<'p>>>,
    /// Those of one host whose path is a regular expression.
    expressions: BTreeMap<&'p str, Vec<Entry<'p>>>,
}

/// A path with its parameters' names left out; equal shapes take equal paths.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Shape {
    Whole(Vec<Option<String>>),
    Prefix(Vec<Option<String>>),
    Expression(String),
}

impl Shape {
    pub(crate) fn of(path: &PlannedPath) -> Self {
        let (text, kind) = match path {
            PlannedPath::Expression { source, .. } => return Self::Expression(source.clone()),
            PlannedPath::Exact(text) => (text, PathKind::Exact),
            PlannedPath::Prefix(text) => (text, PathKind::Prefix),
            PlannedPath::Template(text) => (text, PathKind::Template),
        };
        let body = text.strip_prefix('/').unwrap_or(text);
        let (body, open) = match kind {
            PathKind::Exact => (body, false),
            PathKind::Prefix => (body.strip_suffix('/').unwrap_or(body), true),
            PathKind::Template if body == "*" => ("", true),
            PathKind::Template => match body.strip_suffix("/*") {
                Some(body) => (body, true),
                None => (body, false),
            },
        };
        let literal = |segment: &str| {
            let param = kind == PathKind::Template && segment.starts_with('{');
            (!param).then(|| segment.to_owned())
        };
        if open && body.is_empty() {
            return Self::Prefix(Vec::new());
        }
        let segments = body.split('/').map(literal).collect();
        if open { Self::Prefix(segments) } else { Self::Whole(segments) }
    }

    /// An automaton that takes the same paths; those in normal form are printable ASCII.
    pub(crate) fn automaton(&self) -> Option<Automaton> {
        let (segments, rest) = match self {
            Self::Whole(segments) => (segments, ""),
            Self::Prefix(segments) if segments.is_empty() => (segments, "/[!-~]*"),
            Self::Prefix(segments) => (segments, "(/[!-~]*)?"),
            Self::Expression(source) => return compile_expression(source).ok(),
        };
        let mut source = String::new();
        for segment in segments {
            source.push('/');
            match segment {
                Some(literal) => source.push_str(&regex_syntax::escape(literal)),
                None => source.push_str("[!-.0-~]+"),
            }
        }
        source.push_str(rest);
        compile_expression(&source).ok()
    }
}

impl<'p> Groups<'p> {
    fn of(entries: &[Entry<'p>]) -> Self {
        let mut groups = Self { same_path: BTreeMap::new(), expressions: BTreeMap::new() };
        for entry in entries {
            let host = entry.one.host.as_str();
            let key = (host, Shape::of(&entry.one.path));
            groups.same_path.entry(key).or_default().push(*entry);
            if let PlannedPath::Expression { .. } = entry.one.path {
                groups.expressions.entry(host).or_default().push(*entry);
            }
        }
        groups
    }

    fn fate(&self, entry: &Entry<'p>, budget: &mut Budget) -> Fate {
        let host = entry.one.host.as_str();
        let shape = Shape::of(&entry.one.path);
        let same_path = self.same_path.get(&(host, shape.clone())).map_or(&[][..], Vec::as_slice);
        let mut taken = Taken { methods: MethodSet::NONE, by: None };
        for other in same_path {
            if other.order == entry.order || budget.pairs == 0 {
                continue;
            }
            budget.pairs = budget.pairs.saturating_sub(1);
            let same = other.one.methods == entry.one.methods
                && same_conditions(&other.one.headers, &entry.one.headers)
                && same_conditions(&other.one.query, &entry.one.query);
            if same && other.rule < entry.rule {
                return Fate::SameAs(other.rule);
            }
            if rank(other) < rank(entry) && weaker(other.one, entry.one) {
                taken.add(other, entry);
            }
        }
        if !matches!(shape, Shape::Whole(_)) {
            self.by_expressions(entry, &shape, &mut taken, budget);
        }
        match taken.by {
            Some(rule) if taken.all_of(entry.one.methods) => Fate::CoveredBy(rule),
            Some(_) | None => Fate::Reached,
        }
    }

    /// Expressions go before prefixes, and longer ones before shorter ones.
    fn by_expressions(
        &self,
        entry: &Entry<'p>,
        shape: &Shape,
        taken: &mut Taken,
        budget: &mut Budget,
    ) {
        let others = self.expressions.get(entry.one.host.as_str());
        let mut own = None;
        for other in others.into_iter().flatten() {
            let PlannedPath::Expression { source, automaton } = &other.one.path else { continue };
            let better = match shape {
                Shape::Expression(own) => source.len() > own.len(),
                Shape::Prefix(_) | Shape::Whole(_) => true,
            };
            if !better || !weaker(other.one, entry.one) || budget.automata == 0 {
                continue;
            }
            budget.automata = budget.automata.saturating_sub(1);
            let own = own.get_or_insert_with(|| shape.automaton());
            if own.as_ref().is_some_and(|own| covers(automaton, own)) {
                taken.add(other, entry);
            }
        }
    }
}

/// Which of a match's requests are taken by better ones.
struct Taken {
    methods: MethodSet,
    by: Option<usize>,
}

impl Taken {
    fn add(&mut self, other: &Entry<'_>, entry: &Entry<'_>) {
        let methods =
            if other.one.methods == MethodSet::NONE { MethodSet::ANY } else { other.one.methods };
        self.methods = self.methods.union(methods);
        // name a rule other than its own where there is one
        if self.by.is_none_or(|known| known == entry.rule) {
            self.by = Some(other.rule);
        }
    }

    fn all_of(&self, methods: MethodSet) -> bool {
        let asked = if methods == MethodSet::NONE { MethodSet::ANY } else { methods };
        self.methods.union(asked) == self.methods
    }
}

/// Smaller is better, among matches of one host and one path.
fn rank(entry: &Entry<'_>) -> (bool, usize, usize, usize) {
    let one = entry.one;
    (
        one.methods == MethodSet::NONE,
        usize::MAX.saturating_sub(one.headers.len()),
        usize::MAX.saturating_sub(one.query.len()),
        entry.order,
    )
}

/// True where each request that fulfils the conditions of `other` fulfils those of `one`. Methods
/// are not looked at.
fn weaker(one: &PlannedMatch, other: &PlannedMatch) -> bool {
    let implied = |conditions: &[PlannedCondition], given: &[PlannedCondition]| {
        conditions.iter().all(|condition| {
            given
                .iter()
                .any(|known| known.name == condition.name && implies(&known.test, &condition.test))
        })
    };
    implied(&one.headers, &other.headers) && implied(&one.query, &other.query)
}

fn implies(given: &PlannedTest, asked: &PlannedTest) -> bool {
    match (given, asked) {
        (_, PlannedTest::Present) => true,
        (PlannedTest::Exact(value), PlannedTest::Expression { automaton, .. }) => {
            automaton.accepts(value.bytes())
        }
        (given, asked) => given == asked,
    }
}

fn same_conditions(one: &[PlannedCondition], other: &[PlannedCondition]) -> bool {
    one.len() == other.len() && one.iter().all(|condition| other.contains(condition))
}

//! Requests that a match takes.

use alloc::collections::{BTreeMap, BTreeSet};

use mesh_core::{
    method::{Method, MethodSet},
    route::Automaton,
};

use super::{Side, conditions::wanted, draft::Draft};
use crate::{
    compile::Shape,
    expression::{Kind, Steps, Wanted, shortest},
    plan::{
        Plan, PlannedCondition, PlannedFlag, PlannedMatch, PlannedPath, PlannedRule, PlannedTest,
    },
};

/// The method of a request where nothing asks for one.
pub(super) const METHOD: &str = "GET";

/// Where an expression is compared with others: paths, headers or parameters of one name.
type Place<'p> = (Where, &'p str);

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Where {
    Path,
    Header,
    Query,
}

/// The expressions of a document, by place and source.
type Expressions<'p> = BTreeMap<(Place<'p>, &'p str), &'p Automaton>;

/// Makes requests that matches of two documents take.
#[derive(Debug)]
pub(super) struct Witnesses<'p> {
    expressions: [Expressions<'p>; 2],
    /// Methods that some match asks for: where one does not ask, these may tell it from others.
    methods: MethodSet,
    /// A word that is no segment, label or value of either document.
    word: String,
    /// Those of the new document go first.
    flags: [&'p [PlannedFlag]; 2],
}

impl<'p> Witnesses<'p> {
    pub(super) fn of(old: &'p Plan, new: &'p Plan) -> Self {
        let matches = || [old, new].into_iter().flat_map(all);
        let mut words = BTreeSet::new();
        for one in matches() {
            let (_, path) = one.path.parts();
            words.extend(path.split('/'));
            words.extend(one.host.split('.'));
        }
        let further = || [old, new].into_iter().flat_map(|plan| &plan.rules).flat_map(wanted);
        let of_matches = matches().flat_map(|one| one.headers.iter().chain(&one.query));
        let of_flags = [old, new].into_iter().flat_map(|plan| &plan.flags);
        let of_flags =
            of_flags.flat_map(|flag| &flag.rules).flat_map(|rule| &rule.conditions.headers);
        for condition in of_matches.chain(further()).chain(of_flags) {
            if let PlannedTest::Exact(value) = &condition.test {
                words.insert(value);
            }
        }
        let numbered = (1u32..).map(|number| format!("any{number}"));
        let mut candidates = core::iter::once("any".to_owned()).chain(numbered);
        let word = candidates.find(|word| !words.contains(word.as_str()));
        Self {
            expressions: [expressions(old), expressions(new)],
            methods: matches().fold(MethodSet::NONE, |set, one| set.union(one.methods)),
            word: word.unwrap_or_default(),
            flags: [&new.flags, &old.flags],
        }
    }

    /// Requests that a match takes, unless a better one takes them.
    pub(super) fn drafts(&self, one: &PlannedMatch, steps: &mut Steps) -> Vec<Draft> {
        let paths = if let PlannedPath::Expression { automaton, .. } = &one.path {
            shortest(Kind::Path, &[Wanted::Taken(automaton)], steps).into_iter().collect()
        } else {
            self.paths_of(&Shape::of(&one.path))
        };
        let headers = self.values(&one.headers, steps);
        let query = self.values(&one.query, steps);
        let (Some(headers), Some(query)) = (headers, query) else { return Vec::new() };
        let mut drafts = Vec::new();
        for path in paths {
            for method in self.methods(one) {
                drafts.push(Draft {
                    host: self.host(&one.host),
                    path: path.clone(),
                    method,
                    headers: headers.clone(),
                    query: query.clone(),
                });
            }
        }
        drafts
    }

    /// Requests that a match of one document takes because of an expression which takes what one of
    /// the other document does not.
    pub(super) fn variants(&self, one: &PlannedMatch, side: Side, steps: &mut Steps) -> Vec<Draft> {
        let [old, new] = &self.expressions;
        let (own, other) = match side {
            Side::Old => (old, new),
            Side::New => (new, old),
        };
        let mut found: Vec<(Place<'_>, String)> = Vec::new();
        for (place, source, automaton) in expressions_of(one) {
            if other.contains_key(&(place, source)) {
                continue;
            }
            let kind = if place.0 == Where::Path { Kind::Path } else { Kind::Value };
            for (key, theirs) in other.iter().filter(|((at, _), _)| *at == place) {
                if !own.contains_key(key) {
                    let wanted = [Wanted::Taken(automaton), Wanted::NotTaken(theirs)];
                    found.extend(shortest(kind, &wanted, steps).map(|text| (place, text)));
                }
            }
        }
        if found.is_empty() {
            return Vec::new();
        }
        let Some(base) = self.drafts(one, steps).into_iter().next() else { return Vec::new() };
        let variant = |((place, name), text): (Place<'_>, String)| {
            let mut draft = base.clone();
            let value = match place {
                Where::Path => Some(&mut draft.path),
                Where::Header => value_of(&mut draft.headers, name),
                Where::Query => value_of(&mut draft.query, name),
            };
            if let Some(value) = value {
                *value = text;
            }
            draft
        };
        found.into_iter().map(variant).collect()
    }

    /// A host that a pattern covers and, where it has a star, no other pattern names.
    pub(super) fn host(&self, pattern: &str) -> String {
        let Some(below) = pattern.strip_prefix("*.") else { return pattern.to_owned() };
        format!("{}.{below}", self.word)
    }

    /// A path that a pattern takes; the one below a prefix goes before the prefix itself.
    pub(super) fn paths_of(&self, shape: &Shape) -> Vec<String> {
        let joined = |segments: &[Option<String>]| {
            let mut path = String::new();
            for segment in segments {
                path.push('/');
                path.push_str(segment.as_deref().unwrap_or(&self.word));
            }
            path
        };
        match shape {
            Shape::Whole(segments) => vec![joined(segments)],
            Shape::Prefix(segments) => {
                let whole = joined(segments);
                let below = format!("{whole}/{}", self.word);
                vec![below, if whole.is_empty() { "/".to_owned() } else { whole }]
            }
            Shape::Expression(_) => Vec::new(),
        }
    }

    /// A value for each condition; `None` where one has none.
    pub(super) fn values(
        &self,
        conditions: &[PlannedCondition],
        steps: &mut Steps,
    ) -> Option<Vec<(String, String)>> {
        let mut pairs = Vec::with_capacity(conditions.len());
        for condition in conditions {
            let value = match &condition.test {
                PlannedTest::Exact(value) => value.clone(),
                PlannedTest::Present => self.word.clone(),
                PlannedTest::Expression { automaton, .. } => {
                    shortest(Kind::Value, &[Wanted::Taken(automaton)], steps)?
                }
                PlannedTest::Flag { name, .. } => {
                    pairs.extend(self.of_flag(&condition.name, name, steps)?);
                    continue;
                }
            };
            pairs.push((condition.name.clone(), value));
        }
        Some(pairs)
    }

    /// The flags of both documents.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'p PlannedFlag> {
        self.flags.into_iter().flatten()
    }

    /// A word that no match names.
    pub(super) fn word(&self) -> &str {
        &self.word
    }

    fn methods(&self, one: &PlannedMatch) -> Vec<&'static str> {
        if one.methods != MethodSet::NONE {
            return named(one.methods);
        }
        let mut methods = vec![METHOD];
        methods.extend(named(self.methods).into_iter().filter(|name| *name != METHOD));
        methods
    }
}

/// The names of the methods of a set.
pub(super) fn named(set: MethodSet) -> Vec<&'static str> {
    let known = Method::NAMED.iter().filter(|(method, _)| set.contains(*method));
    known.map(|(_, name)| *name).collect()
}

/// All matches of a document.
pub(super) fn all(plan: &Plan) -> impl Iterator<Item = &PlannedMatch> {
    plan.rules.iter().flat_map(of_rule)
}

/// The matches of a rule, with those for preflights.
pub(super) fn of_rule(rule: &PlannedRule) -> impl Iterator<Item = &PlannedMatch> {
    rule.matches.iter().chain(&rule.preflights)
}

fn value_of<'d>(pairs: &'d mut [(String, String)], name: &str) -> Option<&'d mut String> {
    pairs.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn expressions(plan: &Plan) -> Expressions<'_> {
    let mut found = BTreeMap::new();
    for (place, source, automaton) in all(plan).flat_map(expressions_of) {
        found.insert((place, source), automaton);
    }
    found
}

/// The expressions of a match, with their places and sources.
fn expressions_of(one: &PlannedMatch) -> Vec<(Place<'_>, &str, &Automaton)> {
    let mut found = Vec::new();
    if let PlannedPath::Expression { source, automaton } = &one.path {
        found.push(((Where::Path, ""), source.as_str(), automaton));
    }
    for (place, conditions) in [(Where::Header, &one.headers), (Where::Query, &one.query)] {
        for condition in conditions {
            if let PlannedTest::Expression { source, automaton } = &condition.test {
                found.push(((place, condition.name.as_str()), source.as_str(), automaton));
            }
        }
    }
    found
}

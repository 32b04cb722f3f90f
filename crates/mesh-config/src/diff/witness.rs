//! Requests that a match takes.

use alloc::collections::{BTreeMap, BTreeSet};

use mesh_core::{
    method::{Method, MethodSet},
    route::Automaton,
};

use super::draft::Draft;
use crate::{
    compile::Shape,
    expression::{Kind, Steps, Wanted, shortest},
    plan::{Plan, PlannedCondition, PlannedMatch, PlannedPath, PlannedTest},
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
}

impl<'p> Witnesses<'p> {
    pub(super) fn of(old: &'p Plan, new: &'p Plan) -> Self {
        let matches = || [old, new].into_iter().flat_map(all);
        let mut words = BTreeSet::new();
        for one in matches() {
            let (_, path) = one.path.parts();
            words.extend(path.split('/'));
            words.extend(one.host.split('.'));
            for condition in one.headers.iter().chain(&one.query) {
                if let PlannedTest::Exact(value) = &condition.test {
                    words.insert(value);
                }
            }
        }
        let numbered = (1u32..).map(|number| format!("any{number}"));
        let mut candidates = core::iter::once("any".to_owned()).chain(numbered);
        let word = candidates.find(|word| !words.contains(word.as_str()));
        Self {
            expressions: [expressions(old), expressions(new)],
            methods: matches().fold(MethodSet::NONE, |set, one| set.union(one.methods)),
            word: word.unwrap_or_default(),
        }
    }

    /// Requests that a match of the old document (0) or of the new one (1) takes, unless a better
    /// match takes them.
    pub(super) fn drafts(&self, one: &PlannedMatch, of: usize, steps: &mut Steps) -> Vec<Draft> {
        let paths = self.paths(one, of, steps);
        let mut texts = |place: Where, conditions: &[PlannedCondition]| -> Vec<Vec<String>> {
            let values = |condition: &PlannedCondition| {
                self.values(place, condition, of, steps)
            };
            conditions.iter().map(values).collect()
        };
        let headers = texts(Where::Header, &one.headers);
        let query = texts(Where::Query, &one.query);
        let first = |values: &[Vec<String>], conditions: &[PlannedCondition]| {
            let pair = |(values, condition): (&Vec<String>, &PlannedCondition)| {
                Some((condition.name.clone(), values.first()?.clone()))
            };
            values.iter().zip(conditions).map(pair).collect::<Option<Vec<_>>>()
        };
        let (Some(first_headers), Some(first_query)) =
            (first(&headers, &one.headers), first(&query, &one.query))
        else {
            return Vec::new();
        };
        let mut drafts = Vec::new();
        for path in paths {
            for method in self.methods(one) {
                drafts.push(Draft {
                    host: self.host(&one.host),
                    path: path.clone(),
                    method,
                    headers: first_headers.clone(),
                    query: first_query.clone(),
                });
            }
        }
        let Some(base) = drafts.first().cloned() else { return drafts };
        for (number, value) in others(&headers) {
            let mut draft = base.clone();
            if let Some(pair) = draft.headers.get_mut(number) {
                pair.1.clone_from(value);
            }
            drafts.push(draft);
        }
        for (number, value) in others(&query) {
            let mut draft = base.clone();
            if let Some(pair) = draft.query.get_mut(number) {
                pair.1.clone_from(value);
            }
            drafts.push(draft);
        }
        drafts
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

    fn paths(&self, one: &PlannedMatch, of: usize, steps: &mut Steps) -> Vec<String> {
        match &one.path {
            PlannedPath::Expression { source, automaton } => {
                self.texts((Where::Path, ""), source, automaton, of, steps)
            }
            path => self.paths_of(&Shape::of(path)),
        }
    }

    fn values(
        &self,
        place: Where,
        condition: &PlannedCondition,
        of: usize,
        steps: &mut Steps,
    ) -> Vec<String> {
        match &condition.test {
            PlannedTest::Exact(value) => vec![value.clone()],
            PlannedTest::Present => vec![self.word.clone()],
            PlannedTest::Expression { source, automaton } => {
                self.texts((place, &condition.name), source, automaton, of, steps)
            }
        }
    }

    /// A text that an expression takes; and where it is only in its own document, one each that it
    /// takes and an expression of the other document does not.
    fn texts(
        &self,
        place: Place<'_>,
        source: &str,
        automaton: &Automaton,
        of: usize,
        steps: &mut Steps,
    ) -> Vec<String> {
        let kind = if place.0 == Where::Path { Kind::Path } else { Kind::Value };
        let taken = Wanted::Taken(automaton);
        let mut texts: Vec<String> = shortest(kind, &[taken], steps).into_iter().collect();
        let [old, new] = &self.expressions;
        let (own, other) = if of == 0 { (old, new) } else { (new, old) };
        if other.contains_key(&(place, source)) {
            return texts;
        }
        for (key, theirs) in other.iter().filter(|((at, _), _)| *at == place) {
            if !own.contains_key(key) {
                let wanted = [taken, Wanted::NotTaken(theirs)];
                texts.extend(shortest(kind, &wanted, steps).filter(|text| !texts.contains(text)));
            }
        }
        texts
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
    plan.rules.iter().flat_map(|rule| &rule.matches)
}

/// All values but the first of each condition, with the condition's number.
fn others(values: &[Vec<String>]) -> impl Iterator<Item = (usize, &String)> {
    let numbered = values.iter().enumerate();
    numbered.flat_map(|(number, values)| values.iter().skip(1).map(move |value| (number, value)))
}

fn expressions(plan: &Plan) -> Expressions<'_> {
    let mut found = BTreeMap::new();
    for one in all(plan) {
        if let PlannedPath::Expression { source, automaton } = &one.path {
            found.insert(((Where::Path, ""), source.as_str()), automaton);
        }
        for (place, conditions) in [(Where::Header, &one.headers), (Where::Query, &one.query)] {
            for condition in conditions {
                if let PlannedTest::Expression { source, automaton } = &condition.test {
                    found.insert(((place, condition.name.as_str()), source.as_str()), automaton);
                }
            }
        }
    }
    found
}

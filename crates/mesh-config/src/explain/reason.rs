//! Why the other rules do not take a request.
//!
//! Each condition is asked on its own, of a route table that holds only this condition, so that the
//! answer is the data plane's own.

use mesh_core::{
    method::{Method, MethodSet},
    route::{
        MatchSpec, RouteTable, RouteTableBuilder,
        builder::{ConditionSpec, ValueSpec},
    },
};
use serde::Serialize;

use super::request::ExplainRequest;
use crate::{
    compile::{condition_specs, path_spec},
    document::PathType,
    plan::{
        FLAG_PREFIX, Plan, PlannedCondition, PlannedConditions, PlannedMatch, PlannedPath,
        PlannedRule, PlannedTest,
    },
};

/// A rule that does not take the request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OtherRule {
    /// Its name, or `rules[3]`.
    pub name: String,
    /// Where it stands in the document.
    pub path: String,
    /// The first condition that fails, of the match that comes nearest.
    pub refusal: Refusal,
    /// The same in words.
    pub why: String,
    /// The rule that goes before it, where all its conditions hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub won_by: Option<String>,
}

/// The kind of condition that fails.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "what a match can ask for, in the order of asking")]
pub enum Refusal {
    /// The host.
    Host,
    /// The path.
    Path,
    /// The method.
    Method,
    /// A header.
    Header,
    /// A query parameter.
    Query,
    /// A feature flag.
    Flag,
    /// None: another rule that also matches goes before it.
    Precedence,
}

/// What is asked: the request with its path in normal form.
pub(super) struct Asked<'r> {
    pub(super) request: &'r ExplainRequest,
    pub(super) path: &'r str,
    pub(super) plan: &'r Plan,
    /// The data plane's own, which decides flags.
    pub(super) routes: &'r RouteTable,
}

/// Why each rule but the chosen one does not take the request.
pub(super) fn others(
    plan: &Plan,
    chosen: Option<(usize, &PlannedRule, &PlannedMatch)>,
    asked: &Asked<'_>,
) -> Vec<OtherRule> {
    let taken = chosen.map(|(number, ..)| number);
    let rules = plan.rules.iter().enumerate().filter(|(number, _)| Some(*number) != taken);
    rules.map(|(_, rule)| asked.other(rule, chosen)).collect()
}

/// The match of a rule that takes the request.
pub(super) fn winner<'p>(rule: &'p PlannedRule, asked: &Asked<'_>) -> Option<&'p PlannedMatch> {
    let of = |matches: &'p [PlannedMatch]| matches.get(asked.first_of(matches)?);
    of(&rule.matches).or_else(|| of(&rule.preflights))
}

/// What a match asks for, one condition each.
pub(super) fn conditions(one: &PlannedMatch) -> Vec<String> {
    let mut asked = Vec::new();
    if !one.host.is_empty() {
        asked.push(format!("host {}", one.host));
    }
    asked.push(match one.path.parts() {
        (PathType::Exact, text) => format!("path exactly {text}"),
        (PathType::PathPrefix, "/") => "any path".to_owned(),
        (PathType::PathPrefix, text) => format!("path prefix {text}"),
        (PathType::RegularExpression, text) => format!("path matching /{text}/"),
        (PathType::Template, text) => format!("path {text}"),
    });
    if one.methods != MethodSet::NONE {
        asked.push(format!("method {}", methods(one.methods)));
    }
    asked.extend(one.headers.iter().map(on_header));
    asked.extend(one.query.iter().map(|condition| format!("query {}", wanted(condition))));
    asked
}

impl Asked<'_> {
    fn other(
        &self,
        rule: &PlannedRule,
        chosen: Option<(usize, &PlannedRule, &PlannedMatch)>,
    ) -> OtherRule {
        // a preflight is asked what the rule has for it too
        let options = self.request.parts().method == "OPTIONS";
        let preflights = rule.preflights.iter().filter(|_| options);
        let nearest = preflights.chain(&rule.matches).map(|one| (self.refusal(one), one));
        let nearest = nearest.max_by_key(|((refusal, _), _)| *refusal);
        let ((refusal, why), won_by) = match (nearest, chosen) {
            (Some(((Refusal::Precedence, _), one)), Some((_, winner, best))) => {
                let why = format!("rule \"{}\" goes before it: {}", winner.name, better(best, one));
                ((Refusal::Precedence, why), Some(winner.name.clone()))
            }
            (Some((refusal, _)), _) => (refusal, None),
            (None, _) => ((Refusal::Path, "it matches nothing".to_owned()), None),
        };
        OtherRule { name: rule.name.clone(), path: rule.at.clone(), refusal, why, won_by }
    }

    /// The first condition of a match that fails.
    fn refusal(&self, one: &PlannedMatch) -> (Refusal, String) {
        let parts = self.request.parts();
        if !self.holds(&PlannedMatch { host: one.host.clone(), ..PlannedMatch::any() }) {
            let host = if parts.host.is_empty() { "no host" } else { parts.host };
            return (Refusal::Host, format!("{host} is not {}", one.host));
        }
        if !self.holds(&PlannedMatch { path: one.path.clone(), ..PlannedMatch::any() }) {
            let (_, text) = one.path.parts();
            return (Refusal::Path, format!("{} does not match {text}", self.path));
        }
        if !self.holds(&PlannedMatch { methods: one.methods, ..PlannedMatch::any() }) {
            let why = format!("{} is not {}", parts.method, methods(one.methods));
            return (Refusal::Method, why);
        }
        for header in &one.headers {
            if !self.holds(&PlannedMatch { headers: vec![header.clone()], ..PlannedMatch::any() }) {
                if let Some(flag) = header.name.strip_prefix(FLAG_PREFIX) {
                    let found = self.flag(flag).unwrap_or("switched off");
                    let why = format!("flag {flag} is {found}; asked for {}", wanted(header));
                    return (Refusal::Flag, why);
                }
                let found = match self.request.header(&header.name) {
                    Some(value) => format!("is \"{}\"", crate::node::excerpt(&value)),
                    None => "is missing".to_owned(),
                };
                let why = format!("header {} {found}; asked for {}", header.name, wanted(header));
                return (Refusal::Header, why);
            }
        }
        for query in &one.query {
            if !self.holds(&PlannedMatch { query: vec![query.clone()], ..PlannedMatch::any() }) {
                let why = format!("query \"{}\" lacks {}", parts.query, wanted(query));
                return (Refusal::Query, why);
            }
        }
        (Refusal::Precedence, String::new())
    }

    /// True where the request meets all conditions.
    pub(super) fn meets(&self, conditions: &PlannedConditions) -> bool {
        self.holds(&PlannedMatch {
            headers: conditions.headers.clone(),
            query: conditions.query.clone(),
            ..PlannedMatch::any()
        })
    }

    fn holds(&self, one: &PlannedMatch) -> bool {
        self.first_of(core::slice::from_ref(one)).is_some()
    }

    /// The match that takes the request, by the data plane's own walk.
    fn first_of(&self, matches: &[PlannedMatch]) -> Option<usize> {
        let mut builder = RouteTableBuilder::new();
        for (target, one) in (0u32..).zip(matches) {
            let spec = MatchSpec {
                host: &one.host,
                path: path_spec(&one.path)?,
                methods: one.methods,
                headers: plain_specs(&one.headers),
                query: condition_specs(&one.query),
                target,
            };
            builder.add(&spec).ok()?;
        }
        let table = builder.finish().into_table();
        let mut values = self.request.values(&table);
        for (name, value) in table.headers().zip(&mut values) {
            let flag =
                core::str::from_utf8(name).ok().and_then(|name| name.strip_prefix(FLAG_PREFIX));
            if let Some(flag) = flag {
                *value = self.flag(flag).map(str::to_owned);
            }
        }
        self.request
            .with_head(self.path, &values, |head| usize::try_from(table.find(head)?.target).ok())
    }

    /// The variant of a flag, by its name; `None` where it is switched off.
    fn flag(&self, name: &str) -> Option<&str> {
        let (number, flag) = (0u32..).zip(&self.plan.flags).find(|(_, flag)| flag.name == name)?;
        let values = self.request.values(self.routes);
        let found =
            self.request.with_head(self.path, &values, |head| self.routes.flag(number, head));
        let variant = usize::try_from(found.variant).ok()?;
        flag.variants.get(variant).map(|(name, _)| name.as_str())
    }
}

/// Conditions on headers for a table without flags: what they come to stands in their place.
fn plain_specs(conditions: &[PlannedCondition]) -> Vec<ConditionSpec<'_>> {
    let mut specs = condition_specs(conditions);
    for (spec, condition) in specs.iter_mut().zip(conditions) {
        if let PlannedTest::Flag { name, .. } = &condition.test {
            spec.value = ValueSpec::Exact(name);
        }
    }
    specs
}

/// Why the first of two matches that both hold goes before the second.
fn better(best: &PlannedMatch, other: &PlannedMatch) -> String {
    if best.host != other.host {
        return "its host is more specific".to_owned();
    }
    let kind = |path: &PlannedPath| match path {
        PlannedPath::Exact(_) => 0,
        PlannedPath::Template(text) if path.is_prefix() => 3 + usize::from(text.is_empty()),
        PlannedPath::Template(text) => usize::from(text.contains('{')),
        PlannedPath::Expression { .. } => 2,
        PlannedPath::Prefix(_) => 3,
    };
    let words = ["an exact path", "a template", "a regular expression", "a prefix"];
    let (ours, theirs) = (kind(&best.path), kind(&other.path));
    if ours != theirs {
        let word = |kind: usize| words.get(kind).copied().unwrap_or("a prefix");
        return format!("{} goes before {}", word(ours), word(theirs));
    }
    let (_, text) = best.path.parts();
    let (_, other_text) = other.path.parts();
    if text.trim_end_matches(['*', '/']) != other_text.trim_end_matches(['*', '/']) {
        return "its path is more specific".to_owned();
    }
    if (best.methods == MethodSet::NONE) != (other.methods == MethodSet::NONE) {
        return "it asks for a method".to_owned();
    }
    if best.headers.len() != other.headers.len() {
        return "it asks for more headers".to_owned();
    }
    if best.query.len() != other.query.len() {
        return "it asks for more query parameters".to_owned();
    }
    "it is declared first".to_owned()
}

fn methods(set: MethodSet) -> String {
    let named = Method::NAMED.iter().filter(|(method, _)| set.contains(*method));
    named.map(|(_, name)| *name).collect::<Vec<_>>().join(" or ")
}

/// Conditions in words.
pub(super) fn wanted_all(conditions: &PlannedConditions) -> Vec<String> {
    let headers = conditions.headers.iter().map(on_header);
    headers.chain(conditions.query.iter().map(|one| format!("query {}", wanted(one)))).collect()
}

fn on_header(condition: &PlannedCondition) -> String {
    match condition.name.strip_prefix(FLAG_PREFIX) {
        Some(flag) => format!("flag {flag} = {}", wanted(condition)),
        None => format!("header {}", wanted(condition)),
    }
}

fn wanted(condition: &PlannedCondition) -> String {
    match &condition.test {
        PlannedTest::Exact(value) => {
            format!("{} = \"{}\"", condition.name, crate::node::excerpt(value))
        }
        PlannedTest::Expression { source, .. } => format!("{} matching /{source}/", condition.name),
        PlannedTest::Present => format!("{} present", condition.name),
        PlannedTest::Flag { name, .. } => format!("\"{name}\""),
    }
}

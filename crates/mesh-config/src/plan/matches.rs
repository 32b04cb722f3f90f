//! Which requests a rule takes.

use alloc::collections::BTreeMap;

use mesh_core::method::{Method, MethodSet};

use super::{
    Context, PlannedCondition, PlannedConditions, PlannedMatch, PlannedPath, PlannedTest,
    conditions, paths,
};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{Conditions, FlagTest, HostPatterns, Methods, PathMatch, Rule},
    limits::{RULE_MATCHES_MAX, RULE_PREFLIGHTS_MAX},
};

/// The parts of a match, from the rule itself or from one of its alternatives.
struct Parts<'d> {
    path: Option<&'d PathMatch>,
    method: Option<&'d Methods>,
    methods: Option<&'d Methods>,
    headers: Option<&'d Conditions>,
    query: Option<&'d Conditions>,
    flags: Option<&'d BTreeMap<String, FlagTest>>,
}

/// Every combination of a rule's hosts and matches.
pub(super) fn plan(rule: &Rule, context: Context<'_>, at: &mut Cursor) -> Vec<PlannedMatch> {
    let flat = Parts {
        path: rule.path.as_ref(),
        method: rule.method.as_ref(),
        methods: rule.methods.as_ref(),
        headers: rule.headers.as_ref(),
        query: rule.query.as_ref(),
        flags: rule.flags.as_ref(),
    };
    let hosts = hosts(rule, at);
    let mut found = Vec::new();
    match rule.matches.as_deref() {
        Some(alternatives) if !alternatives.is_empty() => {
            if let Some(field) = flat.first_field() {
                let what = format!("both `matches` and `{field}`");
                at.error(Code::ConflictingFields, &what, "one of them");
            }
            at.at_field("matches", |at| {
                for (index, one) in alternatives.iter().enumerate() {
                    let parts = Parts {
                        path: one.path.as_ref(),
                        method: one.method.as_ref(),
                        methods: one.methods.as_ref(),
                        headers: one.headers.as_ref(),
                        query: one.query.as_ref(),
                        flags: one.flags.as_ref(),
                    };
                    found.extend(at.at_item(index, |at| parts.plan(context, at)));
                }
            });
        }
        Some(_) | None => found.extend(flat.plan(context, at)),
    }
    if hosts.len().saturating_mul(found.len()) > RULE_MATCHES_MAX {
        let what = format!("{} hosts with {} matches each", hosts.len(), found.len());
        at.error(Code::TooLarge, &what, "at most 256 combinations; split the rule");
    }
    let pairs = hosts.iter().flat_map(|host| {
        found.iter().map(|one| PlannedMatch { host: host.clone(), ..one.clone() })
    });
    pairs.take(RULE_MATCHES_MAX).collect()
}

fn hosts(rule: &Rule, at: &mut Cursor) -> Vec<String> {
    let (one, many) = (rule.host.as_ref(), rule.hosts.as_ref());
    if one.is_some() && many.is_some() {
        at.error(Code::ConflictingFields, "both `host` and `hosts`", "one of them");
    }
    let mut hosts: Vec<String> = [one, many]
        .into_iter()
        .flatten()
        .flat_map(HostPatterns::list)
        .map(|pattern| pattern.as_str().to_owned())
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    if hosts.is_empty() {
        hosts.push(String::new());
    }
    hosts
}

/// The header of the method that a preflight asks for.
pub(crate) const ASKED_METHOD: &str = "access-control-request-method";

/// Matches for the preflights of what `matches` take: a preflight is an `OPTIONS` request that
/// names the method to come, and must find the rule of that.
pub(super) fn preflights(matches: &[PlannedMatch], at: &mut Cursor) -> Vec<PlannedMatch> {
    let mut planned = Vec::new();
    let misses = |one: &&PlannedMatch| {
        one.methods != MethodSet::NONE && !one.methods.contains(Method::Options)
    };
    for one in matches.iter().filter(misses) {
        let named = Method::NAMED.iter().filter(|(method, _)| one.methods.contains(*method));
        for (_, name) in named {
            let mut preflight = one.clone();
            preflight.methods = Method::Options.bit();
            let mut add = |name: &str, test: PlannedTest| {
                if preflight.headers.iter().all(|known| known.name != name) {
                    preflight.headers.push(PlannedCondition { name: name.to_owned(), test });
                }
            };
            add("origin", PlannedTest::Present);
            add(ASKED_METHOD, PlannedTest::Exact((*name).to_owned()));
            planned.push(preflight);
        }
    }
    if planned.len() > RULE_PREFLIGHTS_MAX {
        let found = format!("{} hosts, matches and methods beside `cors`", planned.len());
        at.error(Code::TooLarge, &found, "at most 256 combinations; split the rule");
        planned.truncate(RULE_PREFLIGHTS_MAX);
    }
    planned
}

impl PlannedMatch {
    /// A match that takes every request.
    pub(crate) fn any() -> Self {
        Self {
            host: String::new(),
            path: PlannedPath::Prefix("/".to_owned()),
            methods: MethodSet::NONE,
            headers: Vec::new(),
            query: Vec::new(),
        }
    }
}

impl Parts<'_> {
    fn first_field(&self) -> Option<&'static str> {
        [
            self.path.map(|_| "path"),
            self.method.map(|_| "method"),
            self.methods.map(|_| "methods"),
            self.headers.map(|_| "headers"),
            self.query.map(|_| "query"),
            self.flags.map(|_| "flags"),
        ]
        .into_iter()
        .flatten()
        .next()
    }

    fn plan(&self, context: Context<'_>, at: &mut Cursor) -> Option<PlannedMatch> {
        if self.method.is_some() && self.methods.is_some() {
            at.error(Code::ConflictingFields, "both `method` and `methods`", "one of them");
        }
        let methods = [self.method, self.methods].into_iter().flatten();
        let methods = methods.fold(MethodSet::NONE, |set, more| set.union(more.set()));
        let PlannedConditions { headers, query } =
            conditions::all(self.headers, self.query, self.flags, context, at);
        let path = match self.path {
            Some(path) => at.at_field("path", |at| paths::plan(path, at)),
            None => Some(PlannedPath::Prefix("/".to_owned())),
        };
        Some(PlannedMatch { host: String::new(), path: path?, methods, headers, query })
    }
}

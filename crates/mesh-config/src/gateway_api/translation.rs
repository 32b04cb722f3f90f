//! A rule of a route as a rule of our document, without its hosts.

use super::{
    filters::{self, FilterPlace, FilterScope},
    grpc_matches,
    inventory::{Inventory, Refusal, UNAVAILABLE},
    matches,
    objects::Object,
    policy,
    route_objects::BackendRef,
    routes::{Route, RouteKind, RouteMatches, RouteRule},
};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{
        Backend, BackendEntry, BackendWeight, Filter, Match, MissingBackend, PathMatch, PathType,
        Rule, ServiceName,
    },
};

/// What does not work of a route, or of a part of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Translation {
    /// Why the part at hand cannot work at all.
    pub(super) broken: Option<String>,
    /// What does not work of a part that works otherwise.
    pub(super) partly: Vec<String>,
    /// The first reference that leads nowhere.
    pub(super) unresolved: Option<Refusal>,
    /// True where a filter replaces the prefix that was matched.
    pub(super) replaces_prefix: bool,
}

impl Translation {
    pub(super) fn broken(&mut self, why: String) {
        self.broken.get_or_insert(why);
    }

    pub(super) fn partly(&mut self, why: String) {
        self.partly.push(why);
    }
}

/// A translated rule.
#[derive(Clone, Debug)]
pub(super) struct TranslatedRule {
    /// `namespace/route/rule`, where the rule is its name or its number.
    pub(super) name: String,
    pub(super) matches: Vec<Match>,
    /// Everything but hosts, matches and name.
    pub(super) rule: Rule,
}

/// A translated route.
#[derive(Clone, Debug, Default)]
pub(super) struct TranslatedRoute {
    pub(super) rules: Vec<TranslatedRule>,
    /// What does not work; one for each part.
    pub(super) problems: Vec<String>,
    /// True where no rule works.
    pub(super) broken: bool,
    pub(super) unresolved: Option<Refusal>,
}

/// Translates the rules of a route, in order.
pub(super) fn route(
    route: &Object<Route>,
    inventory: &Inventory,
    at: &mut Cursor,
) -> TranslatedRoute {
    let kind = route.spec.kind;
    let only = [RouteRule::only(kind)];
    let rules = if route.spec.rules.is_empty() { &only[..] } else { &route.spec.rules };
    let mut found = TranslatedRoute { broken: true, ..TranslatedRoute::default() };
    for (index, rule) in rules.iter().enumerate() {
        let mut out = Translation::default();
        let own = rule.name.clone().unwrap_or_else(|| index.to_string());
        let name = format!("{}/{}/{own}", route.namespace, route.name);
        let translator = Translator { kind, namespace: &route.namespace, inventory };
        let translated = at.at_item(index, |at| translator.rule(name, rule, &mut out, at));
        found.broken &= out.broken.is_some() || translated.matches.is_empty();
        found.problems.extend(out.partly);
        found.problems.extend(out.broken);
        found.unresolved = found.unresolved.or(out.unresolved);
        if !translated.matches.is_empty() {
            found.rules.push(translated);
        }
    }
    found
}

struct Translator<'i> {
    /// Of the route.
    kind: RouteKind,
    /// Of the route.
    namespace: &'i str,
    inventory: &'i Inventory,
}

impl Translator<'_> {
    fn rule(
        &self,
        name: String,
        from: &RouteRule,
        out: &mut Translation,
        at: &mut Cursor,
    ) -> TranslatedRule {
        let matches = at.at_field("matches", |at| match &from.matches {
            RouteMatches::Http(list) => matches::translate(list, out, at),
            RouteMatches::Grpc(list) => grpc_matches::translate(list, out, at),
        });
        let scope = self.scope(FilterPlace::HttpRule, 0);
        let filters =
            at.at_field("filters", |at| filters::translate(&from.filters, scope, out, at));
        let mirrors = filters::count_mirrors(&filters);
        check_filters(&filters, &matches, out);
        let timeout =
            at.at_field("timeouts", |at| policy::timeout(from.timeouts.as_ref(), out, at));
        let retries = at.at_field("retry", |at| policy::retries(from.retry.as_ref(), out, at));
        let refs = &from.backends;
        let mut backends =
            at.at_field("backendRefs", |at| self.backends(refs, &matches, mirrors, out, at));
        let redirects = filters.iter().any(|filter| matches!(filter, Filter::Redirect(_)));
        let mut rule = Rule { timeout, retries, ..Rule::default() };
        if let Some(why) = &out.broken {
            backends = vec![self.missing(why.clone(), None)];
        } else {
            rule.filters = (!filters.is_empty()).then_some(filters);
        }
        if redirects && out.broken.is_none() {
            if !refs.is_empty() {
                at.warning(Code::Unsupported, "backendRefs beside a redirect", "one of them");
            }
        } else {
            rule.backends = Some(backends);
        }
        TranslatedRule { name, matches, rule }
    }

    fn backends(
        &self,
        refs: &[BackendRef],
        matches: &[Match],
        mirrors: usize,
        out: &mut Translation,
        at: &mut Cursor,
    ) -> Vec<BackendEntry> {
        let mut backends = Vec::new();
        let mut total = 0u64;
        for (index, one) in refs.iter().enumerate() {
            total += u64::from(one.weight.map_or(defaults::BACKEND_WEIGHT, BackendWeight::value));
            backends.push(at.at_item(index, |at| self.backend(one, matches, mirrors, out, at)));
        }
        if refs.is_empty() {
            vec![self.missing("no backendRefs".to_owned(), None)]
        } else if total == 0 {
            vec![self.missing("no backendRef with a weight above 0".to_owned(), None)]
        } else {
            backends
        }
    }

    fn backend(
        &self,
        from: &BackendRef,
        matches: &[Match],
        mirrors: usize,
        out: &mut Translation,
        at: &mut Cursor,
    ) -> BackendEntry {
        let mut own = Translation::default();
        let declared = from.filters.as_deref().unwrap_or(&[]);
        let scope = self.scope(FilterPlace::HttpBackend, mirrors);
        let filters =
            at.at_field("filters", |at| filters::translate(declared, scope, &mut own, at));
        check_filters(&filters, matches, &mut own);
        out.unresolved = out.unresolved.take().or(own.unresolved);
        out.partly.append(&mut own.partly);
        if let Some(why) = own.broken {
            out.partly(why.clone());
            return self.missing(why, from.weight);
        }
        match self.inventory.resolve(self.kind, self.namespace, from) {
            Ok(found) => BackendEntry::Backend(Backend {
                weight: from.weight,
                filters: (!filters.is_empty()).then_some(filters),
                ..Backend::of(found.service.clone())
            }),
            Err(refusal) => {
                let found = format!("a reference to {}", refusal.message);
                at.warning(Code::UnresolvedReference, &found, "");
                let message = refusal.message.clone();
                out.unresolved.get_or_insert(refusal);
                self.missing(message, from.weight)
            }
        }
    }

    /// What filters are translated by that stand there in an HTTPRoute.
    const fn scope(&self, in_http: FilterPlace, mirrors: usize) -> FilterScope<'_> {
        let Self { kind, namespace, inventory } = *self;
        let place = match kind {
            RouteKind::Grpc => FilterPlace::Grpc,
            RouteKind::Http => in_http,
        };
        FilterScope { place, kind, namespace, inventory, mirrors }
    }

    /// What answers 500; to gRPC 503, which its clients take for `UNAVAILABLE`.
    fn missing(&self, what: String, weight: Option<BackendWeight>) -> BackendEntry {
        match (self.kind, ServiceName::parse(UNAVAILABLE)) {
            (RouteKind::Grpc, Ok(service)) => {
                BackendEntry::Backend(Backend { weight, ..Backend::of(service) })
            }
            (RouteKind::Grpc | RouteKind::Http, _) => {
                BackendEntry::Missing(MissingBackend { missing: what, weight })
            }
        }
    }
}

/// What would not compile: the API's own validation refuses it too.
fn check_filters(filters: &[Filter], matches: &[Match], out: &mut Translation) {
    let count = |test: fn(&Filter) -> bool| filters.iter().filter(|filter| test(filter)).count();
    let rewrites = count(|filter| matches!(filter, Filter::Rewrite(_)));
    let redirects = count(|filter| matches!(filter, Filter::Redirect(_)));
    if rewrites + redirects > 1 {
        out.broken("more than one rewrite or redirect".to_owned());
    }
    if count(|filter| matches!(filter, Filter::Cors(_))) > 1 {
        out.broken("more than one CORS filter".to_owned());
    }
    let is_prefix = |one: &Match| {
        one.path.as_ref().is_none_or(|path: &PathMatch| path.typed().0 == PathType::PathPrefix)
    };
    if out.replaces_prefix && !matches.iter().all(is_prefix) {
        out.broken("a new prefix where not every match has one".to_owned());
    }
}

//! Rules with their matches and backends.

use alloc::collections::BTreeMap;

use mesh_core::method::MethodSet;

use super::{
    PlannedBackend, PlannedMatch, PlannedPath, PlannedRule, PlannedService, Settings, conditions,
    filters, paths,
    services::{check_settings, no_location},
    settings::Layer,
};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{
        Backend, BackendEntry, BackendWeight, BalancerName, Conditions, Document, Filter,
        HostPatterns, Methods, PathMatch, Rule, ServiceName,
    },
    limits::{MATCHES_MAX, RULE_MATCHES_MAX, RULES_MAX, TEXT_BYTES_MAX},
    nearest::nearest,
};

/// Resolves the rules, in order.
pub(super) fn plan(
    document: &Document,
    services: &[PlannedService],
    at: &mut Cursor,
) -> Vec<PlannedRule> {
    let rules = document.routing.as_ref().and_then(|routing| routing.rules.as_deref());
    let rules = rules.unwrap_or(&[]);
    at.at_field("routing", |at| {
        at.at_field("rules", |at| {
            if rules.len() > RULES_MAX {
                at.error(Code::TooLarge, "more than 8192 rules", "fewer");
            }
            let mut names = BTreeMap::new();
            let mut matches = 0usize;
            let mut planned = Vec::new();
            for (index, rule) in rules.iter().enumerate().take(RULES_MAX) {
                let resolver = Resolver { document, services, rule };
                let one = at.at_item(index, |at| {
                    resolver.check_name(&mut names, at);
                    resolver.plan(index, at)
                });
                matches = matches.saturating_add(one.matches.len());
                planned.push(one);
            }
            if matches > MATCHES_MAX {
                let found = format!("{matches} combinations of hosts and matches");
                at.error(Code::TooLarge, &found, "at most 32768 in all rules");
            }
            planned
        })
    })
}

struct Resolver<'d> {
    document: &'d Document,
    services: &'d [PlannedService],
    rule: &'d Rule,
}

/// The parts of a match, from the rule itself or from one of its alternatives.
struct Parts<'d> {
    path: Option<&'d PathMatch>,
    method: Option<&'d Methods>,
    methods: Option<&'d Methods>,
    headers: Option<&'d Conditions>,
    query: Option<&'d Conditions>,
}

impl<'d> Resolver<'d> {
    fn check_name(&self, known: &mut BTreeMap<&'d str, String>, at: &mut Cursor) {
        let Some(name) = &self.rule.name else { return };
        if name.is_empty() || name.len() > TEXT_BYTES_MAX || name.chars().any(char::is_control) {
            at.at_field("name", |at| {
                at.error(
                    Code::InvalidName,
                    "a name that is empty, too long or has control characters",
                    "1 to 255 bytes of text",
                );
            });
        } else if let Some(other) = known.insert(name, at.path().to_owned()) {
            let found = format!("the name \"{}\" again", crate::node::excerpt(name));
            at.at_field("name", |at| {
                at.error_against(Code::DuplicateName, &found, "each name once", &other);
            });
        }
    }

    fn plan(&self, index: usize, at: &mut Cursor) -> PlannedRule {
        let rule = self.rule;
        let matches = self.matches(at);
        let declared = rule.filters.as_deref().unwrap_or(&[]);
        let (filters, redirect) =
            at.at_field("filters", |at| filters::plan(declared, &matches, true, at));
        let redirects = declared.iter().any(|filter| matches!(filter, Filter::Redirect(_)));
        self.check_destination(redirects, at);
        if redirects && !filters.edits.is_empty() {
            at.at_field("filters", |at| {
                at.warning(
                    Code::InvalidFilter,
                    "header edits beside a redirect, which has no effect",
                    "one or the other",
                );
            });
        }
        let backends = self.backends(&matches, at);
        self.check_weights(&backends, at);
        self.check_overrides(&backends, at);
        PlannedRule {
            name: rule.name.clone().unwrap_or_else(|| format!("rules[{index}]")),
            at: at.path().to_owned(),
            matches,
            backends,
            filters,
            redirect,
        }
    }

    /// Exactly one of service, backends and redirect.
    fn check_destination(&self, redirects: bool, at: &mut Cursor) {
        let rule = self.rule;
        let (service, backends) = (rule.service.is_some(), rule.backends.is_some());
        if service && backends {
            at.error(Code::ConflictingFields, "both `service` and `backends`", "one of them");
        } else if redirects && (service || backends) {
            let field = if service { "`service`" } else { "`backends`" };
            let found = format!("both {field} and a redirect");
            at.error(Code::ConflictingFields, &found, "one of them: a redirect sends nothing on");
        } else if !redirects && !service && rule.backends.as_ref().is_none_or(Vec::is_empty) {
            at.error(
                Code::NoBackend,
                "a rule that sends nowhere",
                "`service`, `backends` or a `redirect` filter",
            );
        }
    }

    fn check_weights(&self, backends: &[PlannedBackend], at: &mut Cursor) {
        if !backends.is_empty() && backends.iter().all(|backend| backend.weight == 0) {
            at.at_field("backends", |at| {
                at.error(Code::NoWeight, "no weight above 0", "at least one, or nothing is sent");
            });
        }
    }

    /// What the rule lays over its services must make sense with each of them.
    fn check_overrides(&self, backends: &[PlannedBackend], at: &mut Cursor) {
        let layer = Layer::of_rule(self.rule);
        let Some(first) = backends.first() else { return };
        check_settings(&layer, &first.settings, at);
        let geographic = first.settings.balancer == BalancerName::Geographic;
        let blind = |backend: &PlannedBackend| {
            let service = backend.service.and_then(|number| self.services.get(number));
            service.is_some_and(|service| {
                let located = service.endpoints.iter().any(|e| e.location.is_some());
                service.endpoints.len() > 1 && !located
            })
        };
        if layer.load_balancer.is_some() && geographic && backends.iter().any(blind) {
            at.at_field("loadBalancer", no_location);
        }
    }

    fn backends(&self, matches: &[PlannedMatch], at: &mut Cursor) -> Vec<PlannedBackend> {
        if let Some(service) = &self.rule.service {
            let only = Backend { service: service.clone(), weight: None, filters: None };
            return vec![at.at_field("service", |at| self.backend(&only, matches, at))];
        }
        at.at_field("backends", |at| {
            let entries = self.rule.backends.iter().flatten().enumerate();
            entries
                .map(|(index, entry)| {
                    at.at_item(index, |at| match entry {
                        BackendEntry::Service(service) => {
                            let short =
                                Backend { service: service.clone(), weight: None, filters: None };
                            self.backend(&short, matches, at)
                        }
                        BackendEntry::Backend(backend) => self.backend(backend, matches, at),
                        BackendEntry::Missing(missing) => self.missing(missing.weight),
                    })
                })
                .collect()
        })
    }

    fn backend(
        &self,
        backend: &Backend,
        matches: &[PlannedMatch],
        at: &mut Cursor,
    ) -> PlannedBackend {
        let declared = backend.filters.as_deref().unwrap_or(&[]);
        let (filters, _) = at.at_field("filters", |at| filters::plan(declared, matches, false, at));
        let name = backend.service.as_str();
        let number = self.services.iter().position(|service| service.name == name);
        if number.is_none() {
            self.unknown(&backend.service, at);
        }
        let service = self.document.services.get(name).map(Layer::of_service).unwrap_or_default();
        let layers = [Layer::of_rule(self.rule), service, Layer::of_defaults(self.document)];
        PlannedBackend {
            service: number,
            weight: backend.weight.map_or(defaults::BACKEND_WEIGHT, BackendWeight::value),
            settings: Settings::of(&layers),
            filters,
        }
    }

    fn missing(&self, weight: Option<BackendWeight>) -> PlannedBackend {
        PlannedBackend {
            service: None,
            weight: weight.map_or(defaults::BACKEND_WEIGHT, BackendWeight::value),
            settings: Settings::of(&[Layer::of_rule(self.rule), Layer::of_defaults(self.document)]),
            filters: super::Filters::default(),
        }
    }

    fn unknown(&self, service: &ServiceName, at: &mut Cursor) {
        let known = self.services.iter().map(|service| service.name.as_str());
        let near = nearest(service.as_str(), known);
        let names: Vec<String> =
            self.services.iter().take(10).map(|known| format!("`{}`", known.name)).collect();
        let expected = if names.is_empty() {
            "a service; the document has none".to_owned()
        } else {
            let more = if self.services.len() > 10 { ", \u{2026}" } else { "" };
            format!("one of {}{more}", names.join(", "))
        };
        at.error_with_hint(
            Code::UnknownService,
            &format!("the unknown service `{service}`"),
            &expected,
            near.map(|name| format!("did you mean `{name}`?")),
        );
    }

    fn matches(&self, at: &mut Cursor) -> Vec<PlannedMatch> {
        let rule = self.rule;
        let flat = Parts {
            path: rule.path.as_ref(),
            method: rule.method.as_ref(),
            methods: rule.methods.as_ref(),
            headers: rule.headers.as_ref(),
            query: rule.query.as_ref(),
        };
        let hosts = self.hosts(at);
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
                        };
                        found.extend(at.at_item(index, |at| parts.plan(at)));
                    }
                });
            }
            Some(_) | None => found.extend(flat.plan(at)),
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

    fn hosts(&self, at: &mut Cursor) -> Vec<String> {
        let (one, many) = (self.rule.host.as_ref(), self.rule.hosts.as_ref());
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
}

impl Parts<'_> {
    fn first_field(&self) -> Option<&'static str> {
        [
            self.path.map(|_| "path"),
            self.method.map(|_| "method"),
            self.methods.map(|_| "methods"),
            self.headers.map(|_| "headers"),
            self.query.map(|_| "query"),
        ]
        .into_iter()
        .flatten()
        .next()
    }

    fn plan(&self, at: &mut Cursor) -> Option<PlannedMatch> {
        if self.method.is_some() && self.methods.is_some() {
            at.error(Code::ConflictingFields, "both `method` and `methods`", "one of them");
        }
        let methods = [self.method, self.methods].into_iter().flatten();
        let methods = methods.fold(MethodSet::NONE, |set, more| set.union(more.set()));
        let headers = at.at_field("headers", |at| conditions::plan(self.headers, true, at));
        let query = at.at_field("query", |at| conditions::plan(self.query, false, at));
        let path = match self.path {
            Some(path) => at.at_field("path", |at| paths::plan(path, at)),
            None => Some(PlannedPath::Prefix("/".to_owned())),
        };
        Some(PlannedMatch { host: String::new(), path: path?, methods, headers, query })
    }
}

impl<'d> Layer<'d> {
    const fn of_rule(rule: &'d Rule) -> Self {
        Self {
            timeout: rule.timeout.as_ref(),
            retries: rule.retries.as_ref(),
            load_balancer: rule.load_balancer.as_ref(),
        }
    }
}

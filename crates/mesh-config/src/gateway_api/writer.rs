//! Rules of our document, out of translated ones and hosts.

use alloc::collections::BTreeMap;

use super::{BoundRoute, inventory::ImportedService};
use crate::{
    document::{
        Backend, BackendEntry, DirectResponse, Filter, HostPattern, HostPatterns, Match, PathType,
        Port, ResponseStatus, Rule,
    },
    limits::RULE_MATCHES_MAX,
};

/// Longest name of a rule that is kept as it is, in bytes; room for a number stays after it.
const NAME_BYTES_MAX: usize = 240;
/// What is kept of a longer one, in characters of up to four bytes.
const NAME_CHARS_KEPT: usize = 60;

/// Rules with names that differ.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) rules: Vec<Rule>,
    /// How often each name was given.
    names: BTreeMap<String, usize>,
}

impl Writer {
    /// Adds the rules of a route for these hosts; for any without.
    pub(super) fn route(&mut self, route: &BoundRoute, hosts: &[String], port: u16) {
        let patterns: Vec<HostPattern> =
            hosts.iter().filter_map(|host| HostPattern::parse(host).ok()).collect();
        if patterns.is_empty() && !hosts.is_empty() {
            return;
        }
        let per_rule = RULE_MATCHES_MAX.checked_div(patterns.len()).unwrap_or(RULE_MATCHES_MAX);
        let hosts = (!patterns.is_empty()).then_some(HostPatterns::Many(patterns));
        for translated in &route.rules {
            for matches in translated.matches.chunks(per_rule.max(1)) {
                let name = self.name(&translated.name);
                let mut rule = translated.rule.clone();
                rule.filters.iter_mut().flatten().for_each(|filter| own_port(filter, port));
                self.rules.push(Rule {
                    name: Some(name),
                    hosts: hosts.clone(),
                    matches: Some(matches.to_vec()),
                    ..rule
                });
            }
        }
    }

    /// Calls to a Service without routes.
    pub(super) fn itself(&mut self, service: &ImportedService, hosts: &[String]) {
        let patterns: Vec<HostPattern> =
            hosts.iter().filter_map(|host| HostPattern::parse(host).ok()).collect();
        // no hosts would be all hosts
        if patterns.is_empty() {
            return;
        }
        let backend = Backend::of(service.service.clone());
        let name = self.name(&format!("Service {}/{}", service.namespace, service.name));
        self.rules.push(Rule {
            name: Some(name),
            hosts: Some(HostPatterns::Many(patterns)),
            backends: Some(vec![BackendEntry::Backend(backend)]),
            ..Rule::default()
        });
    }

    /// Requests for a host that no rule takes end here: they are of that listener, and no wider one
    /// at its port may have them.
    pub(super) fn nothing_else(&mut self, host: &str, listener: &str) {
        let Ok(pattern) = HostPattern::parse(host) else { return };
        let Some(status) = ResponseStatus::new(404) else { return };
        if self.rules.iter().any(|rule| takes_all(rule, &pattern)) {
            return;
        }
        let name = self.name(&format!("listener {listener}"));
        self.rules.push(Rule {
            name: Some(name),
            hosts: Some(HostPatterns::Many(vec![pattern])),
            filters: Some(vec![Filter::DirectResponse(DirectResponse {
                status,
                body: None,
                headers: None,
            })]),
            ..Rule::default()
        });
    }

    /// Names are given once; a rule that stands here several times has a number after it.
    fn name(&mut self, wished: &str) -> String {
        let mut short = wished.replace(char::is_control, "");
        if short.len() > NAME_BYTES_MAX {
            short = short.chars().take(NAME_CHARS_KEPT).collect();
        }
        let count = self.names.entry(short.clone()).or_default();
        *count = count.saturating_add(1);
        match *count {
            1 => short,
            count => format!("{short} ({count})"),
        }
    }
}

/// True where a rule takes every request for exactly these hosts.
fn takes_all(rule: &Rule, hosts: &HostPattern) -> bool {
    let everything = |one: &Match| {
        let path = one.path.as_ref().is_none_or(|path| path.typed() == (PathType::PathPrefix, "/"));
        let Match { method, methods, headers, query, .. } = one;
        path && method.is_none() && methods.is_none() && headers.is_none() && query.is_none()
    };
    rule.hosts.as_ref().is_some_and(|own| own.list().contains(hosts))
        && rule.matches.iter().flatten().any(everything)
}

/// A redirect without scheme and port goes to the listener's port, says the specification. A
/// well-known one is left to the request: behind Cloudflare a listener at port 80 is called at 443.
fn own_port(filter: &mut Filter, port: u16) {
    if let Filter::Redirect(redirect) = filter
        && redirect.scheme.is_none()
        && redirect.port.is_none()
        && port != 80
        && port != 443
    {
        redirect.port = Port::new(port);
    }
}

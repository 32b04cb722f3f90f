//! Rules with their matches and backends.

use alloc::collections::BTreeMap;

use super::{
    Context, Filters, LimitNames, PlannedBackend, PlannedFallback, PlannedRule, PlannedService,
    backends::Resolver,
    fallback,
    filters::{self, Place, Planned},
    matches, rate_limits,
    services::{check_settings, no_location, one_endpoint},
    settings::Layer,
    sticky,
};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{BalancerName, Priority, Rule},
    limits::{BACKEND_ROWS_MAX, MATCHES_MAX, RULES_MAX, TEXT_BYTES_MAX},
};

/// Resolves the rules, in order.
pub(super) fn plan(
    context: Context<'_>,
    services: &[PlannedService],
    limits: &mut LimitNames,
    at: &mut Cursor,
) -> Vec<PlannedRule> {
    let rules = context.document.routing.as_ref().and_then(|routing| routing.rules.as_deref());
    let rules = rules.unwrap_or(&[]);
    at.at_field("routing", |at| {
        at.at_field("rules", |at| {
            if rules.len() > RULES_MAX {
                at.error(Code::TooLarge, "more than 8192 rules", "fewer");
            }
            let mut names = BTreeMap::new();
            let (mut matches, mut rows) = (0usize, 0usize);
            let mut planned = Vec::new();
            for (index, rule) in rules.iter().enumerate().take(RULES_MAX) {
                let one = at.at_item(index, |at| {
                    check_name(rule, &mut names, at);
                    one(index, rule, context, services, limits, at)
                });
                matches = matches.saturating_add(one.matches.len() + one.preflights.len());
                rows = rows.saturating_add(backend_rows(&one));
                planned.push(one);
            }
            if matches > MATCHES_MAX {
                let found = format!("{matches} combinations of hosts and matches");
                at.error(Code::TooLarge, &found, "at most 32768 in all rules");
            }
            if rows > BACKEND_ROWS_MAX {
                let found = format!("{rows} backends, and edits, mirrors and faults of theirs");
                at.error(Code::TooLarge, &found, "at most 262144 in all rules");
            }
            planned
        })
    })
}

/// What a rule's backends come to in the Snapshot.
fn backend_rows(rule: &PlannedRule) -> usize {
    let size = |filters: &Filters| {
        filters.edits.len().saturating_add(filters.mirrors.len() + filters.faults.len())
    };
    let own: usize = rule.backends.iter().map(|backend| 1 + size(&backend.filters)).sum();
    own.saturating_add(size(&rule.filters).saturating_mul(rule.backends.len()))
}

fn check_name<'d>(rule: &'d Rule, known: &mut BTreeMap<&'d str, String>, at: &mut Cursor) {
    let Some(name) = &rule.name else { return };
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

fn one(
    index: usize,
    rule: &Rule,
    context: Context<'_>,
    services: &[PlannedService],
    limits: &mut LimitNames,
    at: &mut Cursor,
) -> PlannedRule {
    let matches = matches::plan(rule, context, at);
    let declared = rule.filters.as_deref().unwrap_or(&[]);
    let Planned { filters, redirect, response, cors } =
        at.at_field("filters", |at| filters::plan(declared, &matches, Place::Rule, context, at));
    check_destination(rule, redirect.is_some(), response.is_some(), at);
    let preflights = if cors.is_some() { matches::preflights(&matches, at) } else { Vec::new() };
    let fallback = fallback::plan(rule.fallback.as_ref(), context, at);
    let resolver =
        Resolver { context, services, rule, matches: &matches, filters: &filters, fallback };
    let mut backends = resolver.plan(at);
    check_fallback(&resolver, &backends, at);
    check_weights(&backends, at);
    check_overrides(rule, &backends, services, at);
    let sticky = sticky::plan(rule.sticky.as_ref(), backends.len(), at);
    backends.extend(response.map(|response| resolver.answer(response)));
    let name = rule.name.clone().unwrap_or_else(|| format!("rules[{index}]"));
    PlannedRule {
        at: at.path().to_owned(),
        limits: rate_limits::plan(rule.rate_limits.as_deref(), "rule", &name, limits, at),
        name,
        matches,
        preflights,
        backends,
        filters,
        redirect,
        cors,
        sticky,
        priority: rule.priority.unwrap_or(Priority::Normal),
    }
}

/// Exactly one of service, backends, redirect and direct response.
fn check_destination(rule: &Rule, redirects: bool, responds: bool, at: &mut Cursor) {
    let (service, backends) = (rule.service.is_some(), rule.backends.is_some());
    let answer = match (redirects, responds) {
        (true, _) => Some("a redirect"),
        (false, true) => Some("a direct response"),
        (false, false) => None,
    };
    if service && backends {
        at.error(Code::ConflictingFields, "both `service` and `backends`", "one of them");
    } else if let Some(answer) = answer.filter(|_| service || backends) {
        let field = if service { "`service`" } else { "`backends`" };
        let found = format!("both {field} and {answer}");
        let expected = format!("one of them: {answer} sends nothing on");
        at.error(Code::ConflictingFields, &found, &expected);
    } else if answer.is_none() && !service && rule.backends.as_ref().is_none_or(Vec::is_empty) {
        at.error(
            Code::NoBackend,
            "a rule that sends nowhere",
            "`service`, `backends`, or a `redirect` or `directResponse` filter",
        );
    }
}

fn check_weights(backends: &[PlannedBackend], at: &mut Cursor) {
    if !backends.is_empty() && backends.iter().all(|backend| backend.weight == 0) {
        at.at_field("backends", |at| {
            at.error(Code::NoWeight, "no weight above 0", "at least one, or nothing is sent");
        });
    }
}

/// A fallback that is the rule's only service changes nothing.
fn check_fallback(resolver: &Resolver<'_>, backends: &[PlannedBackend], at: &mut Cursor) {
    let Some(PlannedFallback::Service(number, _)) = &resolver.fallback else { return };
    let itself = |backend: &PlannedBackend| backend.service == Some(*number);
    if let Some(service) = resolver.services.get(*number)
        && !backends.is_empty()
        && backends.iter().all(itself)
    {
        at.at_field("fallback", |at| fallback::note_itself(&service.name, at));
    }
}

/// What the rule lays over its services must make sense with each of them.
fn check_overrides(
    rule: &Rule,
    backends: &[PlannedBackend],
    services: &[PlannedService],
    at: &mut Cursor,
) {
    let layer = Layer::of_rule(rule);
    let Some(first) = backends.first() else { return };
    check_settings(&layer, &first.settings, at);
    let service =
        |backend: &PlannedBackend| backend.service.and_then(|number| services.get(number));
    let blind = |backend: &PlannedBackend| {
        service(backend).is_some_and(|service| {
            let located = service.endpoints.iter().any(|e| e.location.is_some());
            service.endpoints.len() > 1 && !located
        })
    };
    let geographic = first.settings.balancer == BalancerName::Geographic;
    if layer.load_balancer.is_some() && geographic && backends.iter().any(blind) {
        at.at_field("loadBalancer", no_location);
    }
    let single = |backend: &PlannedBackend| {
        service(backend).is_some_and(|service| service.endpoints.len() == 1)
    };
    if layer.hedge.is_some() && first.settings.hedge.is_some() && backends.iter().all(single) {
        at.at_field("hedge", one_endpoint);
    }
}

impl<'d> Layer<'d> {
    pub(super) const fn of_rule(rule: &'d Rule) -> Self {
        Self {
            timeout: rule.timeout.as_ref(),
            retries: rule.retries.as_ref(),
            load_balancer: rule.load_balancer.as_ref(),
            hedge: rule.hedge.as_ref(),
        }
    }
}

//! Rate limits of rules and services.

use alloc::collections::BTreeSet;

use mesh_core::{hash::xxh64, time::Micros};

use super::PlannedLimit;
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{Document, LimitName, RateLimit, Requests, TimeSpan},
    limits::{LIMIT_PER_US_MIN, RATE_LIMITS_MAX},
};

/// The names of limits that are taken: those written anywhere, and those given so far.
#[derive(Debug, Default)]
pub(super) struct LimitNames(BTreeSet<String>);

impl LimitNames {
    pub(super) fn of(document: &Document) -> Self {
        let rules = document.routing.iter().filter_map(|routing| routing.rules.as_ref()).flatten();
        let of_rules = rules.filter_map(|rule| rule.rate_limits.as_ref());
        let of_services =
            document.services.values().filter_map(|service| service.rate_limits.as_ref());
        let written = of_rules.chain(of_services).flatten().filter_map(|limit| limit.name.as_ref());
        Self(written.map(|name| name.as_str().to_owned()).collect())
    }

    /// That name, or the first free one made of it: one answer may tell of several limits.
    fn give(&mut self, wished: &str) -> String {
        let free = |name: &String| !self.0.contains(name);
        let numbered = (2u32..).map(|number| format!("{wished}-{number}"));
        let name = core::iter::once(wished.to_owned()).chain(numbered).find(free);
        let name = name.unwrap_or_else(|| wished.to_owned());
        self.0.insert(name.clone());
        name
    }
}

/// Resolves the field `rateLimits` of a rule or a service; `kind` and `owner` are what it is.
pub(super) fn plan(
    limits: Option<&[RateLimit]>,
    kind: &str,
    owner: &str,
    names: &mut LimitNames,
    at: &mut Cursor,
) -> Vec<PlannedLimit> {
    let limits = limits.unwrap_or(&[]);
    at.at_field("rateLimits", |at| {
        if limits.len() > RATE_LIMITS_MAX {
            let found = format!("{} rate limits", limits.len());
            at.error(Code::TooLarge, &found, "at most 8 in one place");
        }
        let mut known: Vec<&LimitName> = Vec::new();
        let mut planned = Vec::new();
        for (place, limit) in limits.iter().enumerate().take(RATE_LIMITS_MAX) {
            at.at_item(place, |at| {
                if let Some(name) = &limit.name {
                    if known.contains(&name) {
                        let found = format!("the name \"{name}\" again");
                        at.at_field("name", |at| {
                            at.error(Code::DuplicateName, &found, "each name once");
                        });
                    }
                    known.push(name);
                }
                planned.push(one(limit, kind, owner, place, names, at));
            });
        }
        planned
    })
}

fn one(
    limit: &RateLimit,
    kind: &str,
    owner: &str,
    place: usize,
    names: &mut LimitNames,
    at: &mut Cursor,
) -> PlannedLimit {
    let per = TimeSpan::or_millis(limit.per, defaults::LIMIT_PER_MS);
    if per.0 < LIMIT_PER_US_MIN {
        at.at_field("per", |at| {
            at.error(Code::OutOfRange, &format!("{per}"), "a time from 1 ms to a day");
        });
    }
    let requests = limit.requests.value();
    if u64::from(requests) > per.0 {
        at.at_field("requests", |at| {
            let found = format!("{requests} requests in {per}");
            at.warning(Code::OutOfRange, &found, "at most one for each microsecond: that counts");
        });
    }
    // what is written or counted here, not the given name: that depends on the rest of the document
    let identity = match &limit.name {
        Some(name) => format!("{kind}:{owner}:{name}"),
        None => format!("{kind}:{owner}:\0{place}"),
    };
    let name = match &limit.name {
        Some(name) => name.as_str().to_owned(),
        None => names.give(LimitName::nearest_to(owner).as_str()),
    };
    PlannedLimit {
        name,
        requests,
        per: per.max(Micros(1)),
        burst: limit.burst.map_or(requests, Requests::value),
        by: limit.by.clone(),
        seed: xxh64(identity.as_bytes(), 0),
    }
}

//! Rate limits of rules and services.

use alloc::collections::{BTreeMap, BTreeSet};

use mesh_core::{hash::xxh64, time::Micros};

use super::PlannedLimit;
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{Document, LimitName, LimitTier, RateLimit, Requests, TimeSpan},
    limits::{LIMIT_PER_US_MIN, RATE_LIMITS_MAX},
};

/// The names of limits that are taken: those written anywhere, and those given so far.
#[derive(Debug, Default)]
pub(super) struct LimitNames {
    taken: BTreeSet<String>,
    /// The last number that was tried for a name.
    numbers: BTreeMap<String, u32>,
}

impl LimitNames {
    pub(super) fn of(document: &Document) -> Self {
        let rules = document.routing.iter().filter_map(|routing| routing.rules.as_ref()).flatten();
        let of_rules = rules.filter_map(|rule| rule.rate_limits.as_ref());
        let of_services =
            document.services.values().filter_map(|service| service.rate_limits.as_ref());
        let written = of_rules.chain(of_services).flatten().filter_map(|limit| limit.name.as_ref());
        let taken = written.map(|name| name.as_str().to_owned()).collect();
        Self { taken, numbers: BTreeMap::new() }
    }

    /// That name, or the first free one made of it: one answer may tell of several limits.
    fn give(&mut self, wished: &str) -> String {
        let number = self.numbers.entry(wished.to_owned()).or_default();
        loop {
            *number = number.saturating_add(1);
            let name = match *number {
                1 => wished.to_owned(),
                number => format!("{wished}-{number}"),
            };
            if self.taken.insert(name.clone()) || *number == u32::MAX {
                return name;
            }
        }
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
    let tier = limit.tier.unwrap_or(LimitTier::Local);
    check_binding(limit, tier, at);
    PlannedLimit {
        tier,
        binding: limit.binding.as_ref().map(|binding| binding.as_str().to_owned()),
        name,
        requests,
        per: per.max(Micros(1)),
        burst: limit.burst.map_or(requests, Requests::value),
        by: limit.by.clone(),
        seed: xxh64(identity.as_bytes(), 0),
    }
}

fn check_binding(limit: &RateLimit, tier: LimitTier, at: &mut Cursor) {
    let location = tier == LimitTier::Location;
    if location && limit.binding.is_none() {
        let hint =
            Some("add \"binding\": \"NAME\", as wrangler's `ratelimits` declares it".to_owned());
        let expected = "the rate-limit binding that counts";
        at.error_with_hint(
            Code::MissingField,
            "the tier location without `binding`",
            expected,
            hint,
        );
    }
    if !location && limit.binding.is_some() {
        let found = format!("`binding` with the tier {}", tier.name());
        at.at_field("binding", |at| {
            at.error(Code::ConflictingFields, &found, "it with location only");
        });
    }
}

//! Rows of policies: timeouts, retries, balancing, hedges, fallbacks.

use mesh_core::{
    balance::Algorithm,
    retry::budget::RetryBudgetConfig,
    route::BuildError,
    snapshot::tables::{Key, KeySource, Policy, Predicate, PredicateKind, Rows, Text},
    time::Micros,
};

use super::{Emitter, count, intern, since};
use crate::{
    document::{BalancerName, HashKey, HashOn, HashSource, HeaderValue, RetryCondition},
    plan::{PlannedFallback, PlannedHedge, PlannedRule, Settings},
};

/// A fallback that has its row.
pub(super) struct KnownFallback {
    fallback: PlannedFallback,
    rows: Rows,
}

impl Emitter {
    /// The policy of a service called by name, or of a backend of `rule`.
    pub(super) fn policy(
        &mut self,
        settings: &Settings,
        rule: Option<&PlannedRule>,
    ) -> Result<u32, BuildError> {
        let hashes = settings.balancer == BalancerName::ConsistentHash;
        let mut hash = self.key(settings.hash_on.as_ref().filter(|_| hashes))?;
        let custom = settings.balancer == BalancerName::Custom;
        if let Some(code) = settings.balancer_code.as_ref().filter(|_| custom) {
            hash.source = KeySource::Code as u8;
            hash.name = self.draft.text(code.as_str());
        }
        // no budget: one retry for each request, and a floor that no isolate reaches
        let budget = settings.budget.unwrap_or(RetryBudgetConfig {
            permille: 1_000,
            floor_per_second: u16::MAX,
            ..RetryBudgetConfig::DEFAULT
        });
        let (hedge_after, hedge_percentile) = match settings.hedge {
            None => (Micros::ZERO, 0),
            Some(PlannedHedge::After(after)) => (after, 0),
            Some(PlannedHedge::Percentile(percentile)) => (Micros::ZERO, percentile),
        };
        let row = Policy {
            request_timeout: settings.request_timeout,
            attempt_timeout: settings.attempt_timeout,
            idle_timeout: settings.idle_timeout,
            retry: settings.retry,
            retry_after_max: settings.retry_after_max,
            body_max: settings.body_max,
            budget,
            balancer: algorithm(settings.balancer).as_u8(),
            hash,
            predicates: self.predicates(&settings.retry_conditions),
            fallback: match &settings.fallback {
                None => Rows::default(),
                Some(fallback) => self.fallback(fallback, rule)?,
            },
            hedge_after,
            hedge_percentile,
        };
        Ok(intern(&mut self.draft.policies, row))
    }

    /// The run of the one backend that a fallback is; its own policy has none.
    fn fallback(
        &mut self,
        fallback: &PlannedFallback,
        rule: Option<&PlannedRule>,
    ) -> Result<Rows, BuildError> {
        if let Some(known) = self.fallbacks.iter().find(|known| known.fallback == *fallback) {
            return Ok(known.rows);
        }
        let row = match fallback {
            PlannedFallback::Service(service, settings) => {
                self.fallback_service(*service, settings, rule)?
            }
            PlannedFallback::Response(response) => self.answer(response, rule),
        };
        let start = count(&self.draft.backends);
        self.draft.backends.push(row);
        let rows = since(start, &self.draft.backends);
        self.fallbacks.push(KnownFallback { fallback: fallback.clone(), rows });
        Ok(rows)
    }

    /// What of a response asks for another attempt.
    fn predicates(&mut self, conditions: &[RetryCondition]) -> Rows {
        let asked: Vec<(u8, String, String)> = conditions.iter().filter_map(predicate).collect();
        if asked.is_empty() {
            return Rows::default();
        }
        if let Some(known) = self.predicates.get(&asked) {
            return *known;
        }
        let start = count(&self.draft.predicates);
        for (kind, name, value) in &asked {
            let (name, value) = (self.draft.text(name), self.draft.text(value));
            self.draft.predicates.push(Predicate { kind: *kind, name, value });
        }
        let rows = since(start, &self.draft.predicates);
        self.predicates.insert(asked, rows);
        rows
    }

    /// Where a key is taken from.
    pub(super) fn key(&mut self, on: Option<&HashOn>) -> Result<Key, BuildError> {
        let of = |source: KeySource, header: u32, name: Text| {
            let header = u16::try_from(header).unwrap_or(u16::MAX);
            Key { source: source as u8, header, name }
        };
        let none = Text::default();
        let mut header = |name: &str| Ok(of(KeySource::Header, self.builder.header(name)?, none));
        match on {
            None => Ok(Key::default()),
            Some(HashOn::Source(HashSource::Path)) => Ok(of(KeySource::Path, 0, none)),
            Some(HashOn::Source(source)) => header(host_header(*source)),
            Some(HashOn::Key(HashKey::Header(name))) => header(name.as_str()),
            Some(HashOn::Key(HashKey::Cookie(name))) => {
                let cookies = self.builder.header("cookie")?;
                Ok(of(KeySource::Cookie, cookies, self.draft.text(name.as_str())))
            }
            Some(HashOn::Key(HashKey::Query(name))) => {
                self.builder.need_query();
                Ok(of(KeySource::Query, 0, self.draft.text(name.as_str())))
            }
        }
    }
}

/// The header, or the name like one's, under which hosts hand in what they know of the caller.
pub(crate) const fn host_header(source: HashSource) -> &'static str {
    match source {
        HashSource::Path => "",
        HashSource::ClientAddress => "cf-connecting-ip",
        HashSource::Principal => ":principal",
        HashSource::Tenant => ":tenant",
    }
}

fn predicate(condition: &RetryCondition) -> Option<(u8, String, String)> {
    let row = |kind: PredicateKind, name: &str, value: &str| {
        Some((kind as u8, name.to_owned(), value.to_owned()))
    };
    match condition {
        RetryCondition::Header(asked) => match &asked.value {
            None => row(PredicateKind::Present, asked.header.as_str(), ""),
            Some(value) => {
                row(PredicateKind::Exact, asked.header.as_str(), HeaderValue::as_str(value))
            }
        },
        RetryCondition::Predicate(asked) => row(PredicateKind::Code, asked.predicate.as_str(), ""),
        RetryCondition::Named(_)
        | RetryCondition::Grpc(_)
        | RetryCondition::Status(_)
        | RetryCondition::Statuses(_) => None,
    }
}

fn algorithm(name: BalancerName) -> Algorithm {
    Algorithm::from_name(name.name()).unwrap_or(Algorithm::P2c)
}

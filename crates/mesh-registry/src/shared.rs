//! What the isolates of a mesh know together: which endpoints all of them should leave out, and each
//! one's share of what they hold in common.
//!
//! ```text
//! reports of isolates ──▶ results of each endpoint ──▶ outlier detection ──▶ ejections, which are published
//!                     └─▶ open breakers ────────────┘
//!                     └─▶ requests, limits ─────────▶ hints, which go back with the answer
//! ```
//!
//! Nothing of it is needed for a request: an isolate that hears nothing goes by what it sees itself.
//! Results and what isolates told last are kept in memory alone, and begin anew where it is lost;
//! ejections are to be stored ([`Shared::ejections`]), as they are published.
//!
//! Results are judged as a report comes in, once an interval is over since they were judged last, with
//! that report among them: nothing wakes for it, and of the first report after a restart nothing is
//! lost.

mod service;

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use mesh_core::{
    dice::Dice,
    outlier::{EjectionReason, OutlierConfig},
    time::{Micros, Timestamp},
};

use self::service::SharedService;
use crate::{limits::REPORTERS_MAX, record::Identity};

/// What isolates share of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "settings of a document")]
pub struct SharedConfig {
    /// When endpoints are ejected; `None` = never.
    pub outliers: Option<OutlierConfig>,
    /// An endpoint is ejected whose breaker opened in this percentage of the isolates that tell of the
    /// service, and in two at least; 0 = not by this.
    pub open_isolates_percent: u8,
    /// Whether isolates get hints.
    pub hints: bool,
}

/// Who tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "an isolate, and when it tells again")]
pub struct Reporter {
    /// Any number that tells it from others.
    pub isolate: u64,
    /// How often it tells. It is forgotten after three times that.
    pub every: Micros,
}

/// What an isolate saw of a service since it told last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "built by those who take it in")]
pub struct ServiceReport {
    /// Requests that it began.
    pub requests: u32,
    /// The concurrency limit that it learned.
    pub limit: Option<u32>,
    /// Its endpoints. Those that the registry does not know are passed over.
    pub endpoints: Vec<EndpointReport>,
}

/// What an isolate saw of an endpoint since it told last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "built by those who take it in")]
pub struct EndpointReport {
    /// The endpoint.
    pub endpoint: Identity,
    /// Attempts that it began.
    pub attempts: u32,
    /// Those of them that failed. More than there were count as all of them.
    pub failures: u32,
    /// How often its breaker opened.
    pub opened: u32,
    /// Whether its breaker is not closed now.
    pub open: bool,
}

/// What an isolate may do until it tells again.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what is held in common")]
pub struct Hint {
    /// Its share of the retry budget's floor, 0 to 1. Half of the floor is shared out by requests, and
    /// half equally, so that one with few requests has some; all shares together are 1.
    pub retry_share: f64,
    /// The median of the concurrency limits that others learned; `None` where it learned one, or
    /// nobody did.
    pub concurrency: Option<u32>,
}

/// An endpoint that isolates leave out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever stores it stores all of it")]
pub struct Ejected {
    /// Why.
    pub reason: EjectionReason,
    /// Since when.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How many base times it lasts, up to the longest.
    pub times: u32,
}

/// What a report changed for all isolates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "an endpoint goes, or comes back")]
pub enum Change {
    /// An endpoint is left out now.
    Ejected(Identity, EjectionReason),
    /// It is not any more.
    Returned(Identity),
}

/// An endpoint of a service, and whether it takes traffic as far as everything else goes.
pub(crate) type Host = (Identity, bool);

/// What the isolates of a mesh share. Memory: for each service and isolate some 100 bytes, for each
/// endpoint as much.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    services: BTreeMap<String, SharedService>,
    ejected: BTreeMap<Identity, Ejected>,
}

impl Shared {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { services: BTreeMap::new(), ejected: BTreeMap::new() }
    }

    /// Takes the services that share something and their endpoints, in place of those before. What is
    /// known of an endpoint stays with it.
    pub(crate) fn sync<'s>(
        &mut self,
        services: impl Iterator<Item = (&'s str, SharedConfig, Vec<Host>)>,
    ) {
        let mut before = core::mem::take(&mut self.services);
        for (name, config, hosts) in services {
            let mut service = before.remove(name).unwrap_or_default();
            service.sync(config, &hosts);
            self.services.insert(name.to_string(), service);
        }
        self.ejected = self.services.values().flat_map(SharedService::ejected).collect();
    }

    /// Takes what an isolate saw of a service, and says what it may do; `None` for a service that
    /// shares no state. What changes for all is told to `sink`.
    pub fn report(
        &mut self,
        reporter: Reporter,
        service: &str,
        report: &ServiceReport,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(Change),
    ) -> Option<Hint> {
        let count = |services: &BTreeMap<String, SharedService>| {
            services.values().map(SharedService::reporters).sum::<usize>()
        };
        let mut known = count(&self.services);
        if known >= REPORTERS_MAX {
            // those of services that nobody tells of any more are still there
            self.services.values_mut().for_each(|service| service.forget(now));
            known = count(&self.services);
        }
        let service = self.services.get_mut(service)?;
        let hint = service.take(reporter, report, known < REPORTERS_MAX, now);
        let ejected = &mut self.ejected;
        service.judge(reporter.isolate, now, dice, &mut |change, left_out| {
            match change {
                Change::Ejected(endpoint, _) => ejected.extend(left_out.map(|one| (endpoint, one))),
                Change::Returned(endpoint) => drop(ejected.remove(&endpoint)),
            }
            sink(change);
        });
        hint
    }

    /// When the next ejection is over.
    #[must_use]
    pub fn next_return(&self) -> Option<Timestamp> {
        self.ejected.values().map(|ejected| ejected.until).min()
    }

    /// Ends the ejections whose time is over; the endpoints.
    pub fn release(&mut self, now: Timestamp) -> Vec<Identity> {
        if self.next_return().is_none_or(|next| next > now) {
            return Vec::new();
        }
        for service in self.services.values_mut() {
            service.release(now);
        }
        let over = |ejected: &Ejected| ejected.until <= now;
        let all = self.ejected.iter();
        let returned = all.filter(|(_, one)| over(one)).map(|(endpoint, _)| *endpoint).collect();
        self.ejected.retain(|_, ejected| !over(ejected));
        returned
    }

    /// Whether an endpoint is left out.
    #[must_use]
    pub fn is_ejected(&self, endpoint: Identity) -> bool {
        self.ejected.contains_key(&endpoint)
    }

    /// Why and until when an endpoint is left out, where it is.
    #[must_use]
    pub fn ejection(&self, endpoint: Identity) -> Option<Ejected> {
        self.ejected.get(&endpoint).copied()
    }

    /// The endpoints that are left out, to be stored.
    pub fn ejections(&self) -> impl Iterator<Item = (Identity, Ejected)> {
        self.ejected.iter().map(|(endpoint, ejected)| (*endpoint, *ejected))
    }

    /// Goes on with a stored ejection; nothing for an endpoint that no service has, or has no
    /// detection any more.
    pub fn restore(&mut self, endpoint: Identity, ejected: Ejected) {
        for service in self.services.values_mut() {
            if let Some(restored) = service.restore(endpoint, ejected) {
                self.ejected.insert(endpoint, restored);
            }
        }
    }
}

#[cfg(test)]
mod tests;

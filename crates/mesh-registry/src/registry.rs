//! A registry: who is configured, who is registered, who is checked, and when that is to be published.
//!
//! Where the configuration names an endpoint that registers too, what the configuration says of it
//! stands: an operator wrote it.
//!
//! It is the state of one writer, such as a Durable Object, which does the I/O around it: it keeps
//! what is registered, sleeps until [`Registry::next_wake`], and then does the [`Work`] that
//! [`Registry::wake`] gives it.
//!
//! ```
//! use mesh_core::{dice::SeededDice, time::{Micros, Timestamp}};
//! use mesh_registry::{checks::CheckConfig, record::Record, registry::Registry};
//!
//! let (mut registry, mut dice) = (Registry::new(), SeededDice::new(1));
//! let now = Timestamp::from_millis(1_000);
//! let users = Record {
//!     service: "user-service".into(),
//!     address: "https://users.example".into(),
//!     ..Record::default()
//! };
//! let endpoint = users.identity();
//! registry.register(users, Some(Micros::from_secs(60)), now)?;
//! registry.check(endpoint, CheckConfig::DEFAULT, now);
//!
//! assert!(registry.next_wake() <= Some(now));
//! let work = registry.wake(now, &mut dice);
//! assert_eq!((work.probes, work.publish), (vec![endpoint], Some(1)));
//! // published, and the probe failed: it is published again, a second later
//! registry.published(1, now);
//! assert!(registry.probed(endpoint, false));
//! assert_eq!(registry.next_wake(), Some(now.saturating_add(Micros::from_secs(1))));
//! # Ok::<(), mesh_registry::leases::LeaseError>(())
//! ```

use alloc::{collections::BTreeMap, vec::Vec};

use mesh_core::{
    dice::Dice,
    snapshot::tables::Health,
    time::{Micros, Timestamp},
};

use crate::{
    checks::{CheckConfig, CheckState, Checks, Verdict},
    leases::{LeaseError, Leases, Registered},
    limits::{PROBES_MAX, PUBLISH_EVERY},
    merge::merge,
    record::{Identity, Record},
    shared::{Change, Ejected, Hint, Reporter, ServiceReport, Shared, SharedConfig},
};

/// What is to be done now.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever keeps a registry does all of it")]
pub struct Work {
    /// Endpoints to probe; [`Registry::probed`] takes what came of it.
    pub probes: Vec<Identity>,
    /// Endpoints whose lease is over; each is an event.
    pub lost: Vec<Record>,
    /// Endpoints that were ejected and are used again; each is an event, and what is stored of
    /// ejections is old.
    pub returned: Vec<Record>,
    /// The version to publish; [`Registry::published`] says that it was. `None` = nothing new.
    pub publish: Option<u64>,
}

/// An endpoint as it is published.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a record, and what checks say of it")]
pub struct Known<'r> {
    /// What it says of itself.
    pub record: &'r Record,
    /// Its health: as the checks have it, or as it says itself where there are none or it leaves.
    /// One that is ejected is unhealthy.
    pub health: Health,
}

/// The registrations and checks of one mesh.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// Endpoints of the configuration, in its order, and where each stands there.
    configured: Vec<Record>,
    places: BTreeMap<Identity, usize>,
    leases: Leases,
    checks: Checks,
    shared: Shared,
    /// Version whose endpoints that has.
    shared_of: Option<u64>,
    /// Version that it goes on from, and how often something but a registration changed what is
    /// published since.
    turns: u64,
    /// Version that was published last, and before when the next one is not.
    published: u64,
    not_before: Timestamp,
}

impl Registry {
    /// With nobody in it, as version 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            configured: Vec::new(),
            places: BTreeMap::new(),
            leases: Leases::new(),
            checks: Checks::new(),
            shared: Shared::new(),
            shared_of: None,
            turns: 0,
            published: 0,
            not_before: Timestamp::ZERO,
        }
    }

    /// Takes the endpoints of a configuration, in its order, in place of those of the one before. The
    /// configuration itself is new too, so this is always another version.
    ///
    /// Endpoints that are neither configured nor registered any more are not checked any more.
    pub fn configure(&mut self, endpoints: Vec<Record>) {
        // of two that are the same the first one stands
        self.places =
            endpoints.iter().enumerate().rev().map(|(at, one)| (one.identity(), at)).collect();
        self.configured = endpoints;
        self.touch();
        let Self { places, leases, checks, .. } = self;
        checks.retain(|known| places.contains_key(&known) || leases.get(known).is_some());
    }

    /// Registers an endpoint, or renews it; see [`Leases::register`]. Of several, each is for itself:
    /// one that is refused leaves the others.
    ///
    /// # Errors
    /// As [`Leases::register`] has them.
    pub fn register(
        &mut self,
        record: Record,
        ttl: Option<Micros>,
        now: Timestamp,
    ) -> Result<Registered, LeaseError> {
        self.leases.register(record, ttl, now)
    }

    /// Takes a heartbeat; see [`Leases::renew`].
    ///
    /// # Errors
    /// [`LeaseError::Unknown`] where no such endpoint is registered.
    pub fn renew(&mut self, endpoint: Identity, now: Timestamp) -> Result<(), LeaseError> {
        self.leases.renew(endpoint, now)
    }

    /// Takes a registration back; its checks end where it is not configured.
    pub fn deregister(&mut self, endpoint: Identity) -> Option<Record> {
        let record = self.leases.deregister(endpoint);
        self.forget_unknown(endpoint);
        record
    }

    fn forget_unknown(&mut self, endpoint: Identity) {
        if self.get(endpoint).is_none() {
            self.checks.forget(endpoint);
        }
    }

    /// A configured or registered endpoint, as it is published but for its health.
    #[must_use]
    pub fn get(&self, endpoint: Identity) -> Option<&Record> {
        let configured = self.places.get(&endpoint).and_then(|at| self.configured.get(*at));
        configured.or_else(|| self.leases.get(endpoint))
    }

    /// Whether the configuration names it, so that what it says stands.
    #[must_use]
    pub fn is_configured(&self, endpoint: Identity) -> bool {
        self.places.contains_key(&endpoint)
    }

    /// The registrations.
    #[must_use]
    pub const fn leases(&self) -> &Leases {
        &self.leases
    }

    /// Checks a known endpoint from now on, or by other settings. False where it is not known.
    pub fn check(&mut self, endpoint: Identity, config: CheckConfig, now: Timestamp) -> bool {
        let known = self.get(endpoint).is_some();
        if known {
            self.checks.watch(endpoint, config, now);
        }
        known
    }

    /// What checks say of an endpoint; `None` where it is not checked.
    #[must_use]
    pub fn verdict(&self, endpoint: Identity) -> Option<Verdict> {
        self.checks.state(endpoint).map(|state| state.verdict)
    }

    /// What is known of each checked endpoint; see [`Checks::states`].
    pub fn check_states(&self) -> impl Iterator<Item = (Identity, CheckState)> {
        self.checks.states()
    }

    /// Goes on with a check where it was; see [`Checks::restore`].
    pub fn restore_check(&mut self, endpoint: Identity, state: CheckState) {
        self.turn(endpoint, |checks| checks.restore(endpoint, state));
    }

    /// Ends checking an endpoint: its health is again what it says itself.
    pub fn uncheck(&mut self, endpoint: Identity) {
        self.turn(endpoint, |checks| checks.forget(endpoint));
    }

    /// Takes what a probe came to; true where that changes what is published.
    pub fn probed(&mut self, endpoint: Identity, passed: bool) -> bool {
        self.turn(endpoint, |checks| {
            checks.tell(endpoint, passed);
        })
    }

    /// Changes the checks of an endpoint; true, and another version, where that changes its health.
    fn turn(&mut self, endpoint: Identity, change: impl FnOnce(&mut Checks)) -> bool {
        let before = self.health(endpoint);
        change(&mut self.checks);
        let changes = self.health(endpoint) != before;
        self.turns = self.turns.wrapping_add(u64::from(changes));
        changes
    }

    /// What isolates share.
    #[must_use]
    pub const fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Whether an endpoint came, went or turned since [`Registry::share`] was called last.
    #[must_use]
    pub fn shares_old(&self) -> bool {
        self.shared_of != Some(self.version())
    }

    /// Takes what isolates share of each service: of those that have endpoints, and of `others`.
    pub fn share<'s>(
        &mut self,
        others: impl Iterator<Item = &'s str>,
        config: impl Fn(&str) -> SharedConfig,
    ) {
        let mut shared = core::mem::take(&mut self.shared);
        let mut services: BTreeMap<&str, Vec<_>> = others.map(|name| (name, Vec::new())).collect();
        for Known { record, .. } in self.endpoints() {
            let endpoint = record.identity();
            let up = self.health_without(record, endpoint) == Health::Healthy && record.weight > 0;
            services.entry(&record.service).or_default().push((endpoint, up));
        }
        let services = services.into_iter().map(|(name, hosts)| (name, config(name), hosts));
        let sharing = |config: &SharedConfig| config.hints || config.outliers.is_some();
        shared.sync(services.filter(|(_, config, _)| sharing(config)));
        self.shared = shared;
        self.shared_of = Some(self.version());
    }

    /// Takes what an isolate saw of a service; see [`Shared::report`]. Where an endpoint is ejected or
    /// comes back that is another version, and [`Shared::ejections`] are to be stored.
    pub fn report(
        &mut self,
        reporter: Reporter,
        service: &str,
        report: &ServiceReport,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(Change),
    ) -> Option<Hint> {
        let mut changes = 0u64;
        let hint = self.shared.report(reporter, service, report, now, dice, &mut |change| {
            changes = changes.saturating_add(1);
            sink(change);
        });
        self.turns = self.turns.wrapping_add(changes);
        hint
    }

    /// Goes on with an ejection that was stored; see [`Shared::restore`].
    pub fn restore_ejection(&mut self, endpoint: Identity, ejected: Ejected) {
        self.shared.restore(endpoint, ejected);
        self.touch();
    }

    /// When there is something to do, if nobody calls before; may be over already.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let publish = (self.version() != self.published).then_some(self.not_before);
        let own = [self.leases.next_expiry(), self.checks.next_due(), self.shared.next_return()];
        own.into_iter().chain([publish]).flatten().min()
    }

    /// What is to be done at `now`.
    pub fn wake(&mut self, now: Timestamp, dice: &mut impl Dice) -> Work {
        let lost = self.leases.expire(now);
        for record in &lost {
            self.forget_unknown(record.identity());
        }
        let probes = self.checks.due(PROBES_MAX, now, dice);
        let returned = self.shared.release(now);
        self.turns = self.turns.wrapping_add(u64::from(!returned.is_empty()));
        let returned = returned.into_iter().filter_map(|one| self.get(one).cloned()).collect();
        Work { probes, lost, returned, publish: self.is_due(now).then(|| self.version()) }
    }

    /// True where there is something to publish, and it may be.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.version() != self.published && self.not_before <= now
    }

    /// Goes on as `version` after what was stored was taken in again, of which `published` was
    /// published last: no version comes twice.
    pub const fn resume(&mut self, version: u64, published: u64) {
        self.turns = version.wrapping_sub(self.leases.changes());
        self.published = published;
    }

    /// Makes another version, where something that is published with the endpoints changed.
    pub const fn touch(&mut self) {
        self.turns = self.turns.wrapping_add(1);
    }

    /// Takes note that a version was published. What changed since is published next.
    pub const fn published(&mut self, version: u64, now: Timestamp) {
        self.published = version;
        self.postpone(now.saturating_add(PUBLISH_EVERY));
    }

    /// Publishes nothing before `until`, such as after publishing failed.
    pub const fn postpone(&mut self, until: Timestamp) {
        self.not_before = until;
    }

    /// A number that is another one whenever there is something else to publish.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.leases.changes().wrapping_add(self.turns)
    }

    /// The endpoints as they are to be published: the configured ones in their order, then the others
    /// by service, address and version.
    pub fn endpoints(&self) -> impl Iterator<Item = Known<'_>> {
        self.endpoints_with(&self.configured)
    }

    /// The endpoints as they would be published under another configuration.
    pub fn endpoints_with<'r>(
        &'r self,
        configured: &'r [Record],
    ) -> impl Iterator<Item = Known<'r>> {
        let mut registered: Vec<&Record> = self.leases.records().collect();
        registered.sort_unstable_by_key(|record| record.place());
        merge([configured.iter().collect(), registered])
            .map(|record| Known { record, health: self.health_of(record, record.identity()) })
    }

    /// The health of a known endpoint, as it is to be published.
    #[must_use]
    pub fn health(&self, endpoint: Identity) -> Option<Health> {
        self.get(endpoint).map(|record| self.health_of(record, endpoint))
    }

    fn health_of(&self, record: &Record, endpoint: Identity) -> Health {
        let health = self.health_without(record, endpoint);
        let ejected = health == Health::Healthy && self.shared.is_ejected(endpoint);
        if ejected { Health::Unhealthy } else { health }
    }

    /// The health as isolates have no part in it.
    fn health_without(&self, record: &Record, endpoint: Identity) -> Health {
        match (record.health, self.checks.verdict(endpoint)) {
            (Health::Draining, _) => Health::Draining,
            (own, Verdict::Unknown) => own,
            (_, Verdict::Healthy) => Health::Healthy,
            (_, Verdict::Unhealthy) => Health::Unhealthy,
        }
    }
}

#[cfg(test)]
mod tests;

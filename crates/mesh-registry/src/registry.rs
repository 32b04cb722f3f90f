//! A registry: who is registered, who is checked, and when that is to be published.
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

use alloc::vec::Vec;

use mesh_core::{
    dice::Dice,
    snapshot::tables::Health,
    time::{Micros, Timestamp},
};

use crate::{
    checks::{CheckConfig, Checks, Verdict},
    leases::{LeaseError, Leases, Registered},
    limits::{PROBES_MAX, PUBLISH_EVERY},
    merge::merge,
    record::{Identity, Record},
};

/// What is to be done now.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever keeps a registry does all of it")]
pub struct Work {
    /// Endpoints to probe; [`Registry::probed`] takes what came of it.
    pub probes: Vec<Identity>,
    /// Endpoints whose lease is over; each is an event.
    pub lost: Vec<Record>,
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
    pub health: Health,
}

/// The registrations and checks of one mesh.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    leases: Leases,
    checks: Checks,
    /// Version that it began with, and how often a verdict changed what is published since.
    turns: u64,
    /// Version that was published last, and when.
    published: u64,
    published_at: Option<Timestamp>,
}

impl Registry {
    /// With nobody in it, as version 0.
    #[must_use]
    pub const fn new() -> Self {
        Self::since(0)
    }

    /// With nobody in it, as `version`: the last one that was published before whoever keeps it was
    /// started anew. The endpoints that it stored are registered again, and no version comes twice.
    #[must_use]
    pub const fn since(version: u64) -> Self {
        Self {
            leases: Leases::new(),
            checks: Checks::new(),
            turns: version,
            published: version,
            published_at: None,
        }
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

    /// Takes an endpoint out, and ends its checks.
    pub fn deregister(&mut self, endpoint: Identity) -> Option<Record> {
        self.checks.forget(endpoint);
        self.leases.deregister(endpoint)
    }

    /// Checks a registered endpoint from now on, or by other settings. False where it is not
    /// registered.
    pub fn check(&mut self, endpoint: Identity, config: CheckConfig, now: Timestamp) -> bool {
        let known = self.leases.get(endpoint).is_some();
        if known {
            self.checks.watch(endpoint, config, now);
        }
        known
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

    /// When there is something to do, if nobody calls before; may be over already.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let publish = (self.version() != self.published).then(|| self.may_publish_from());
        [publish, self.leases.next_expiry(), self.checks.next_due()].into_iter().flatten().min()
    }

    /// What is to be done at `now`.
    pub fn wake(&mut self, now: Timestamp, dice: &mut impl Dice) -> Work {
        let lost = self.leases.expire(now);
        for record in &lost {
            self.checks.forget(record.identity());
        }
        let probes = self.checks.due(PROBES_MAX, now, dice);
        let version = self.version();
        let publish = version != self.published && self.may_publish_from() <= now;
        Work { probes, lost, publish: publish.then_some(version) }
    }

    /// Takes note that a version was published. What changed since is published next.
    pub const fn published(&mut self, version: u64, now: Timestamp) {
        self.published = version;
        self.published_at = Some(now);
    }

    /// A number that is another one whenever there is something else to publish.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.leases.changes().wrapping_add(self.turns)
    }

    /// The endpoints as they are to be published, sorted by service, address and version.
    pub fn endpoints(&self) -> impl Iterator<Item = Known<'_>> {
        merge([self.leases.records()])
            .map(|record| Known { record, health: self.health_of(record, record.identity()) })
    }

    /// The health of a registered endpoint, as it is to be published.
    #[must_use]
    pub fn health(&self, endpoint: Identity) -> Option<Health> {
        self.leases.get(endpoint).map(|record| self.health_of(record, endpoint))
    }

    fn health_of(&self, record: &Record, endpoint: Identity) -> Health {
        match (record.health, self.checks.verdict(endpoint)) {
            (Health::Draining, _) => Health::Draining,
            (own, Verdict::Unknown) => own,
            (_, Verdict::Healthy) => Health::Healthy,
            (_, Verdict::Unhealthy) => Health::Unhealthy,
        }
    }

    fn may_publish_from(&self) -> Timestamp {
        self.published_at.map_or(Timestamp::ZERO, |at| at.saturating_add(PUBLISH_EVERY))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use mesh_core::dice::SeededDice;
    use proptest::prelude::*;

    use super::*;
    use crate::record::tests::record;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn endpoint(number: u8) -> Record {
        record("a", &alloc::format!("binding:A{number}"))
    }

    fn registered(health: Health) -> (Registry, Identity) {
        let mut registry = Registry::new();
        let record = Record { health, ..endpoint(1) };
        let identity = record.identity();
        registry.register(record, None, at(1)).unwrap();
        assert!(registry.check(identity, CheckConfig::DEFAULT, at(1)));
        (registry, identity)
    }

    #[test]
    fn checks_know_better_than_a_record_but_who_leaves_leaves() {
        for (own, passed, health, changes) in [
            (Health::Healthy, true, Health::Healthy, false),
            (Health::Healthy, false, Health::Unhealthy, true),
            (Health::Unhealthy, true, Health::Healthy, true),
            (Health::Draining, true, Health::Draining, false),
            (Health::Draining, false, Health::Draining, false),
        ] {
            let (mut registry, identity) = registered(own);
            let version = registry.version();
            assert_eq!(registry.probed(identity, passed), changes, "{own:?} {passed}");
            assert_eq!(registry.health(identity), Some(health));
            assert_eq!(registry.version() != version, changes);
            registry.uncheck(identity);
            assert_eq!(registry.health(identity), Some(own));
        }
    }

    #[test]
    fn only_what_is_registered_is_checked() {
        let mut registry = Registry::new();
        let identity = endpoint(1).identity();
        assert!(!registry.check(identity, CheckConfig::DEFAULT, at(1)));
        assert!(!registry.probed(identity, false));
        let (mut registry, identity) = registered(Health::Healthy);
        registry.deregister(identity);
        assert_eq!(registry.wake(at(99_000), &mut SeededDice::new(1)).probes, []);
    }

    #[test]
    fn a_lost_lease_ends_its_checks_and_is_told_once() {
        let (mut registry, mut dice) = (Registry::new(), SeededDice::new(1));
        let ttl = Some(Micros::from_secs(30));
        registry.register(endpoint(1), ttl, at(0)).unwrap();
        registry.check(endpoint(1).identity(), CheckConfig::DEFAULT, at(0));
        let work = registry.wake(at(30_000), &mut dice);
        assert_eq!((work.lost, work.probes), (alloc::vec![endpoint(1)], alloc::vec![]));
        let work = registry.wake(at(30_000), &mut dice);
        assert_eq!((work.lost, work.probes), (alloc::vec![], alloc::vec![]));
        assert_eq!(registry.endpoints().count(), 0);
    }

    #[test]
    fn a_version_never_comes_twice_over_a_restart() {
        let (mut registry, mut dice) = (Registry::since(41), SeededDice::new(1));
        assert_eq!(registry.wake(at(1), &mut dice).publish, None);
        registry.register(endpoint(1), None, at(1)).unwrap();
        assert_eq!(registry.wake(at(1), &mut dice).publish, Some(42));
        // it fails and is tried again, then succeeds while something else changes
        assert_eq!(registry.wake(at(2), &mut dice).publish, Some(42));
        registry.register(endpoint(2), None, at(2)).unwrap();
        registry.published(42, at(3));
        assert_eq!(registry.wake(at(1_002), &mut dice).publish, None);
        assert_eq!(registry.wake(at(1_003), &mut dice).publish, Some(43));
    }

    #[derive(Clone, Debug)]
    enum Call {
        Register(u8, u16, Option<u64>),
        Renew(u8),
        Deregister(u8),
        Check(u8),
        Uncheck(u8),
        Sleep(u64),
    }

    fn calls() -> impl Strategy<Value = Vec<Call>> {
        let call = prop_oneof![
            (0..4u8, 0..3u16, prop::option::of(5..60u64))
                .prop_map(|(n, w, ttl)| Call::Register(n, w, ttl)),
            (0..4u8).prop_map(Call::Renew),
            (0..4u8).prop_map(Call::Deregister),
            (0..4u8).prop_map(Call::Check),
            (0..4u8).prop_map(Call::Uncheck),
            (0..20_000u64).prop_map(Call::Sleep),
        ];
        prop::collection::vec(call, 0..60)
    }

    /// One writer around a registry: it sleeps until it is woken, probes, and writes to a key.
    struct Writer {
        registry: Registry,
        dice: SeededDice,
        now: u64,
        key: Vec<(String, u16, Health)>,
        written: Vec<u64>,
        /// Bits that say whether the next probes pass and the next writes succeed.
        luck: u64,
    }

    impl Writer {
        fn lucky(&mut self) -> bool {
            self.luck = self.luck.rotate_left(1);
            self.luck & 1 == 1
        }

        fn current(&self) -> Vec<(String, u16, Health)> {
            let known = self.registry.endpoints();
            known.map(|one| (one.record.address.clone(), one.record.weight, one.health)).collect()
        }

        fn run_until(&mut self, end: u64) {
            while let Some(wake) = self.registry.next_wake() {
                let wake = (wake.as_micros().div_ceil(1_000)).max(self.now);
                if wake > end {
                    break;
                }
                self.now = wake;
                let work = self.registry.wake(at(self.now), &mut self.dice);
                for probe in work.probes {
                    let passed = self.lucky();
                    self.registry.probed(probe, passed);
                }
                if let Some(version) = self.registry.wake(at(self.now), &mut self.dice).publish {
                    if self.lucky() {
                        self.key = self.current();
                        self.written.push(self.now);
                        self.registry.published(version, at(self.now));
                    } else {
                        self.now += 100;
                    }
                }
            }
            self.now = end;
        }
    }

    proptest! {
        /// Whatever is called and whatever fails, what is published is what is known, at most a
        /// second and the failed writes later, and never more than once a second.
        #[test]
        fn what_is_known_is_published_in_time_and_not_too_often(calls in calls(), luck in 1..u64::MAX) {
            let registry = Registry::new();
            let (now, key, written) = (1, Vec::new(), Vec::new());
            let mut writer = Writer { registry, dice: SeededDice::new(luck), now, key, written, luck };
            for call in calls {
                let now = at(writer.now);
                match call {
                    Call::Register(number, weight, ttl) => {
                        let record = Record { weight, ..endpoint(number) };
                        writer.registry.register(record, ttl.map(Micros::from_secs), now).unwrap();
                    }
                    Call::Renew(number) => drop(writer.registry.renew(endpoint(number).identity(), now)),
                    Call::Deregister(number) => drop(writer.registry.deregister(endpoint(number).identity())),
                    Call::Check(number) => drop(writer.registry.check(endpoint(number).identity(), CheckConfig::DEFAULT, now)),
                    Call::Uncheck(number) => writer.registry.uncheck(endpoint(number).identity()),
                    Call::Sleep(ms) => writer.run_until(writer.now + ms),
                }
            }
            writer.luck = u64::MAX;
            writer.run_until(writer.now + 1_000);
            prop_assert_eq!(&writer.key, &writer.current());
            prop_assert!(writer.written.is_sorted_by(|one, next| one + 1_000 <= *next), "{:?}", writer.written);
        }
    }
}

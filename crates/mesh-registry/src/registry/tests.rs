//! What a registry publishes, and when, whatever happens around it.

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
    let (mut registry, mut dice) = (Registry::new(), SeededDice::new(1));
    registry.resume(41, 41);
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
    /// Whatever is called and whatever fails, what is published in the end is what is known, and never
    /// more than once a second.
    #[test]
    fn what_is_known_is_published_in_the_end_and_not_too_often(calls in calls(), luck in 1..u64::MAX) {
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
        // all goes well for as long as the longest lease and the probes that turn a verdict take
        writer.luck = u64::MAX;
        writer.run_until(writer.now + 120_000);
        prop_assert_eq!(&writer.key, &writer.current());
        prop_assert!(writer.written.is_sorted_by(|one, next| one + 1_000 <= *next), "{:?}", writer.written);
    }
}

#[test]
fn the_configuration_stands_before_a_registration_and_its_order_stays() {
    let mut registry = Registry::new();
    let own = Record { weight: 7, ..endpoint(3) };
    registry.register(endpoint(3), None, at(1)).unwrap();
    registry.register(endpoint(2), None, at(1)).unwrap();
    let version = registry.version();
    registry.configure(alloc::vec![own, endpoint(1)]);
    assert_ne!(registry.version(), version);
    let all = |registry: &Registry| -> Vec<(String, u16)> {
        let known = registry.endpoints();
        known.map(|known| (known.record.address.clone(), known.record.weight)).collect()
    };
    let expected = |list: &[(&str, u16)]| -> Vec<(String, u16)> {
        list.iter().map(|(address, weight)| ((*address).into(), *weight)).collect()
    };
    let both = expected(&[("binding:A3", 7), ("binding:A1", 1), ("binding:A2", 1)]);
    assert_eq!(all(&registry), both);
    // deregistered, it is configured still, and checked on
    let identity = endpoint(3).identity();
    assert!(registry.check(identity, CheckConfig::DEFAULT, at(1)));
    registry.deregister(identity);
    assert_eq!(all(&registry), both);
    assert!(registry.probed(identity, false));
    assert_eq!(registry.health(identity), Some(Health::Unhealthy));
    registry.configure(Vec::new());
    assert_eq!(all(&registry), expected(&[("binding:A2", 1)]));
    assert_eq!(registry.verdict(identity), None);
}

#[test]
fn a_registry_that_was_stored_goes_on_where_it_was() {
    let (mut registry, identity) = registered(Health::Healthy);
    let mut dice = SeededDice::new(1);
    registry.wake(at(1), &mut dice);
    for passed in [true, false, false] {
        registry.probed(identity, passed);
    }
    let (version, states) = (registry.version(), registry.check_states().collect::<Vec<_>>());

    let mut again = Registry::new();
    again.register(endpoint(1), None, at(2)).unwrap();
    again.check(identity, CheckConfig::DEFAULT, at(2));
    for (endpoint, state) in &states {
        again.restore_check(*endpoint, *state);
    }
    again.resume(version, version);
    assert_eq!((again.version(), again.health(identity)), (version, Some(Health::Healthy)));
    assert_eq!(again.wake(at(3), &mut dice), Work::default());
    assert!(again.probed(identity, false), "the third failure in a row");
    assert!(again.version() > version);
}

#[test]
fn what_failed_to_be_published_waits() {
    let (mut registry, mut dice) = (Registry::new(), SeededDice::new(1));
    registry.touch();
    assert!(registry.wake(at(10), &mut dice).publish.is_some());
    registry.postpone(at(5_000));
    assert_eq!(registry.wake(at(4_999), &mut dice).publish, None);
    assert_eq!(registry.next_wake(), Some(at(5_000)));
    assert!(registry.wake(at(5_000), &mut dice).publish.is_some());
}

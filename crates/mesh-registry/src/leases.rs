//! Registrations: each holds until its lease is over, and is renewed by heartbeats.
//!
//! Nothing runs by itself. Whoever keeps the leases asks [`Leases::next_expiry`] when to come back,
//! and then calls [`Leases::expire`].

use alloc::{collections::BTreeMap, vec::Vec};
use core::fmt;

use mesh_core::time::{Micros, Timestamp};

use crate::{
    limits::{LEASE_MAX, LEASE_MIN, RECORDS_MAX},
    record::{Identity, Record, RecordError},
};

/// Why a registration or a heartbeat is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LeaseError {
    /// The record is wrong.
    Record(RecordError),
    /// The lease is shorter than `limits::LEASE_MIN` or longer than `limits::LEASE_MAX`.
    Time(Micros),
    /// There are `limits::RECORDS_MAX` records already.
    Full,
    /// No such endpoint is registered; its lease may have ended.
    Unknown,
}

impl fmt::Display for LeaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(error) => error.fmt(f),
            Self::Time(ttl) => {
                let seconds = ttl.as_secs_f64();
                write!(f, "a lease of {seconds} s, expected 5 s to 24 h, or none")
            }
            Self::Full => write!(f, "the registry holds {RECORDS_MAX} records and takes no more"),
            Self::Unknown => f.write_str("no such endpoint is registered: register it again"),
        }
    }
}

impl core::error::Error for LeaseError {}

/// What a registration did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "an endpoint was not there, is as it was, or changed")]
pub enum Registered {
    /// The endpoint was not there.
    New,
    /// It was there and says the same: only its lease is longer.
    Renewed,
    /// It was there and says something else now.
    Changed,
}

#[derive(Clone, Debug)]
struct Entry {
    record: Record,
    /// Length of the lease and its end; `None` = until it is deregistered.
    lease: Option<(Micros, Timestamp)>,
}

/// The registrations of one registry.
#[derive(Clone, Debug, Default)]
pub struct Leases {
    entries: BTreeMap<Identity, Entry>,
    changes: u64,
}

impl Leases {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new(), changes: 0 }
    }

    /// Registers an endpoint, or renews it. Without `ttl` it stays until it is deregistered.
    ///
    /// # Errors
    /// [`LeaseError`] where the record, the time or the number of records is out of its bounds;
    /// nothing changes then, and what was registered before stays.
    pub fn register(
        &mut self,
        record: Record,
        ttl: Option<Micros>,
        now: Timestamp,
    ) -> Result<Registered, LeaseError> {
        record.check().map_err(LeaseError::Record)?;
        if let Some(ttl) = ttl.filter(|ttl| !(LEASE_MIN..=LEASE_MAX).contains(ttl)) {
            return Err(LeaseError::Time(ttl));
        }
        let identity = record.identity();
        let known = self.entries.get(&identity);
        let registered = match known {
            None if self.entries.len() >= RECORDS_MAX => return Err(LeaseError::Full),
            None => Registered::New,
            Some(known) if known.record == record => Registered::Renewed,
            Some(_) => Registered::Changed,
        };
        if registered != Registered::Renewed {
            self.changes = self.changes.wrapping_add(1);
        }
        let lease = ttl.map(|ttl| (ttl, now.saturating_add(ttl)));
        self.entries.insert(identity, Entry { record, lease });
        Ok(registered)
    }

    /// Takes a heartbeat: the lease is as long as when it began.
    ///
    /// # Errors
    /// [`LeaseError::Unknown`] where no such endpoint is registered.
    pub fn renew(&mut self, endpoint: Identity, now: Timestamp) -> Result<(), LeaseError> {
        let entry = self.entries.get_mut(&endpoint).ok_or(LeaseError::Unknown)?;
        if let Some((ttl, until)) = &mut entry.lease {
            // a clock that ran backwards makes no lease shorter
            *until = now.saturating_add(*ttl).max(*until);
        }
        Ok(())
    }

    /// Takes an endpoint out; its record, where it was there.
    pub fn deregister(&mut self, endpoint: Identity) -> Option<Record> {
        let entry = self.entries.remove(&endpoint)?;
        self.changes = self.changes.wrapping_add(1);
        Some(entry.record)
    }

    /// Takes out the endpoints whose lease is over, and gives them: each is an event.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Record> {
        let over = |entry: &Entry| entry.lease.is_some_and(|(_, until)| until <= now);
        let lost: Vec<Identity> =
            self.entries.iter().filter(|(_, entry)| over(entry)).map(|(key, _)| *key).collect();
        lost.into_iter().filter_map(|endpoint| self.deregister(endpoint)).collect()
    }

    /// When the next lease ends, if none is renewed.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.entries.values().filter_map(|entry| entry.lease).map(|(_, until)| until).min()
    }

    /// When the lease of an endpoint ends; `None` where it has none, or is not registered.
    #[must_use]
    pub fn until(&self, endpoint: Identity) -> Option<Timestamp> {
        self.entries.get(&endpoint).and_then(|entry| entry.lease).map(|(_, until)| until)
    }

    /// A registered endpoint.
    #[must_use]
    pub fn get(&self, endpoint: Identity) -> Option<&Record> {
        self.entries.get(&endpoint).map(|entry| &entry.record)
    }

    /// The registered endpoints, by identity.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.entries.values().map(|entry| &entry.record)
    }

    /// Number of registered endpoints.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True where none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A number that grows whenever an endpoint comes, goes or says something else. Where it is the
    /// same there is nothing to publish: a heartbeat is no change.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::tests::record;

    const TTL: Micros = Micros::from_secs(30);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000 * seconds)
    }

    #[test]
    fn a_heartbeat_is_no_change_and_another_weight_is_one() {
        let mut leases = Leases::new();
        let one = record("a", "binding:A");
        assert_eq!(leases.register(one.clone(), Some(TTL), at(1)), Ok(Registered::New));
        let changes = leases.changes();
        assert_eq!(leases.register(one.clone(), Some(TTL), at(2)), Ok(Registered::Renewed));
        assert_eq!(leases.renew(one.identity(), at(3)), Ok(()));
        assert_eq!(leases.changes(), changes);
        let heavier = Record { weight: 2, ..one };
        assert_eq!(leases.register(heavier, Some(TTL), at(4)), Ok(Registered::Changed));
        assert_ne!(leases.changes(), changes);
        assert_eq!(leases.len(), 1);
    }

    #[test]
    fn a_refused_registration_leaves_what_was_there() {
        let mut leases = Leases::new();
        let one = record("a", "binding:A");
        leases.register(one.clone(), None, at(1)).unwrap();
        let wrong = Record { colo: "a b".into(), ..one.clone() };
        assert!(matches!(leases.register(wrong, None, at(2)), Err(LeaseError::Record(_))));
        for ttl in [Micros::ZERO, Micros::from_secs(4), Micros::from_secs(86_401), Micros::MAX] {
            assert_eq!(leases.register(one.clone(), Some(ttl), at(2)), Err(LeaseError::Time(ttl)));
        }
        assert_eq!(leases.records().collect::<Vec<_>>(), [&one]);
        assert_eq!(leases.next_expiry(), None);
    }

    #[test]
    fn the_last_place_is_taken_and_no_more() {
        let mut leases = Leases::new();
        for number in 0..RECORDS_MAX {
            let one = record("a", &alloc::format!("binding:A{number}"));
            leases.register(one, Some(TTL), at(1)).unwrap();
        }
        let more = record("a", "binding:MORE");
        assert_eq!(leases.register(more, Some(TTL), at(1)), Err(LeaseError::Full));
        let known = record("a", "binding:A7");
        assert_eq!(leases.register(known, Some(TTL), at(2)), Ok(Registered::Renewed));
        assert_eq!(leases.expire(at(31)).len(), RECORDS_MAX - 1);
    }

    #[test]
    fn a_clock_that_runs_backwards_ends_no_lease() {
        let mut leases = Leases::new();
        let one = record("a", "binding:A");
        leases.register(one.clone(), Some(TTL), at(100)).unwrap();
        leases.renew(one.identity(), at(50)).unwrap();
        assert_eq!(leases.expire(at(99)), []);
        assert_eq!(leases.next_expiry(), Some(at(130)));
    }

    #[derive(Clone, Debug)]
    enum Call {
        Register(u8, Option<u64>),
        Renew(u8),
        Deregister(u8),
        Wait(u64),
    }

    fn calls() -> impl Strategy<Value = Vec<Call>> {
        let call = prop_oneof![
            (0..6u8, prop::option::of(5..60u64)).prop_map(|(n, ttl)| Call::Register(n, ttl)),
            (0..6u8).prop_map(Call::Renew),
            (0..6u8).prop_map(Call::Deregister),
            (0..40u64).prop_map(Call::Wait),
        ];
        prop::collection::vec(call, 0..60)
    }

    proptest! {
        /// Against a map of who is there until when.
        #[test]
        fn who_is_there_is_who_was_heard_of_in_time(calls in calls()) {
            let mut leases = Leases::new();
            let mut naive: BTreeMap<u8, (Option<u64>, u64)> = BTreeMap::new();
            let endpoint = |number: u8| record("a", &alloc::format!("binding:A{number}"));
            let mut now = 1;
            for call in calls {
                match call {
                    Call::Register(number, ttl) => {
                        let ttl_micros = ttl.map(Micros::from_secs);
                        let done = leases.register(endpoint(number), ttl_micros, at(now));
                        let was = naive.insert(number, (ttl, now + ttl.unwrap_or(0)));
                        let expected =
                            if was.is_some() { Registered::Renewed } else { Registered::New };
                        prop_assert_eq!(done, Ok(expected));
                    }
                    Call::Renew(number) => {
                        let done = leases.renew(endpoint(number).identity(), at(now));
                        prop_assert_eq!(done.is_ok(), naive.contains_key(&number));
                        if let Some((Some(ttl), until)) = naive.get_mut(&number) {
                            *until = now + *ttl;
                        }
                    }
                    Call::Deregister(number) => {
                        let done = leases.deregister(endpoint(number).identity());
                        prop_assert_eq!(done.is_some(), naive.remove(&number).is_some());
                    }
                    Call::Wait(seconds) => {
                        now += seconds;
                        let lost = leases.expire(at(now)).len();
                        let before = naive.len();
                        naive.retain(|_, (ttl, until)| ttl.is_none() || *until > now);
                        prop_assert_eq!(lost, before - naive.len());
                    }
                }
                prop_assert_eq!(leases.len(), naive.len());
                let next = naive.values().filter(|(ttl, _)| ttl.is_some()).map(|(_, until)| *until);
                prop_assert_eq!(leases.next_expiry(), next.min().map(at));
            }
        }
    }
}

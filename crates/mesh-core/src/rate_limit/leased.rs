//! Buckets whose rate somebody else decides, who counts for all: shares of a global limit, or the
//! verdict of a location.
//!
//! An isolate asks now and then with what it saw ([`Leases::demand`]) and is told a rate and how long
//! it holds ([`Leases::grant`]). No request waits for that: until the first answer, and after the last
//! one is over, a key has the limit's own rate here. Whoever decides hears how many requests passed
//! in the meantime, and gives that much less.

use alloc::vec::Vec;

use super::{Rate, Taken};
use crate::{
    limits::LEASED_KEYS_MAX,
    time::{Micros, Timestamp},
};

/// What an isolate saw of one key since it asked last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what is asked with")]
pub struct Demand {
    /// In the limits table.
    pub limit: u32,
    /// The key, the same in all isolates.
    pub key: u64,
    /// The limit's own rate.
    pub rate: Rate,
    /// Requests that came.
    pub seen: u32,
    /// Requests that passed.
    pub taken: u32,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    demand: Demand,
    /// Time that a request takes from the bucket while the lease holds; zero = none passes.
    interval: Micros,
    until: Timestamp,
    full_at: Timestamp,
}

/// The leased buckets of an isolate, at most [`LEASED_KEYS_MAX`].
#[derive(Clone, Debug, Default)]
pub struct Leases {
    buckets: Vec<Bucket>,
}

impl Leases {
    /// None.
    #[must_use]
    pub const fn none() -> Self {
        Self { buckets: Vec::new() }
    }

    /// Takes one request from the bucket of `key`; with it, whether a lease decided. `None` where there
    /// is no room for another key: then nobody counts for all.
    pub fn take(
        &mut self,
        limit: u32,
        key: u64,
        rate: &Rate,
        now: Timestamp,
    ) -> Option<(Taken, bool)> {
        let known = self.buckets.iter().position(|bucket| bucket.demand.key == key);
        let at = match known {
            Some(at) => at,
            None if self.buckets.len() < LEASED_KEYS_MAX => {
                let demand = Demand { limit, key, rate: *rate, seen: 0, taken: 0 };
                let (interval, never) = (Micros::ZERO, Timestamp::ZERO);
                self.buckets.push(Bucket { demand, interval, until: never, full_at: never });
                self.buckets.len().saturating_sub(1)
            }
            None => return None,
        };
        let bucket = self.buckets.get_mut(at)?;
        // the number may be another one since the last Snapshot
        bucket.demand.limit = limit;
        bucket.demand.rate = *rate;
        bucket.demand.seen = bucket.demand.seen.saturating_add(1);
        let leased = now < bucket.until;
        if leased && bucket.interval.is_zero() {
            let wait = bucket.until.saturating_since(now);
            return Some((Taken { allowed: false, remaining: 0, wait }, true));
        }
        let interval = if leased { bucket.interval } else { rate.interval };
        // the same time of burst is the same share of the requests that may come at once
        let share = Rate { interval, burst: rate.burst.max(interval) };
        let (taken, full_at) = share.take(bucket.full_at, now);
        bucket.full_at = full_at;
        bucket.demand.taken = bucket.demand.taken.saturating_add(u32::from(taken.allowed));
        Some((taken, leased))
    }

    /// Takes what is to be asked with, and begins to count anew. Keys that nobody came with since the
    /// last time, and whose lease is over, are forgotten.
    pub fn demand(&mut self, now: Timestamp) -> impl Iterator<Item = Demand> + '_ {
        self.buckets.retain(|bucket| bucket.demand.seen > 0 || now < bucket.until);
        self.buckets.iter_mut().filter(|bucket| bucket.demand.seen > 0).map(|bucket| {
            let demand = bucket.demand;
            (bucket.demand.seen, bucket.demand.taken) = (0, 0);
            demand
        })
    }

    /// Takes note of a lease: one request in each `interval` passes until then, none where that is
    /// zero. Nothing for a key that is not known any more.
    pub fn grant(&mut self, key: u64, interval: Micros, until: Timestamp) {
        if let Some(bucket) = self.buckets.iter_mut().find(|bucket| bucket.demand.key == key) {
            (bucket.interval, bucket.until) = (interval, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate =
        Rate { interval: Micros::from_millis(10), burst: Micros::from_millis(1_000) };

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn allowed(leases: &mut Leases, from: u64, to: u64) -> u32 {
        (from..to).map(|ms| u32::from(leases.take(0, 7, &RATE, at(ms)).unwrap().0.allowed)).sum()
    }

    #[test]
    fn without_a_lease_the_limit_holds_here_and_with_one_its_rate() {
        let mut leases = Leases::none();
        assert_eq!(leases.take(0, 7, &RATE, at(1_000)).map(|(_, leased)| leased), Some(false));
        // a burst of 100, and 100 each second
        assert_eq!(allowed(&mut leases, 1_000, 11_000), 99 + 999);
        leases.grant(7, Micros::from_millis(100), at(100_000));
        assert_eq!(leases.take(0, 7, &RATE, at(20_000)).map(|(_, leased)| leased), Some(true));
        // a burst of 10, and 10 each second
        assert_eq!(allowed(&mut leases, 20_000, 30_000), 9 + 99);
        leases.grant(7, Micros::ZERO, at(40_000));
        assert_eq!(allowed(&mut leases, 30_000, 40_000), 0);
        let (taken, leased) = leases.take(0, 7, &RATE, at(39_000)).unwrap();
        assert_eq!((taken.allowed, taken.wait, leased), (false, Micros::from_secs(1), true));
        assert!(leases.take(0, 7, &RATE, at(40_000)).unwrap().0.allowed, "it is over");
    }

    #[test]
    fn demand_is_told_once_and_those_that_are_gone_are_forgotten() {
        let mut leases = Leases::none();
        for key in 0..3 {
            for _ in 0..=key {
                leases.take(5, key, &RATE, at(1_000));
            }
        }
        leases.grant(0, Micros::from_millis(10), at(9_000));
        let told: Vec<(u32, u64, u32, u32)> = leases
            .demand(at(2_000))
            .map(|demand| (demand.limit, demand.key, demand.seen, demand.taken))
            .collect();
        assert_eq!(told, [(5, 0, 1, 1), (5, 1, 2, 2), (5, 2, 3, 3)]);
        assert_eq!(leases.demand(at(3_000)).count(), 0);
        assert_eq!(leases.buckets.len(), 1, "only its lease holds");
        assert_eq!(leases.demand(at(9_000)).count(), 0);
        assert_eq!(leases.buckets.len(), 0);
        leases.grant(0, Micros::ZERO, at(99_000));
        assert!(leases.take(5, 0, &RATE, at(9_000)).unwrap().0.allowed);
    }

    #[test]
    fn there_is_room_for_so_many_keys_and_no_more() {
        let mut leases = Leases::none();
        let keys = LEASED_KEYS_MAX as u64;
        assert!((0..keys).all(|key| leases.take(0, key, &RATE, at(1_000)).is_some()));
        assert_eq!(leases.take(0, keys, &RATE, at(1_000)), None);
        assert!(leases.take(0, 3, &RATE, at(1_000)).is_some());
        assert_eq!(leases.demand(at(1_000)).count(), LEASED_KEYS_MAX);
        assert_eq!(leases.demand(at(2_000)).count(), 0);
        assert!(leases.take(0, keys, &RATE, at(2_000)).is_some());
    }
}

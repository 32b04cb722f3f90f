//! Rate limits by GCRA: one number per key, the time at which its bucket is full again.
//!
//! The buckets of an isolate are a bounded table of sets: a key that finds its set full takes the
//! place of the one that is fullest in proportion to its size, so that callers who are at their limit
//! are forgotten last. Limits without a key have buckets of their own. These are not shared between
//! isolates: what they guarantee is [`Guarantee::Isolate`]. [`leased`] has those that somebody counts
//! for all.

pub mod leased;

use alloc::vec::Vec;

use crate::{
    limits::{BUCKET_SETS, BUCKET_WAYS, SHARED_BUCKETS_MAX},
    time::{Micros, Timestamp},
};

/// Words of a bucket.
const WORDS: usize = 3;

/// Who counts the requests of a limit, and so what the limit guarantees.
///
/// A tier answers at once and never waits. One that shares its counts, such as tokens leased from a
/// Durable Object, is filled by its host between requests and answers from what it holds.
pub trait Tier {
    /// What its answers hold for.
    const GUARANTEE: Guarantee;

    /// Takes one request from the bucket of `key`, a hash that callers cannot foretell.
    fn take(&mut self, key: u64, rate: &Rate, now: Timestamp) -> Taken;

    /// Takes one request from a bucket that all requests of a limit share.
    fn take_shared(&mut self, key: u64, rate: &Rate, now: Timestamp) -> Taken;
}

/// Where a limit's requests are counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Guarantee {
    /// In this isolate alone.
    Isolate,
    /// In this location of the platform.
    Location,
    /// Everywhere.
    Global,
}

impl Guarantee {
    /// The one of that number; an unknown one is taken as the least.
    #[must_use]
    pub const fn from_u8(number: u8) -> Self {
        match number {
            1 => Self::Location,
            2 => Self::Global,
            _ => Self::Isolate,
        }
    }
}

/// The rate that a bucket holds to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Time that one request takes from the bucket; zero limits nothing.
    pub interval: Micros,
    /// Size of the bucket, a multiple of `interval`: what may be taken at once.
    pub burst: Micros,
}

/// What came of taking one request from a bucket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Taken {
    /// Whether the request is within the limit.
    pub allowed: bool,
    /// Requests that may follow at once.
    pub remaining: u32,
    /// Where it is allowed, time until the bucket is full again; else until one request fits.
    pub wait: Micros,
}

impl Rate {
    /// Takes one request from a bucket that is full again at `full_at`; says when it is then.
    ///
    /// ```
    /// use mesh_core::{rate_limit::Rate, time::{Micros, Timestamp}};
    ///
    /// // two at once, then one a second
    /// let rate = Rate { interval: Micros::from_secs(1), burst: Micros::from_secs(2) };
    /// let now = Timestamp::from_millis(5_000);
    /// let (first, full_at) = rate.take(Timestamp::ZERO, now);
    /// let (second, full_at) = rate.take(full_at, now);
    /// let (third, _) = rate.take(full_at, now);
    /// assert_eq!((first.allowed, first.remaining), (true, 1));
    /// assert_eq!((second.allowed, second.remaining), (true, 0));
    /// assert_eq!((third.allowed, third.wait), (false, Micros::from_secs(1)));
    /// ```
    #[must_use]
    pub fn take(&self, full_at: Timestamp, now: Timestamp) -> (Taken, Timestamp) {
        let next = full_at.max(now).saturating_add(self.interval);
        let used = next.saturating_since(now);
        if used > self.burst {
            let wait = Micros(used.0.saturating_sub(self.burst.0));
            return (Taken { allowed: false, remaining: 0, wait }, full_at);
        }
        let free = self.burst.0.saturating_sub(used.0);
        let remaining = free.checked_div(self.interval.0).unwrap_or(u64::MAX);
        let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
        (Taken { allowed: true, remaining, wait: used }, next)
    }
}

/// The buckets of an isolate. Memory: none before the first limited request with a key, then 96 KiB.
#[derive(Clone, Debug, Default)]
pub struct Buckets {
    /// Key, time at which its bucket is full again and size of the bucket, in sets of [`BUCKET_WAYS`].
    words: Vec<u64>,
    /// The same two first of buckets that all requests share; no caller can push one out.
    shared: Vec<[u64; 2]>,
}

impl Buckets {
    /// No buckets yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self { words: Vec::new(), shared: Vec::new() }
    }
}

impl Tier for Buckets {
    const GUARANTEE: Guarantee = Guarantee::Isolate;

    fn take(&mut self, key: u64, rate: &Rate, now: Timestamp) -> Taken {
        if self.words.is_empty() {
            self.words.resize(BUCKET_SETS * BUCKET_WAYS * WORDS, 0);
        }
        let low = u32::try_from(key & 0xffff_ffff).unwrap_or(0);
        let set = low as usize % BUCKET_SETS * BUCKET_WAYS * WORDS;
        let words = self.words.get_mut(set..).unwrap_or_default();
        let (mut at, mut full_at, mut least) = (0, 0, f32::INFINITY);
        for way in 0..BUCKET_WAYS {
            let start = WORDS * way;
            let Some(&[known, full, size]) = words.get(start..).and_then(<[u64]>::first_chunk)
            else {
                break;
            };
            if known == key {
                (at, full_at) = (start, full);
                break;
            }
            let used = used_share(full.saturating_sub(now.as_micros()), size);
            if used < least {
                (at, least) = (start, used);
            }
        }
        let (taken, full_at) = rate.take(Timestamp::from_micros(full_at), now);
        if let Some(bucket) = words.get_mut(at..).and_then(<[u64]>::first_chunk_mut) {
            *bucket = [key, full_at.as_micros(), rate.burst.0];
        }
        taken
    }

    fn take_shared(&mut self, key: u64, rate: &Rate, now: Timestamp) -> Taken {
        let known = self.shared.iter().position(|&[known, _]| known == key);
        let at = known.unwrap_or_else(|| {
            if self.shared.len() >= SHARED_BUCKETS_MAX {
                // those of limits that are no more are full by now
                self.shared.retain(|&[_, full_at]| full_at > now.as_micros());
            }
            self.shared.push([key, 0]);
            self.shared.len().saturating_sub(1)
        });
        let full_at = self.shared.get(at).map_or(0, |&[_, full_at]| full_at);
        let (taken, full_at) = rate.take(Timestamp::from_micros(full_at), now);
        if let Some([_, word]) = self.shared.get_mut(at) {
            *word = full_at.as_micros();
        }
        taken
    }
}

/// How much of a bucket is taken, from 0 to 1: a limit of a day and one of a second compare.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than that")]
fn used_share(left: u64, size: u64) -> f32 {
    left as f32 / size.max(1) as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate =
        Rate { interval: Micros::from_millis(100), burst: Micros::from_millis(1_000) };

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let mut buckets = Buckets::empty();
        let start = Timestamp::from_millis(1_000);
        let at_once = (0..20).filter(|_| buckets.take(7, &RATE, start).allowed).count();
        assert_eq!(at_once, 10);
        let mut allowed = 0;
        for ms in 1..=1_000 {
            let now = start.saturating_add(Micros::from_millis(ms));
            allowed += u32::from(buckets.take(7, &RATE, now).allowed);
        }
        assert_eq!(allowed, 10);
    }

    #[test]
    fn a_refused_request_says_when_the_next_one_fits_and_takes_nothing() {
        let mut buckets = Buckets::empty();
        let now = Timestamp::from_millis(50);
        for _ in 0..10 {
            assert!(buckets.take(1, &RATE, now).allowed);
        }
        for _ in 0..100 {
            let taken = buckets.take(1, &RATE, now);
            assert_eq!((taken.allowed, taken.wait), (false, Micros::from_millis(100)));
        }
        let then = now.saturating_add(Micros::from_millis(100));
        assert!(buckets.take(1, &RATE, then).allowed);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_opens_nothing() {
        let mut buckets = Buckets::empty();
        let now = Timestamp::from_millis(9_000);
        let allowed = (0..1_000).filter(|_| buckets.take(3, &RATE, now).allowed).count();
        assert_eq!(allowed, 10);
        assert!(!buckets.take(3, &RATE, Timestamp::from_millis(8_000)).allowed);
    }

    #[test]
    fn a_bucket_of_a_day_does_not_push_out_an_exhausted_one_of_a_second() {
        let day = Rate { interval: Micros::from_secs(864), burst: Micros::from_secs(86_400) };
        let mut buckets = Buckets::empty();
        let now = Timestamp::from_millis(1_000);
        for _ in 0..10 {
            buckets.take(5, &RATE, now);
        }
        for other in 1..100u64 {
            assert!(buckets.take(other << 32 | 5, &day, now).allowed);
        }
        assert!(!buckets.take(5, &RATE, now).allowed);
    }

    #[test]
    fn shared_buckets_that_are_full_again_make_room() {
        let mut buckets = Buckets::empty();
        let mut now = Timestamp::from_millis(1_000);
        for key in 0..10 * SHARED_BUCKETS_MAX as u64 {
            assert!(buckets.take_shared(key, &RATE, now).allowed);
            now = now.saturating_add(Micros::from_millis(1));
            assert!(buckets.shared.len() <= SHARED_BUCKETS_MAX + 101, "{}", buckets.shared.len());
        }
        for _ in 0..10 {
            assert!(buckets.take_shared(u64::MAX, &RATE, now).allowed);
        }
        assert!(!buckets.take_shared(u64::MAX, &RATE, now).allowed);
    }

    #[test]
    fn keys_of_one_set_push_out_the_fullest_bucket_first() {
        let mut buckets = Buckets::empty();
        let now = Timestamp::from_millis(1_000);
        let key = |number: u64| number << 32 | 5;
        for _ in 0..10 {
            buckets.take(key(1), &RATE, now);
        }
        for other in 2..100 {
            assert!(buckets.take(key(other), &RATE, now).allowed);
        }
        assert!(!buckets.take(key(1), &RATE, now).allowed, "the one at its limit was forgotten");
    }

    proptest! {
        /// Against a bucket that is filled by hand, with whole tokens.
        #[test]
        fn never_more_than_burst_and_rate_allow(
            gaps in proptest::collection::vec(0u64..400, 1..200),
            burst in 1u64..20,
        ) {
            let rate = Rate { burst: Micros::from_millis(100 * burst), ..RATE };
            let mut buckets = Buckets::empty();
            let mut now = Timestamp::from_millis(1_000);
            // milliseconds of credit, 100 for a request
            let mut credit = 100 * burst;
            for gap in gaps {
                now = now.saturating_add(Micros::from_millis(gap));
                credit = (credit + gap).min(100 * burst);
                let expected = credit >= 100;
                if expected {
                    credit -= 100;
                }
                let taken = buckets.take(42, &rate, now);
                prop_assert_eq!(taken.allowed, expected);
                if expected {
                    prop_assert_eq!(u64::from(taken.remaining), credit / 100);
                }
            }
        }
    }
}

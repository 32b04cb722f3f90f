//! A rate that many isolates share: each is granted a part of it for a while, by what it needs.
//!
//! Whoever asks tells how many requests came and how many passed since it asked last. The parts are
//! shared out fairly: who needs less than an equal part gets what it needs, and the others divide the
//! rest. The sum of the parts follows what really passes: where parts stay unused more is given out,
//! and where more passes than the limit, such as in isolates that are too young to have a part, less.

use alloc::{collections::BTreeMap, vec::Vec};

use mesh_core::{
    rate_limit::Rate,
    time::{Micros, Timestamp},
};

use crate::limits::ASKERS_MAX;

/// How long a part holds.
pub const LEASE: Micros = Micros::from_secs(5);
/// How long the first part of somebody new holds: what it needs is a guess.
pub const FIRST_LEASE: Micros = Micros::from_secs(1);
/// Time in which the sum of the parts follows what passes: two leases, as what was given out before
/// must be over first.
const FOLLOW_S: f64 = 8.0;
/// What passes too much counts up to this share of the rate.
const EXCESS_MAX: f64 = 0.25;
/// The sum of the parts stays within these shares of the rate.
const SUM_SHARES: (f64, f64) = (0.5, 1.5);
/// Share of the rate that must be needed for the sum to be raised: below it parts are unused because
/// nobody comes.
const NEEDED: f64 = 0.95;

/// A part of a rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a rate, and how long it holds")]
pub struct Grant {
    /// Time that one request takes.
    pub interval: Micros,
    /// How long it holds.
    pub ttl: Micros,
    /// Whether there was enough for all. Then whoever refuses a request needs more than it said, and
    /// should ask again at once.
    pub plenty: bool,
}

#[derive(Clone, Copy, Debug)]
struct Asker {
    /// Requests per second that may come to it.
    needs: f64,
    /// Requests per second that pass there.
    passes: f64,
    asked_at: Timestamp,
}

/// The parts of one limit and key. Memory: 40 bytes for each who asks.
#[derive(Clone, Debug)]
pub struct Allowance {
    rate: Rate,
    /// The sum of the parts, as a share of the rate.
    share: f64,
    /// When that was adjusted last.
    adjusted_at: Timestamp,
    askers: BTreeMap<u64, Asker>,
}

impl Allowance {
    /// Nobody asked yet.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        Self { rate, share: 1.0, adjusted_at: Timestamp::ZERO, askers: BTreeMap::new() }
    }

    /// Takes what `asker` saw, and grants it its part. `rate` is what the limit is now.
    pub fn ask(&mut self, asker: u64, rate: Rate, seen: u32, taken: u32, now: Timestamp) -> Grant {
        self.rate = rate;
        self.askers.retain(|_, asker| !is_silent(asker, now));
        let known = self.askers.get(&asker).copied();
        // as many as may come next time by chance: what comes at random varies by its root
        let most = f64::from(seen.saturating_add(2 * seen.isqrt()).saturating_add(1));
        // two that ask within one turn of the clock are as if a millisecond were between them
        let elapsed = known
            .map_or(1.0, |known| now.saturating_since(known.asked_at).as_secs_f64().max(0.001));
        let (needs, passes) = (most / elapsed, f64::from(taken) / elapsed);
        if known.is_some() || self.askers.len() < ASKERS_MAX {
            self.askers.insert(asker, Asker { needs, passes, asked_at: now });
        }
        self.adjust(now);
        let ttl = if known.is_some() { LEASE } else { FIRST_LEASE };
        let (part, plenty) = self.part(needs);
        Grant { interval: self.interval_of(part), ttl, plenty }
    }

    /// Lets the sum of the parts follow what passes.
    fn adjust(&mut self, now: Timestamp) {
        let elapsed = now.saturating_since(self.adjusted_at).as_secs_f64().min(1.0);
        self.adjusted_at = now;
        let total = |of: fn(&Asker) -> f64| self.askers.values().map(of).sum::<f64>();
        let rate = self.per_second();
        // a burst, which the limit allows once, must not swing it far
        let missing = (1.0 - total(|asker| asker.passes) / rate).max(-EXCESS_MAX);
        let needed = total(|asker| asker.needs) > NEEDED * rate;
        // what nobody needs goes back to the rate itself
        let change = if needed || missing < 0.0 { missing } else { 1.0 - self.share };
        let share = self.share + change * elapsed / FOLLOW_S;
        self.share = share.clamp(SUM_SHARES.0, SUM_SHARES.1);
    }

    /// True where nobody asked for so long that nothing is lost if it is forgotten.
    #[must_use]
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.askers.values().all(|asker| is_silent(asker, now))
    }

    /// Requests per second for one that needs so many, and whether there is enough for all.
    fn part(&self, needs: f64) -> (f64, bool) {
        let sum = self.share * self.per_second();
        let mut all: Vec<f64> = self.askers.values().map(|asker| asker.needs).collect();
        all.sort_unstable_by(f64::total_cmp);
        let (mut left, mut count) = (sum, count(all.len().max(1)));
        for needs in &all {
            if *needs > left / count {
                break;
            }
            left -= needs;
            count -= 1.0;
        }
        if count > 0.5 {
            // not enough for all: whoever wants more than an equal part of the rest gets that
            return (needs.min(left / count), false);
        }
        (needs + left / self::count(all.len().max(1)), true)
    }

    /// The rate, requests per second.
    fn per_second(&self) -> f64 {
        1.0 / self.rate.interval.as_secs_f64().max(1e-9)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "above 0, and a cast saturates"
    )]
    fn interval_of(&self, per_second: f64) -> Micros {
        let interval = Micros((1e6 / per_second.max(1e-6)) as u64);
        interval.max(self.rate.interval).max(Micros(1))
    }
}

/// Whether its lease is over, and so its part free.
fn is_silent(asker: &Asker, now: Timestamp) -> bool {
    now.saturating_since(asker.asked_at) > LEASE
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
const fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { interval: Micros(1_000), burst: Micros(1_000_000) };

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn per_second(grant: Grant) -> f64 {
        1.0 / grant.interval.as_secs_f64()
    }

    /// All ask twice, with what comes to each in a second; the parts of the second round.
    fn parts(needs: &[u32], taken_tenths: u32) -> Vec<f64> {
        let mut allowance = Allowance::new(RATE);
        let mut parts = Vec::new();
        for round in 0..2 {
            parts.clear();
            for (asker, seen) in (0u64..).zip(needs) {
                let now = at(1_000_000 + round * 1_000);
                let taken = seen * taken_tenths / 10;
                parts.push(per_second(allowance.ask(asker, RATE, *seen, taken, now)));
            }
        }
        parts
    }

    #[test]
    fn who_is_alone_gets_the_whole_rate_and_two_get_half() {
        let mut allowance = Allowance::new(RATE);
        let first = allowance.ask(1, RATE, 5_000, 0, at(1_000_000));
        assert_eq!((first.interval, first.ttl), (Micros(1_000), FIRST_LEASE));
        allowance.ask(2, RATE, 5_000, 0, at(1_000_000));
        let both: f64 = [1, 2]
            .map(|asker| per_second(allowance.ask(asker, RATE, 5_000, 500, at(1_001_000))))
            .iter()
            .sum();
        assert!((900.0..1_200.0).contains(&both), "{both}");
    }

    #[test]
    fn who_needs_little_gets_it_and_the_others_divide_the_rest() {
        let parts = parts(&[10, 20, 2_000, 3_000], 0);
        assert!((16.0..18.0).contains(&parts[0]), "{parts:?}");
        assert!((28.0..30.0).contains(&parts[1]), "{parts:?}");
        assert!((parts[2] - parts[3]).abs() < 1.0, "{parts:?}");
        assert!(parts[2] > 450.0);
    }

    #[test]
    fn where_too_much_passes_less_is_given_and_a_part_that_nobody_renews_is_free() {
        let mut allowance = Allowance::new(RATE);
        for round in 0..20 {
            for asker in 0..4 {
                allowance.ask(asker, RATE, 4_000, 400, at(1_000_000 + round * 1_000));
            }
        }
        let punished = per_second(allowance.ask(1, RATE, 4_000, 400, at(1_020_000)));
        assert!(punished < 150.0, "{punished}");
        let later = at(1_060_000);
        assert!(allowance.is_idle(later));
        let alone = per_second(allowance.ask(9, RATE, 4_000, 0, later));
        assert!(alone > 490.0, "{alone}");
        assert!(!allowance.is_idle(later));
    }

    #[test]
    fn where_parts_stay_unused_more_is_given_and_not_where_nobody_comes() {
        let given = |seen: u32, taken: u32| {
            let mut allowance = Allowance::new(RATE);
            for round in 0..60 {
                for asker in 0..4 {
                    allowance.ask(asker, RATE, seen, taken, at(1_000_000 + round * 1_000));
                }
            }
            allowance.share
        };
        assert!(given(400, 200) > 1.4);
        assert!((given(100, 100) - 1.0).abs() < 0.01);
        assert!((given(300, 250) - 1.0).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn the_parts_are_never_more_than_half_above_the_rate(
            needs in prop::collection::vec(0..5_000u32, 1..40), taken in 0..=10u32,
        ) {
            let parts = parts(&needs, taken);
            let sum: f64 = parts.iter().sum();
            prop_assert!(sum <= 1_000.0 * SUM_SHARES.1 * 1.05, "{}", sum);
            prop_assert!(parts.iter().all(|part| part.is_finite() && *part > 0.0));
        }
    }
}

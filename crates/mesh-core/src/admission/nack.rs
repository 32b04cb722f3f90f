//! Finagle's nack admission filter: follows the share of requests that the callee accepts.

use crate::{
    dice::Dice,
    time::{Micros, Timestamp},
};

/// Memory of the accept rate.
const WINDOW: Micros = Micros::from_secs(120);
/// Accept rate below which requests are dropped.
const ACCEPT_RATE_MIN: f64 = 0.5;
/// Highest probability of dropping: some requests must get through to see a recovery.
const PROBABILITY_MAX: f64 = 0.75;
/// Requests per second below which nothing is dropped.
const RPS_MIN: u32 = 5;

/// The filter of one callee.
#[derive(Clone, Debug)]
pub struct NackAdmission {
    accept_rate: f64,
    last: Timestamp,
    second: Timestamp,
    this_second: u32,
    last_second: u32,
}

impl NackAdmission {
    /// A filter that has seen nothing but accepts.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self { accept_rate: 1.0, last: now, second: now, this_second: 0, last_second: 0 }
    }

    /// The callee did the work, well or badly.
    pub fn on_accept(&mut self, now: Timestamp) {
        self.learn(1.0, now);
    }

    /// The callee refused the work (503 with `Retry-After`, gRPC `UNAVAILABLE`).
    pub fn on_nack(&mut self, now: Timestamp) {
        self.learn(0.0, now);
    }

    /// The share of requests that the callee accepts.
    #[must_use]
    pub const fn accept_rate(&self) -> f64 {
        self.accept_rate
    }

    /// The probability of dropping: the refused share, once it is more than half.
    #[must_use]
    pub fn drop_probability(&self) -> f64 {
        if self.accept_rate >= ACCEPT_RATE_MIN {
            return 0.0;
        }
        (1.0 - self.accept_rate).min(PROBABILITY_MAX)
    }

    /// Decides about one request, and counts it.
    pub fn admits(&mut self, now: Timestamp, dice: &mut impl Dice) -> bool {
        let elapsed = now.saturating_since(self.second);
        if elapsed >= Micros::from_secs(1) {
            // a second without any request ends the memory of a busy one
            self.last_second = if elapsed < Micros::from_secs(2) { self.this_second } else { 0 };
            self.this_second = 0;
            self.second = now;
        }
        self.this_second = self.this_second.saturating_add(1);
        if self.last_second.max(self.this_second) < RPS_MIN {
            return true;
        }
        dice.unit() >= self.drop_probability()
    }

    /// Results at one and the same moment carry no weight among each other, as in any average over
    /// time; a millisecond is assumed where the clock stands still.
    fn learn(&mut self, accepted: f64, now: Timestamp) {
        let elapsed = now.saturating_since(self.last).max(Micros::from_millis(1));
        self.last = self.last.max(now);
        let weight = libm::exp(-elapsed.as_secs_f64() / WINDOW.as_secs_f64());
        self.accept_rate = self.accept_rate * weight + accepted * (1.0 - weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    fn refused_for(seconds: u64) -> (NackAdmission, Timestamp) {
        let mut filter = NackAdmission::new(Timestamp::ZERO);
        let now = Timestamp::from_millis(seconds * 1_000);
        for ms in (0..=seconds * 1_000).step_by(100) {
            filter.on_nack(Timestamp::from_millis(ms));
        }
        (filter, now)
    }

    #[test]
    fn drops_nothing_above_half_and_at_most_three_quarters() {
        let (filter, _) = refused_for(80);
        assert!(filter.accept_rate() > 0.5 && filter.drop_probability() <= 0.0);
        let (filter, _) = refused_for(90);
        assert!(filter.accept_rate() < 0.5 && filter.drop_probability() > 0.5);
        let (filter, _) = refused_for(3_600);
        assert!((filter.drop_probability() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn a_quiet_caller_is_not_dropped() {
        let (mut filter, mut now) = refused_for(3_600);
        let mut dice = SeededDice::new(3);
        for _ in 0..200 {
            now = now.saturating_add(Micros::from_millis(300));
            assert!(filter.admits(now, &mut dice));
        }
        let admitted = (0..4_000).filter(|_| filter.admits(now, &mut dice)).count();
        assert!((900..1_100).contains(&admitted), "{admitted}");
    }

    #[test]
    fn recovers_with_accepts_even_on_a_standing_clock() {
        let (mut filter, now) = refused_for(600);
        for _ in 0..200_000 {
            filter.on_accept(now);
        }
        assert!(filter.accept_rate() > 0.7);
    }
}

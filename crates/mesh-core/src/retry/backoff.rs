//! Time between two attempts: an exponential window with full jitter, in whole microseconds.
//!
//! Full jitter (uniform from zero) spreads clients best, and integer microseconds keep it for
//! bases of whole seconds.

use crate::{dice::Dice, time::Micros};

/// Full-jitter exponential backoff: uniform in `[0, min(base * 2^n, max))` before retry `n`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryBackoff {
    /// Window before the first retry; default 25 ms, 0 = retry at once.
    pub base: Micros,
    /// Largest window; default 250 ms.
    pub max: Micros,
}

impl RetryBackoff {
    /// Envoy's router default: 25 ms, at most ten times that.
    pub const DEFAULT: Self = Self { base: Micros::from_millis(25), max: Micros::from_millis(250) };

    /// The window before retry `retry`, counted from 0.
    #[must_use]
    pub fn window(&self, retry: u8) -> Micros {
        self.base.saturating_doubled(retry).min(self.max)
    }

    /// The delay that `random` bits give before retry `retry`, counted from 0: below the window.
    #[must_use]
    pub fn delay_from(&self, retry: u8, random: u64) -> Micros {
        Micros(random.checked_rem(self.window(retry).0).unwrap_or(0))
    }

    /// Draws the delay before retry `retry`, counted from 0.
    pub fn delay(&self, retry: u8, dice: &mut impl Dice) -> Micros {
        self.delay_from(retry, dice.roll())
    }
}

impl Default for RetryBackoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// `least` and up to half of it on top: for a time the server asked for, which must not be
/// undercut and which all its clients were told at once.
#[must_use]
pub fn jittered_from(least: Micros, random: u64) -> Micros {
    least.saturating_add(Micros(random.checked_rem(least.0 / 2).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn envoy_full_jitter_vectors() {
        let cases: [(u64, u64, u64, &[u64]); 3] = [
            (25, 30, 27, &[2, 27]),
            (5, 100, 9_999, &[4, 9, 19, 39, 79, 99, 99]),
            (25, 250, 190, &[15, 40, 90]),
        ];
        for (base, max, random, expected) in cases {
            let backoff = RetryBackoff { base: Micros(base), max: Micros(max) };
            for (retry, value) in expected.iter().enumerate() {
                assert_eq!(backoff.delay_from(retry as u8, random), Micros(*value));
            }
        }
    }

    #[test]
    fn envoy_lower_bound_vectors() {
        assert_eq!(jittered_from(Micros(500), 22), Micros(522));
        assert_eq!(jittered_from(Micros(500), 9_999), Micros(749));
        // Retry-After of 2 s and 5 s, in milliseconds
        assert_eq!(jittered_from(Micros(2_000), 190), Micros(2_190));
        assert_eq!(jittered_from(Micros(5_000), 2_190), Micros(7_190));
        assert_eq!(jittered_from(Micros(1), 77), Micros(1));
        assert_eq!(jittered_from(Micros::ZERO, 77), Micros::ZERO);
    }

    #[test]
    fn whole_second_bases_do_get_jitter() {
        let mut dice = SeededDice::new(5);
        for base_s in [1, 2, 10] {
            let backoff = RetryBackoff { base: Micros::from_secs(base_s), max: Micros::MAX };
            let odd = (0..1_000)
                .filter(|_| !backoff.delay(0, &mut dice).0.is_multiple_of(1_000_000))
                .count();
            assert!(odd > 990, "{base_s} s: {odd}");
        }
    }

    #[test]
    fn edges_of_the_window() {
        let backoff = RetryBackoff { base: Micros(3), max: Micros::MAX };
        assert_eq!(backoff.window(62), Micros(3 << 62));
        assert_eq!(backoff.window(63), Micros::MAX);
        assert_eq!(backoff.window(255), Micros::MAX);
        let top = RetryBackoff { base: Micros(1 << 63), max: Micros::MAX };
        assert_eq!(top.window(0), Micros(1 << 63));
        assert_eq!(top.window(1), Micros::MAX);
        let off = RetryBackoff { base: Micros::ZERO, max: Micros::MAX };
        assert_eq!(off.delay_from(200, 12_345), Micros::ZERO);
        let none = RetryBackoff { base: Micros(25), max: Micros::ZERO };
        assert_eq!(none.delay_from(0, 12_345), Micros::ZERO);
    }

    proptest! {
        #[test]
        fn stays_below_the_exact_window(base: u64, max: u64, retry: u8, random: u64) {
            let backoff = RetryBackoff { base: Micros(base), max: Micros(max) };
            let exact = (u128::from(base) << retry.min(64)).min(u128::from(max));
            prop_assert_eq!(u128::from(backoff.window(retry).0), exact);
            prop_assert!(u128::from(backoff.delay_from(retry, random).0) < exact.max(1));
        }
    }
}

//! Slow start: an endpoint that just became healthy gets a growing share of its weight.
//!
//! The straight ramp needs no power function and is what the engine links; the curved ramp is a
//! function of its own. Under a clock that stands still the share stays where it is.

use crate::{balance::float, time::Micros};

/// The least share: 10 %, so that a fresh endpoint is exercised at all.
pub const SHARE_MIN: f64 = 0.1;

/// The least age counted: 1 ms, so that a ratio exists at age zero.
const AGE_MIN: Micros = Micros::from_millis(1);

/// The share of its weight at `age` since it became healthy, rising straight over `window`.
///
/// Between `share_min` and 1; 1 at the end of the window, after it, and where `window` is zero.
#[must_use]
pub fn factor(age: Micros, window: Micros, share_min: f64) -> f64 {
    match progress(age, window) {
        Some(progress) => progress.max(share_min).min(1.0),
        None => 1.0,
    }
}

/// As [`factor`], bent by `aggression`: above 1 rises early, below 1 late. An `aggression` of 0 or
/// less, or NaN, is taken for 1.
#[must_use]
pub fn factor_curved(age: Micros, window: Micros, share_min: f64, aggression: f64) -> f64 {
    let bend = if aggression > 0.0 { 1.0 / aggression } else { 1.0 };
    match progress(age, window) {
        Some(progress) => float::exp_neg(-float::ln(progress) * bend).max(share_min).min(1.0),
        None => 1.0,
    }
}

/// How far through the window, above 0 and below 1; `None` outside it.
fn progress(age: Micros, window: Micros) -> Option<f64> {
    let age = age.max(AGE_MIN);
    (age < window).then(|| age.as_secs_f64() / window.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use core::f64::consts::FRAC_1_SQRT_2;

    use proptest::prelude::*;

    use super::*;

    const WINDOW: Micros = Micros::from_secs(60);

    fn assert_close(ours: f64, want: f64) {
        assert!((ours - want).abs() < 1e-4, "{ours} {want}");
    }

    #[test]
    fn vectors_aggression_1() {
        for (seconds, want) in [(6, 0.1), (15, 0.25), (30, 0.5)] {
            assert_close(factor(Micros::from_secs(seconds), WINDOW, SHARE_MIN), want);
            assert_close(factor_curved(Micros::from_secs(seconds), WINDOW, SHARE_MIN, 1.0), want);
        }
    }

    #[test]
    fn vectors_aggression_2() {
        assert_close(factor_curved(Micros::from_secs(15), WINDOW, SHARE_MIN, 2.0), 0.5);
        assert_close(factor_curved(Micros::from_secs(30), WINDOW, SHARE_MIN, 2.0), FRAC_1_SQRT_2);
    }

    #[test]
    fn vectors_aggression_one_half() {
        assert_close(factor_curved(Micros::from_secs(30), WINDOW, SHARE_MIN, 0.5), 0.25);
    }

    #[test]
    fn edges() {
        assert_close(factor(Micros::ZERO, WINDOW, SHARE_MIN), 0.1);
        assert_close(factor(WINDOW, WINDOW, SHARE_MIN), 1.0);
        assert_close(factor(Micros::ZERO, Micros::ZERO, SHARE_MIN), 1.0);
        assert_close(factor(Micros::ZERO, WINDOW, 7.0), 1.0);
        assert_close(factor_curved(Micros::from_secs(30), WINDOW, SHARE_MIN, 0.0), 0.5);
        assert_close(factor_curved(Micros::from_secs(30), WINDOW, SHARE_MIN, f64::NAN), 0.5);
    }

    #[test]
    fn a_frozen_clock_holds_the_share() {
        let share = factor(Micros::ZERO, WINDOW, SHARE_MIN);
        for _ in 0..100 {
            assert_close(factor(Micros::ZERO, WINDOW, SHARE_MIN), share);
        }
    }

    proptest! {
        #[test]
        fn rises_and_stays_within_its_bounds(
            age in 0u64..100_000_000,
            more in 0u64..100_000_000,
            aggression in 0.01f64..100.0,
        ) {
            let early = factor_curved(Micros(age), WINDOW, SHARE_MIN, aggression);
            let late = factor_curved(Micros(age + more), WINDOW, SHARE_MIN, aggression);
            prop_assert!(early <= late + 1e-7 && (SHARE_MIN..=1.0).contains(&early));
        }
    }
}

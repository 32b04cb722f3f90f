//! Random spans of time.

use mesh_core::{dice::Dice, time::Micros};

/// An exponential span with a mean of `mean_s` seconds: the gap between two arrivals of a Poisson
/// process, or a service time without memory. Rounded to the nearest microsecond.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 37 means, never below zero, and the cast saturates"
)]
pub fn exponential(dice: &mut impl Dice, mean_s: f64) -> Micros {
    Micros((-(1.0 - dice.unit()).ln() * mean_s * 1e6).round() as u64)
}

/// The constant span of `seconds`, likewise.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of what is below zero or too large saturates"
)]
pub fn seconds(seconds: f64) -> Micros {
    Micros((seconds * 1e6).round() as u64)
}

#[cfg(test)]
mod tests {
    use mesh_core::dice::SeededDice;

    use super::*;

    #[test]
    fn the_mean_and_the_share_above_it_are_those_of_an_exponential() {
        let mut dice = SeededDice::new(1);
        let spans: Vec<f64> =
            (0..100_000).map(|_| exponential(&mut dice, 0.02).as_secs_f64()).collect();
        let mean = spans.iter().sum::<f64>() / 100_000.0;
        assert!((mean / 0.02 - 1.0).abs() < 0.01, "{mean}");
        let above = spans.iter().filter(|span| **span > 0.02).count();
        assert!((36_000..37_600).contains(&above), "{above} of 100000 is not 1/e");
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(0.0125), Micros(12_500));
    }
}

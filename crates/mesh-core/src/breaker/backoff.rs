//! How long a breaker stays Open: doubling from `min` to `max`, with jitter on top.
//!
//! All in whole microseconds, so a base of whole seconds gets its jitter like any other.

use crate::{dice::Dice, time::Micros};

/// The open time of the breaker as a function of how often it was opened in a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpenBackoff {
    /// First open time.
    pub min: Micros,
    /// Longest open time, jitter included; below `min` it counts as `min`.
    pub max: Micros,
    /// Largest jitter as a share of the open time, in permille; 0 = none.
    pub jitter_permille: u16,
}

impl OpenBackoff {
    /// The open time without jitter after `level` failed rounds of probing: `min * 2^level`,
    /// capped at `max`.
    #[must_use]
    pub fn base(&self, level: u8) -> Micros {
        self.min.saturating_doubled(level).min(self.max.max(self.min))
    }

    /// Draws the open time: `base` plus a uniform part of `jitter`, never above `max`.
    pub fn delay(&self, level: u8, dice: &mut impl Dice) -> Micros {
        let base = self.base(level);
        let room = self.max.max(self.min).saturating_sub(base);
        let jitter = base.saturating_mul(u64::from(self.jitter_permille)).0 / 1_000;
        base.saturating_add(Micros(dice.below_u64(jitter.min(room.0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    const DEFAULT: OpenBackoff =
        OpenBackoff { min: Micros::from_secs(1), max: Micros::from_secs(60), jitter_permille: 500 };

    #[test]
    fn bounds_of_each_level() {
        let table = [
            (0, 1_000, 1_500),
            (1, 2_000, 3_000),
            (2, 4_000, 6_000),
            (3, 8_000, 12_000),
            (4, 16_000, 24_000),
            (5, 32_000, 48_000),
            (6, 60_000, 60_000),
            (7, 60_000, 60_000),
            (63, 60_000, 60_000),
            (64, 60_000, 60_000),
            (255, 60_000, 60_000),
        ];
        let mut dice = SeededDice::new(7);
        for (level, low_ms, high_ms) in table {
            let (low, high) = (Micros::from_millis(low_ms), Micros::from_millis(high_ms));
            let draws: alloc::vec::Vec<Micros> =
                (0..2_000).map(|_| DEFAULT.delay(level, &mut dice)).collect();
            assert!(draws.iter().all(|d| *d >= low && *d <= high), "level {level}");
            // the draws fill the range, they do not sit on one end of it
            let (least, most) = (draws.iter().min().unwrap(), draws.iter().max().unwrap());
            assert!(most.0 - least.0 >= (high.0 - low.0) / 10 * 9, "level {level}");
        }
    }

    #[test]
    fn whole_second_bases_do_get_jitter() {
        let mut dice = SeededDice::new(11);
        for (min_s, jitter_permille) in [(1, 500), (1, 1_000), (2, 400)] {
            let backoff =
                OpenBackoff { min: Micros::from_secs(min_s), max: Micros::MAX, jitter_permille };
            let jittered = (0..1_000)
                .filter(|_| backoff.delay(0, &mut dice) > Micros::from_secs(min_s))
                .count();
            assert!(jittered > 990, "{min_s} s with {jitter_permille} permille: {jittered}");
        }
    }

    #[test]
    fn the_edges_neither_overflow_nor_invert() {
        let mut dice = SeededDice::new(3);
        let inverted = OpenBackoff { min: Micros(50), max: Micros(10), jitter_permille: 1_000 };
        assert_eq!(inverted.delay(9, &mut dice), Micros(50));
        let endless = OpenBackoff { min: Micros::MAX, max: Micros::MAX, jitter_permille: u16::MAX };
        assert_eq!(endless.delay(255, &mut dice), Micros::MAX);
        let nothing =
            OpenBackoff { min: Micros::ZERO, max: Micros::from_secs(1), jitter_permille: 500 };
        assert_eq!(nothing.delay(200, &mut dice), Micros::ZERO);
    }
}

//! gRPC's own retry rules (proposal A6) where they differ: pushback and a narrower jitter.

use crate::{dice::Dice, time::Micros};

/// Most attempts that gRPC allows; larger values count as this.
pub const GRPC_ATTEMPTS_MAX: u8 = 5;

/// Longest pushback that is honoured, as for `Retry-After`.
const PUSHBACK_MAX: Micros = Micros::from_secs(300);

/// What `grpc-retry-pushback-ms` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "wait, or do not retry")]
pub enum Pushback {
    /// Retry after exactly this; the backoff starts over afterwards. At most 300 s.
    After(Micros),
    /// Do not retry: the value was negative or no number.
    Stop,
}

impl Pushback {
    /// Reads the header's value.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        let digits = value.trim_ascii();
        if digits.is_empty() || digits.len() > 10 || !digits.iter().all(u8::is_ascii_digit) {
            return Self::Stop;
        }
        let ms = digits.iter().fold(0u64, |sum, digit| {
            sum.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0')))
        });
        Self::After(Micros::from_millis(ms).min(PUSHBACK_MAX))
    }
}

/// `min(initial * multiplier^n, max)`, times a uniform factor from 0.8 to 1.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GrpcBackoff {
    /// Delay before the first retry, without jitter.
    pub initial: Micros,
    /// Longest delay, without jitter.
    pub max: Micros,
    /// Growth per retry, in permille; 1600 is usual. Below 1000 counts as 1000.
    pub multiplier_permille: u16,
}

impl GrpcBackoff {
    /// The delay before retry `retry`, counted from 0, without jitter.
    #[must_use]
    pub fn base(&self, retry: u8) -> Micros {
        let mut delay = self.initial.min(self.max);
        for _ in 0..retry.min(GRPC_ATTEMPTS_MAX) {
            let grown = delay.saturating_mul(u64::from(self.multiplier_permille.max(1_000)));
            delay = Micros(grown.0 / 1_000).min(self.max);
        }
        delay
    }

    /// Draws the delay before retry `retry`, counted from 0.
    pub fn delay(&self, retry: u8, dice: &mut impl Dice) -> Micros {
        let base = self.base(retry);
        let fifth = base.0 / 5;
        let spread = dice.below_u64(fifth.saturating_mul(2).saturating_add(1));
        base.saturating_sub(Micros(fifth)).saturating_add(Micros(spread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn pushback_is_exact_or_stops() {
        for (value, expected) in [
            (&b"0"[..], Pushback::After(Micros::ZERO)),
            (b"1500", Pushback::After(Micros::from_millis(1_500))),
            (b"9999999999", Pushback::After(PUSHBACK_MAX)),
            (b"-1", Pushback::Stop),
            (b"", Pushback::Stop),
            (b"soon", Pushback::Stop),
            (b"99999999999", Pushback::Stop),
        ] {
            assert_eq!(Pushback::parse(value), expected, "{value:?}");
        }
    }

    #[test]
    fn delays_lie_within_a_fifth_of_the_base() {
        let backoff = GrpcBackoff {
            initial: Micros::from_millis(100),
            max: Micros::from_millis(300),
            multiplier_permille: 2_000,
        };
        let mut dice = SeededDice::new(8);
        for (retry, base_ms) in [(0, 100), (1, 200), (2, 300), (200, 300)] {
            assert_eq!(backoff.base(retry), Micros::from_millis(base_ms));
            for _ in 0..1_000 {
                let delay = backoff.delay(retry, &mut dice);
                assert!(delay >= Micros::from_millis(base_ms * 8 / 10), "{delay}");
                assert!(delay <= Micros::from_millis(base_ms * 12 / 10), "{delay}");
            }
        }
    }
}

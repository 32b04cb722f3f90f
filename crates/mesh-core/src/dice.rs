//! Randomness for routing decisions, handed in by the host and seedable.
//!
//! Never for keys, nonces or tokens: those come from the platform's generator, through another
//! trait in another crate, so that a routing die can never mint a secret.

/// A source of routing randomness.
pub trait Dice {
    /// The next 64 uniform bits.
    fn roll(&mut self) -> u64;

    /// A uniform number below `bound`; 0 where `bound` is 0.
    ///
    /// Widening multiplication: the bias is below 2^-32 and costs no loop.
    fn below(&mut self, bound: u32) -> u32 {
        let wide = (self.roll() >> 32).wrapping_mul(u64::from(bound));
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A uniform number below `bound`, for spans in microseconds; 0 where `bound` is 0.
    fn below_u64(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.roll()).wrapping_mul(u128::from(bound));
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A uniform float in `[0, 1)` with 53 random bits.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact in an f64")]
    fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / 9_007_199_254_740_992.0
    }
}

/// Splitmix64: one multiply-xor chain per roll, equal for equal seeds on every host.
#[derive(Clone, Debug)]
pub struct SeededDice {
    state: u64,
}

impl SeededDice {
    /// Dice that replay the same rolls for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }
}

impl Dice for SeededDice {
    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_reference_rolls() {
        let mut dice = SeededDice::new(1_234_567);
        assert_eq!(dice.roll(), 6_457_827_717_110_365_317);
        assert_eq!(dice.roll(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn stays_below_its_bound_at_the_edges() {
        let mut dice = SeededDice::new(1);
        for bound in [0u32, 1, 2, 3, 10_000, u32::MAX] {
            for _ in 0..100 {
                assert!(dice.below(bound) < bound.max(1));
                assert!(dice.below_u64(u64::from(bound)) < u64::from(bound.max(1)));
            }
        }
        let unit = dice.unit();
        assert!((0.0..1.0).contains(&unit));
    }
}

//! gRPC's retry throttle (proposal A6): a token per failure, a fraction back per success.
//!
//! No clock: a service that fails more often than it succeeds stops being retried, and is retried
//! again once successes have paid for it. Counted in thousandths, as the proposal asks.

/// Largest number of tokens; the proposal allows up to 1000.
const TOKENS_MAX: u16 = 1_000;

/// How fast the throttle closes and opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryThrottleConfig {
    /// Tokens at the start and at most; default 10, at most 1000.
    pub max_tokens: u16,
    /// Thousandths of a token that a success gives back; default 100.
    pub ratio_permille: u16,
}

impl RetryThrottleConfig {
    /// Ten tokens, a tenth back.
    pub const DEFAULT: Self = Self { max_tokens: 10, ratio_permille: 100 };

    fn full(&self) -> u32 {
        u32::from(self.max_tokens.min(TOKENS_MAX)).saturating_mul(1_000)
    }
}

impl Default for RetryThrottleConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The throttle of one service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryThrottle {
    /// Thousandths of a token.
    tokens: u32,
}

impl RetryThrottle {
    /// A full throttle.
    #[must_use]
    pub fn new(config: &RetryThrottleConfig) -> Self {
        Self { tokens: config.full() }
    }

    /// A retryable failure, or a server that asked not to be retried: one token less.
    pub fn on_failure(&mut self) {
        self.tokens = self.tokens.saturating_sub(1_000);
    }

    /// A success: a fraction of a token back.
    pub fn on_success(&mut self, config: &RetryThrottleConfig) {
        let more = self.tokens.saturating_add(u32::from(config.ratio_permille));
        self.tokens = more.min(config.full());
    }

    /// True while retries and hedges may be sent: above half of the tokens.
    #[must_use]
    pub fn may_retry(&self, config: &RetryThrottleConfig) -> bool {
        self.tokens > config.full() / 2
    }

    /// Thousandths of a token left.
    #[must_use]
    pub const fn tokens_permille(&self) -> u32 {
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_a6_vectors() {
        let config = RetryThrottleConfig::DEFAULT;
        for (failures, successes, tokens, may_retry) in [
            (5, 0, 5_000, false),
            (4, 0, 6_000, true),
            (5, 1, 5_100, true),
            (20, 0, 0, false),
            (20, 51, 5_100, true),
        ] {
            let mut throttle = RetryThrottle::new(&config);
            for _ in 0..failures {
                throttle.on_failure();
            }
            for _ in 0..successes {
                throttle.on_success(&config);
            }
            assert_eq!(throttle.tokens_permille(), tokens);
            assert_eq!(throttle.may_retry(&config), may_retry);
        }
    }

    #[test]
    fn never_holds_more_than_its_maximum() {
        let config = RetryThrottleConfig { max_tokens: u16::MAX, ratio_permille: u16::MAX };
        let mut throttle = RetryThrottle::new(&config);
        throttle.on_success(&config);
        assert_eq!(throttle.tokens_permille(), 1_000_000);
    }
}

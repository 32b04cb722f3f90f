//! Additive increase, multiplicative decrease: one more while it goes well, a tenth less on a drop.

use super::{Sample, whole};
use crate::time::Micros;

/// Settings of [`Aimd`]; Netflix's names and defaults.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AimdConfig {
    /// Limit at the start; default 20.
    pub initial: u32,
    /// Lowest limit; default 20.
    pub min: u32,
    /// Highest limit; default 200.
    pub max: u32,
    /// What a drop leaves of the limit, in permille; default 900.
    pub backoff_permille: u16,
    /// A latency above this is a drop; default 5 s, 0 = off.
    pub timeout: Micros,
}

impl AimdConfig {
    /// Netflix's defaults.
    pub const DEFAULT: Self = Self {
        initial: 20,
        min: 20,
        max: 200,
        backoff_permille: 900,
        timeout: Micros::from_secs(5),
    };
}

impl Default for AimdConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The limiter; integer only.
#[derive(Clone, Debug)]
pub struct Aimd {
    config: AimdConfig,
    limit: u32,
}

impl Aimd {
    /// A limiter at its initial limit.
    #[must_use]
    pub fn new(config: AimdConfig) -> Self {
        Self { config, limit: config.initial.max(1) }
    }

    /// Requests that may be in flight.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Learns one sample; says the new limit.
    pub fn on_sample(&mut self, sample: &Sample) -> u32 {
        let timeout = self.config.timeout;
        let dropped = sample.dropped || (!timeout.is_zero() && sample.latency > timeout);
        if dropped {
            let kept = f64::from(self.config.backoff_permille.min(1_000)) / 1_000.0;
            self.limit = whole(f64::from(self.limit) * kept);
        } else if sample.in_flight.saturating_mul(2) >= self.limit {
            // a limit that is not used has not been shown to hold
            self.limit = self.limit.saturating_add(1);
        }
        self.limit = self.limit.min(self.config.max).max(self.config.min).max(1);
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(latency_ms: u64, in_flight: u32, dropped: bool) -> Sample {
        Sample { latency: Micros::from_millis(latency_ms), in_flight, dropped }
    }

    #[test]
    fn netflix_vectors() {
        let default = AimdConfig::DEFAULT;
        for (config, taught, limit) in [
            (default, sample(1, 10, false), 21),
            (AimdConfig { initial: 30, ..default }, sample(0, 0, true), 27),
            (AimdConfig { initial: 21, max: 21, ..default }, sample(1, 10, false), 21),
        ] {
            assert_eq!(Aimd::new(config).on_sample(&taught), limit);
        }
    }

    #[test]
    fn an_unused_limit_does_not_grow_and_a_timeout_is_a_drop() {
        let mut aimd = Aimd::new(AimdConfig { initial: 100, ..AimdConfig::DEFAULT });
        assert_eq!(aimd.on_sample(&sample(1, 49, false)), 100);
        assert_eq!(aimd.on_sample(&sample(5_001, 100, false)), 90);
        for _ in 0..100 {
            aimd.on_sample(&sample(1, 0, true));
        }
        assert_eq!(aimd.limit(), 20);
    }
}

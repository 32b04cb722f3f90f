//! Netflix's Vegas: estimates the queue from the best latency seen and steers it between two marks.

use super::{Sample, whole};
use crate::{dice::Dice, time::Micros};

/// Marks of the queue, in logarithms of the limit: below the first grow, above the second shrink.
const ALPHA: f64 = 3.0;
const BETA: f64 = 6.0;

/// By how much the limit shrinks when the queue is too long or a request was dropped.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum VegasDecrease {
    /// By the logarithm of the limit; the default.
    #[default]
    Logarithm,
    /// To half of the limit.
    Half,
}

/// Settings of [`Vegas`]; Netflix's names and defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VegasConfig {
    /// Limit at the start; default 20.
    pub initial: u32,
    /// Highest limit; default 1000. The lowest is 1.
    pub max: u32,
    /// Weight of a new limit against the old one; default 1.0 = no smoothing.
    pub smoothing: f64,
    /// The best latency is measured anew after about this many limits' worth of samples;
    /// default 30, 0 = never.
    pub probe_multiplier: u32,
    /// How the limit shrinks.
    pub decrease: VegasDecrease,
}

impl VegasConfig {
    /// Netflix's defaults.
    pub const DEFAULT: Self = Self {
        initial: 20,
        max: 1_000,
        smoothing: 1.0,
        probe_multiplier: 30,
        decrease: VegasDecrease::Logarithm,
    };
}

impl Default for VegasConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The limiter.
#[derive(Clone, Debug)]
pub struct Vegas {
    config: VegasConfig,
    limit: f64,
    /// Best latency seen; zero = none yet.
    no_load: Micros,
    since_probe: u32,
    /// Share of the probe distance that is used, 0.5 to 1: isolates must not probe together.
    probe_jitter: f64,
}

impl Vegas {
    /// A limiter at its initial limit.
    pub fn new(config: VegasConfig, dice: &mut impl Dice) -> Self {
        let limit = f64::from(config.initial.max(1));
        let probe_jitter = 0.5 + dice.unit() / 2.0;
        Self { config, limit, no_load: Micros::ZERO, since_probe: 0, probe_jitter }
    }

    /// Requests that may be in flight.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        whole(self.limit)
    }

    /// Learns one sample; says the new limit. A latency of zero teaches only a drop.
    pub fn on_sample(&mut self, sample: &Sample, dice: &mut impl Dice) -> u32 {
        if sample.latency.is_zero() && !sample.dropped {
            return self.limit();
        }
        self.since_probe = self.since_probe.saturating_add(1);
        let distance = self.probe_jitter * f64::from(self.config.probe_multiplier) * self.limit;
        let probe = self.config.probe_multiplier > 0 && f64::from(self.since_probe) >= distance;
        if probe {
            self.probe_jitter = 0.5 + dice.unit() / 2.0;
            self.since_probe = 0;
        }
        if !sample.latency.is_zero()
            && (probe || self.no_load.is_zero() || sample.latency < self.no_load)
        {
            self.no_load = sample.latency;
            return self.limit();
        }
        if let Some(wanted) = self.wanted(sample) {
            let wanted = wanted.min(f64::from(self.config.max)).max(1.0);
            let smoothing = self.config.smoothing;
            self.limit = (1.0 - smoothing) * self.limit + smoothing * wanted;
        }
        self.limit()
    }

    /// The limit that a sample asks for, before smoothing; `None` = as it is.
    fn wanted(&self, sample: &Sample) -> Option<f64> {
        let step = libm::floor(libm::log10(libm::floor(self.limit))).max(1.0);
        let shrunk = match self.config.decrease {
            VegasDecrease::Logarithm => self.limit - step,
            VegasDecrease::Half => self.limit / 2.0,
        };
        if sample.dropped {
            return Some(shrunk);
        }
        if f64::from(sample.in_flight) * 2.0 < self.limit {
            return None;
        }
        let unloaded = self.no_load.as_secs_f64() / sample.latency.as_secs_f64();
        let queue = libm::ceil(self.limit * (1.0 - unloaded));
        if queue <= step {
            Some(self.limit + BETA * step)
        } else if queue < ALPHA * step {
            Some(self.limit + step)
        } else if queue > BETA * step {
            Some(shrunk)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    fn check(config: VegasConfig, samples: &[(u64, u32, u32)]) {
        let mut dice = SeededDice::new(4);
        let mut vegas = Vegas::new(config, &mut dice);
        for (latency_ms, in_flight, limit) in samples {
            let latency = Micros::from_millis(*latency_ms);
            let sample = Sample { latency, in_flight: *in_flight, dropped: false };
            assert_eq!(vegas.on_sample(&sample, &mut dice), *limit, "{samples:?}");
        }
    }

    #[test]
    fn netflix_vectors() {
        let small = VegasConfig { initial: 10, max: 20, ..VegasConfig::DEFAULT };
        check(small, &[(10, 10, 10), (10, 11, 16)]);
        check(small, &[(10, 10, 10), (50, 11, 9)]);
        check(small, &[(10, 10, 10), (14, 14, 10)]);
        let large = VegasConfig { initial: 10_000, max: 20_000, ..VegasConfig::DEFAULT };
        check(large, &[(10_000, 5_000, 10_000), (10_000, 6_000, 10_024)]);
        let halving = VegasConfig {
            initial: 100,
            max: 200,
            decrease: VegasDecrease::Half,
            ..VegasConfig::DEFAULT
        };
        let smooth = VegasConfig { smoothing: 0.5, ..halving };
        check(smooth, &[(10, 100, 100), (20, 100, 75), (20, 100, 56)]);
        check(halving, &[(10, 100, 100), (20, 100, 50), (20, 100, 25)]);
    }

    #[test]
    fn a_drop_shrinks_even_without_a_latency_and_never_below_one() {
        let mut dice = SeededDice::new(4);
        let mut vegas = Vegas::new(VegasConfig::DEFAULT, &mut dice);
        let drop = Sample { latency: Micros::ZERO, in_flight: 20, dropped: true };
        assert_eq!(vegas.on_sample(&drop, &mut dice), 19);
        for _ in 0..100 {
            vegas.on_sample(&drop, &mut dice);
        }
        assert_eq!(vegas.limit(), 1);
        let unknown = Sample { dropped: false, ..drop };
        assert_eq!(vegas.on_sample(&unknown, &mut dice), 1);
    }

    #[test]
    fn measures_the_best_latency_anew_after_a_while() {
        let mut dice = SeededDice::new(4);
        let config = VegasConfig { initial: 10, max: 10, ..VegasConfig::DEFAULT };
        let mut vegas = Vegas::new(config, &mut dice);
        let at = |ms| Sample { latency: Micros::from_millis(ms), in_flight: 1, dropped: false };
        vegas.on_sample(&at(10), &mut dice);
        for _ in 0..300 {
            vegas.on_sample(&at(40), &mut dice);
        }
        assert_eq!(vegas.no_load, Micros::from_millis(40));
    }
}

//! Netflix's Gradient2: compares the latency now with its long average, without ever probing.

use super::{Sample, whole};

/// Samples of plain mean before the long average becomes exponential.
const WARMUP_SAMPLES: u32 = 10;
/// A long average more than twice the latest latency drifts down by a twentieth per sample, so
/// that a past overload is forgotten.
const DRIFT_RATIO: f64 = 2.0;
const DRIFT_FACTOR: f64 = 0.95;

/// Settings of [`Gradient2`]; Netflix's names and defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient2Config {
    /// Limit at the start; default 20.
    pub initial: u32,
    /// Lowest limit; default 20.
    pub min: u32,
    /// Highest limit; default 200.
    pub max: u32,
    /// Weight of a new limit against the old one; default 0.2, 1.0 = no smoothing.
    pub smoothing: f64,
    /// Requests that may queue on top; default 4.
    pub queue: u32,
    /// Samples in the long average; default 600.
    pub long_window: u32,
    /// How much above the average latency may rise before the limit falls; default 1.5.
    pub tolerance: f64,
}

impl Gradient2Config {
    /// Netflix's defaults.
    pub const DEFAULT: Self = Self {
        initial: 20,
        min: 20,
        max: 200,
        smoothing: 0.2,
        queue: 4,
        long_window: 600,
        tolerance: 1.5,
    };
}

impl Default for Gradient2Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The limiter.
#[derive(Clone, Debug)]
pub struct Gradient2 {
    config: Gradient2Config,
    limit: f64,
    /// Long average of the latency in seconds.
    long: f64,
    /// Sum of the first samples.
    warmup: f64,
    samples: u32,
}

impl Gradient2 {
    /// A limiter at its initial limit.
    #[must_use]
    pub fn new(config: Gradient2Config) -> Self {
        let limit = f64::from(config.initial.max(1));
        Self { config, limit, long: 0.0, warmup: 0.0, samples: 0 }
    }

    /// Begins at another limit, within its bounds, such as one that others learned; nothing once it has
    /// learned one itself.
    pub fn begin_at(&mut self, limit: u32) {
        if self.learned() == 0 {
            let Gradient2Config { min, max, .. } = self.config;
            self.limit = f64::from(limit.min(max).max(min).max(1));
        }
    }

    /// The limit, where enough samples taught it; 0 before.
    #[must_use]
    pub const fn learned(&self) -> u32 {
        if self.samples < WARMUP_SAMPLES { 0 } else { self.limit() }
    }

    /// Its settings.
    #[must_use]
    pub const fn config(&self) -> &Gradient2Config {
        &self.config
    }

    /// Requests that may be in flight.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        whole(self.limit)
    }

    /// Learns one sample; says the new limit. A latency of zero teaches nothing.
    pub fn on_sample(&mut self, sample: &Sample) -> u32 {
        if sample.latency.is_zero() {
            return self.limit();
        }
        let short = sample.latency.as_secs_f64();
        self.average(short);
        if self.long / short > DRIFT_RATIO {
            self.long *= DRIFT_FACTOR;
        }
        // an unused limit has not been shown to hold
        if f64::from(sample.in_flight) < self.limit / 2.0 {
            return self.limit();
        }
        let config = &self.config;
        let gradient = (config.tolerance * self.long / short).clamp(0.5, 1.0);
        let wanted = self.limit * gradient + f64::from(config.queue);
        let smoothed = self.limit * (1.0 - config.smoothing) + wanted * config.smoothing;
        let min = f64::from(config.min.max(1));
        self.limit = smoothed.min(f64::from(config.max)).max(min);
        self.limit()
    }

    fn average(&mut self, short: f64) {
        if self.samples < WARMUP_SAMPLES {
            self.samples = self.samples.saturating_add(1);
            self.warmup += short;
            self.long = self.warmup / f64::from(self.samples);
        } else {
            let factor = 2.0 / (f64::from(self.config.long_window) + 1.0);
            self.long = self.long * (1.0 - factor) + short * factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Micros;

    fn sample(latency_ms: u64, in_flight: u32) -> Sample {
        Sample { latency: Micros::from_millis(latency_ms), in_flight, dropped: false }
    }

    #[test]
    fn a_steady_latency_lets_the_limit_grow_by_a_fifth_of_the_queue() {
        let mut limiter = Gradient2::new(Gradient2Config::DEFAULT);
        // gradient 1: 20 * .8 + 24 * .2 = 20.8, then 21.6, 22.4
        let limits: [u32; 3] = [(); 3].map(|()| limiter.on_sample(&sample(10, 100)));
        assert_eq!(limits, [20, 21, 22]);
        for _ in 0..1_000 {
            limiter.on_sample(&sample(10, 1_000));
        }
        assert_eq!(limiter.limit(), 200);
    }

    #[test]
    fn a_risen_latency_lowers_the_limit_by_the_gradient() {
        let config = Gradient2Config { initial: 100, smoothing: 1.0, ..Gradient2Config::DEFAULT };
        let mut limiter = Gradient2::new(config);
        assert_eq!(limiter.on_sample(&sample(10, 100)), 104);
        // mean (10 + 50) / 2 = 30; 1.5 * 30 / 50 = .9; 104 * .9 + 4 = 97.6
        assert_eq!(limiter.on_sample(&sample(50, 104)), 97);
        // mean 160 / 3; 1.5 * 53.3 / 100 = .8; 97.6 * .8 + 4 = 82.08
        assert_eq!(limiter.on_sample(&sample(100, 98)), 82);
        // the gradient stops at one half: 82.08 / 2 + 4 = 45.04
        assert_eq!(limiter.on_sample(&sample(10_000, 98)), 45);
    }

    #[test]
    fn an_unused_limit_and_an_unknown_latency_change_nothing() {
        let config = Gradient2Config { initial: 100, ..Gradient2Config::DEFAULT };
        let mut limiter = Gradient2::new(config);
        assert_eq!(limiter.on_sample(&sample(10, 49)), 100);
        assert_eq!(limiter.on_sample(&sample(0, 100)), 100);
        assert_eq!(limiter.on_sample(&sample(10, 50)), 100);
    }

    #[test]
    fn the_long_average_drifts_down_after_an_overload() {
        let mut limiter = Gradient2::new(Gradient2Config::DEFAULT);
        for _ in 0..50 {
            limiter.on_sample(&sample(1_000, 20));
        }
        let high = limiter.long;
        for _ in 0..50 {
            limiter.on_sample(&sample(10, 20));
        }
        assert!(limiter.long < high * 0.1, "{}", limiter.long);
    }

    #[test]
    fn begins_where_others_are_and_keeps_what_it_learned() {
        let mut limiter = Gradient2::new(Gradient2Config::DEFAULT);
        for (hint, limit) in [(90, 90), (5, 20), (1_000, 200), (0, 20), (80, 80)] {
            limiter.begin_at(hint);
            assert_eq!((limiter.limit(), limiter.learned()), (limit, 0));
        }
        for _ in 0..WARMUP_SAMPLES {
            limiter.on_sample(&sample(10, 80));
        }
        let learned = limiter.learned();
        assert!(learned > 80, "{learned}");
        limiter.begin_at(30);
        assert_eq!(limiter.learned(), learned);
    }

    #[test]
    fn stays_within_its_bounds() {
        let mut limiter = Gradient2::new(Gradient2Config::DEFAULT);
        for i in 0..10_000u64 {
            let limit = limiter.on_sample(&sample(1 + i * 7_919 % 10_007, 500));
            assert!((20..=200).contains(&limit));
        }
    }
}

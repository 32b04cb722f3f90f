//! Envoy's gradient controller: measures the latency without load now and then, and follows the
//! ratio of it to the latency now.
//!
//! While it measures, the limit is pinned to the minimum; prefer
//! [`Gradient2`](super::gradient2::Gradient2) where that costs requests.

use alloc::vec::Vec;

use super::whole;
use crate::{
    dice::Dice,
    time::{Micros, Timestamp},
};

/// Samples kept per window; beyond it a random one is replaced, so the median stays honest.
const SAMPLES_MAX: usize = 256;
/// Updates in a row at the lowest limit before the latency without load is measured anew.
const FLOOR_UPDATES_MAX: u8 = 5;

/// Settings of [`Gradient`]; Envoy's names and defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientConfig {
    /// Lowest limit, and the limit while measuring; default 3.
    pub min: u32,
    /// Highest limit; default 1000.
    pub max: u32,
    /// Time between two updates of the limit; default 100 ms.
    pub update_interval: Micros,
    /// Time between two measurements of the latency without load; default 60 s.
    pub min_rtt_interval: Micros,
    /// Largest random part on top of that, in permille of it; default 150.
    pub jitter_permille: u16,
    /// Requests that make a measurement; default 50.
    pub min_rtt_requests: u16,
    /// How much above the latency without load is still fine; default 0.25.
    pub buffer: f64,
}

impl GradientConfig {
    /// Envoy's defaults.
    pub const DEFAULT: Self = Self {
        min: 3,
        max: 1_000,
        update_interval: Micros::from_millis(100),
        min_rtt_interval: Micros::from_secs(60),
        jitter_permille: 150,
        min_rtt_requests: 50,
        buffer: 0.25,
    };
}

impl Default for GradientConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The ratio of the latency without load (and its buffer) to the latency now, from 0.5 to 2.
#[must_use]
pub fn gradient(min_rtt: Micros, sample: Micros, buffer: f64) -> f64 {
    if sample.is_zero() {
        // unknown: keep what there is
        return 1.0;
    }
    (min_rtt.as_secs_f64() * (1.0 + buffer) / sample.as_secs_f64()).clamp(0.5, 2.0)
}

/// The limit after an update: scaled by the gradient, and its square root on top as headroom.
#[must_use]
pub fn next_limit(limit: u32, gradient: f64, config: &GradientConfig) -> u32 {
    let scaled = f64::from(limit) * gradient;
    whole(scaled + libm::sqrt(scaled)).min(config.max).max(config.min).max(1)
}

/// What the samples of the running window are for.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Measuring the latency without load; what started before `epoch` does not count.
    Measuring { epoch: Timestamp },
    /// Following the latency; the limit is next moved at `update_at`.
    Following { update_at: Timestamp },
}

/// The limiter; at most 2 KiB of samples.
#[derive(Clone, Debug)]
pub struct Gradient {
    config: GradientConfig,
    phase: Phase,
    limit: u32,
    /// The limit before measuring, to go on from.
    limit_before: u32,
    min_rtt: Micros,
    measure_at: Timestamp,
    /// Start of the current following phase: earlier requests ran beside another limit.
    following_since: Timestamp,
    floor_updates: u8,
    seen: u32,
    samples: Vec<Micros>,
}

impl Gradient {
    /// A limiter that begins by measuring.
    #[must_use]
    pub fn new(config: GradientConfig, now: Timestamp) -> Self {
        let limit = config.min.max(1);
        Self {
            config,
            phase: Phase::Measuring { epoch: now },
            limit,
            limit_before: limit,
            min_rtt: Micros::ZERO,
            measure_at: now,
            following_since: now,
            floor_updates: 0,
            seen: 0,
            samples: Vec::new(),
        }
    }

    /// Requests that may be in flight.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// The latency without load; zero before the first measurement.
    #[must_use]
    pub const fn min_rtt(&self) -> Micros {
        self.min_rtt
    }

    /// True while the limit is pinned to the minimum.
    #[must_use]
    pub const fn is_measuring(&self) -> bool {
        matches!(self.phase, Phase::Measuring { .. })
    }

    /// Learns from a request that started at `started` and took `latency`; says the new limit.
    pub fn on_sample(
        &mut self,
        started: Timestamp,
        latency: Micros,
        now: Timestamp,
        dice: &mut impl Dice,
    ) -> u32 {
        if latency.is_zero() {
            return self.limit;
        }
        match self.phase {
            Phase::Measuring { epoch } => {
                if started >= epoch {
                    self.keep(latency, dice);
                    if self.seen >= u32::from(self.config.min_rtt_requests.max(1)) {
                        self.end_measurement(now, dice);
                    }
                }
            }
            Phase::Following { update_at } => {
                if started >= self.following_since {
                    self.keep(latency, dice);
                }
                if now >= update_at && !self.samples.is_empty() {
                    self.update(now);
                }
                if now >= self.measure_at || self.floor_updates >= FLOOR_UPDATES_MAX {
                    self.begin_measurement(now);
                }
            }
        }
        self.limit
    }

    fn update(&mut self, now: Timestamp) {
        let ratio = gradient(self.min_rtt, self.take_median(), self.config.buffer);
        self.limit = next_limit(self.limit, ratio, &self.config);
        let at_floor = self.limit <= self.config.min;
        self.floor_updates = if at_floor { self.floor_updates.saturating_add(1) } else { 0 };
        let update_at = now.saturating_add(self.config.update_interval);
        self.phase = Phase::Following { update_at };
    }

    fn begin_measurement(&mut self, now: Timestamp) {
        self.forget();
        self.limit_before = self.limit;
        self.limit = self.config.min.max(1);
        self.phase = Phase::Measuring { epoch: now };
    }

    fn end_measurement(&mut self, now: Timestamp, dice: &mut impl Dice) {
        self.min_rtt = self.take_median();
        self.limit = self.limit_before;
        self.floor_updates = 0;
        self.following_since = now;
        self.phase =
            Phase::Following { update_at: now.saturating_add(self.config.update_interval) };
        let interval = self.config.min_rtt_interval;
        let jitter = interval.saturating_mul(u64::from(self.config.jitter_permille)).0 / 1_000;
        let wait = interval.saturating_add(Micros(dice.below_u64(jitter)));
        self.measure_at = now.saturating_add(wait);
    }

    /// Keeps a uniform choice of the window's latencies.
    fn keep(&mut self, latency: Micros, dice: &mut impl Dice) {
        self.seen = self.seen.saturating_add(1);
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(latency);
        } else if let Ok(at) = usize::try_from(dice.below(self.seen))
            && let Some(kept) = self.samples.get_mut(at)
        {
            *kept = latency;
        }
    }

    fn take_median(&mut self) -> Micros {
        self.samples.sort_unstable();
        let median = self.samples.get(self.samples.len() / 2).copied().unwrap_or(Micros::ZERO);
        self.forget();
        median
    }

    fn forget(&mut self) {
        self.samples.clear();
        self.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn envoy_vectors() {
        for (limit, min_rtt_us, sample_us, ratio, next) in [
            (3, 10_000, 10_000, 1.25, 5),
            (100, 10_000, 10_000, 1.25, 136),
            (100, 10_000, 12_500, 1.0, 110),
            (100, 10_000, 20_000, 0.625, 70),
            (100, 10_000, 50_000, 0.5, 57),
            (100, 20_000, 10_000, 2.0, 214),
        ] {
            let computed = gradient(Micros(min_rtt_us), Micros(sample_us), 0.25);
            assert!((computed - ratio).abs() < 1e-9, "{computed}");
            assert_eq!(next_limit(limit, computed, &GradientConfig::DEFAULT), next);
        }
        assert_eq!(next_limit(1, 0.5, &GradientConfig::DEFAULT), 3);
        assert_eq!(next_limit(5_000, 2.0, &GradientConfig::DEFAULT), 1_000);
    }

    /// One request after the other, each with this latency.
    fn serve(limiter: &mut Gradient, now: &mut Timestamp, ms: u64, requests: u32) {
        let mut dice = SeededDice::new(6);
        for _ in 0..requests {
            let started = *now;
            *now = now.saturating_add(Micros::from_millis(ms));
            limiter.on_sample(started, Micros::from_millis(ms), *now, &mut dice);
        }
    }

    #[test]
    fn measures_first_then_grows_while_latency_holds() {
        let mut now = Timestamp::from_millis(1_000);
        let mut limiter = Gradient::new(GradientConfig::DEFAULT, now);
        serve(&mut limiter, &mut now, 10, 49);
        assert!(limiter.is_measuring());
        serve(&mut limiter, &mut now, 10, 1);
        assert_eq!((limiter.is_measuring(), limiter.min_rtt()), (false, Micros::from_millis(10)));
        serve(&mut limiter, &mut now, 10, 10);
        assert_eq!(limiter.limit(), 5);
        serve(&mut limiter, &mut now, 10, 300);
        assert!(limiter.limit() > 500, "{}", limiter.limit());
    }

    #[test]
    fn five_updates_at_the_floor_measure_anew() {
        let mut now = Timestamp::from_millis(1_000);
        let mut limiter = Gradient::new(GradientConfig::DEFAULT, now);
        serve(&mut limiter, &mut now, 10, 50);
        // 3 * .5 + sqrt(1.5) = 2.7, so it stays at the floor
        serve(&mut limiter, &mut now, 200, 4);
        assert!(!limiter.is_measuring());
        serve(&mut limiter, &mut now, 200, 1);
        assert!(limiter.is_measuring());
    }

    #[test]
    fn measures_anew_after_the_interval_and_goes_on_from_the_limit_before() {
        let mut now = Timestamp::from_millis(1_000);
        let mut limiter = Gradient::new(GradientConfig::DEFAULT, now);
        serve(&mut limiter, &mut now, 10, 550);
        let before = limiter.limit();
        assert!(before > 100);
        now = now.saturating_add(Micros::from_secs(70));
        serve(&mut limiter, &mut now, 10, 1);
        assert_eq!((limiter.is_measuring(), limiter.limit()), (true, 3));
        // a request from before the epoch does not count
        let mut dice = SeededDice::new(6);
        limiter.on_sample(Timestamp::ZERO, Micros::from_secs(70), now, &mut dice);
        serve(&mut limiter, &mut now, 20, 50);
        assert_eq!(limiter.min_rtt(), Micros::from_millis(20));
        assert!(limiter.limit() >= before);
    }

    #[test]
    fn samples_are_bounded_and_a_standing_clock_teaches_nothing() {
        let mut limiter = Gradient::new(
            GradientConfig { min_rtt_requests: u16::MAX, ..GradientConfig::DEFAULT },
            Timestamp::ZERO,
        );
        let mut dice = SeededDice::new(6);
        for _ in 0..5_000 {
            limiter.on_sample(Timestamp::ZERO, Micros(7), Timestamp::ZERO, &mut dice);
            limiter.on_sample(Timestamp::ZERO, Micros::ZERO, Timestamp::ZERO, &mut dice);
        }
        assert_eq!((limiter.samples.len(), limiter.seen), (SAMPLES_MAX, 5_000));
    }
}

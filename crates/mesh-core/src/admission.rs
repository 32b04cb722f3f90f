//! Turning requests away at the caller, with a probability that grows as the callee fails.
//!
//! Three rules of the field over two-counter windows: Envoy's admission control, the client-side
//! throttle of Google's SRE book, and Finagle's nack admission filter. Each is a plain function of
//! counts beside the small state that keeps them.

pub mod nack;

use crate::{
    dice::Dice,
    ring,
    time::{Micros, Timestamp},
};

/// Buckets of a tally's window.
const BUCKETS: u8 = 10;

/// Requests and successes of one bucket or of a whole window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Requests that were made.
    pub requests: u32,
    /// Those that were accepted, or succeeded.
    pub accepts: u32,
}

/// Counts over a sliding window of ten buckets.
#[derive(Clone, Debug)]
pub struct Tally {
    span: Micros,
    anchor: Timestamp,
    buckets: [Counts; BUCKETS as usize],
    head: u8,
}

impl Tally {
    /// An empty window of length `span`; Envoy's default is 30 s, the SRE book's 2 min.
    #[must_use]
    pub const fn new(span: Micros) -> Self {
        Self {
            span,
            anchor: Timestamp::ZERO,
            buckets: [Counts { requests: 0, accepts: 0 }; BUCKETS as usize],
            head: 0,
        }
    }

    /// Counts one request; `accepts` is 1 where it was accepted or succeeded, else 0.
    fn record(&mut self, accepts: u32, now: Timestamp) {
        self.rotate(now);
        if let Some(bucket) = self.buckets.get_mut(usize::from(self.head)) {
            bucket.requests = bucket.requests.saturating_add(1);
            bucket.accepts = bucket.accepts.saturating_add(accepts);
        }
    }

    /// Counts a request that was accepted, or succeeded.
    pub fn on_accept(&mut self, now: Timestamp) {
        self.record(1, now);
    }

    /// Counts a request that was refused, or failed.
    pub fn on_reject(&mut self, now: Timestamp) {
        self.record(0, now);
    }

    /// What lies in the window that ends at `now`.
    pub fn counts(&mut self, now: Timestamp) -> Counts {
        self.rotate(now);
        self.buckets.iter().fold(Counts::default(), |sum, bucket| Counts {
            requests: sum.requests.saturating_add(bucket.requests),
            accepts: sum.accepts.saturating_add(bucket.accepts),
        })
    }

    fn rotate(&mut self, now: Timestamp) {
        for _ in 0..ring::advance(&mut self.anchor, self.span, BUCKETS, now) {
            self.head = ring::next(self.head, BUCKETS);
            if let Some(bucket) = self.buckets.get_mut(usize::from(self.head)) {
                *bucket = Counts::default();
            }
        }
    }
}

/// Settings of Envoy's admission control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdmissionConfig {
    /// Length of the window; default 30 s.
    pub window: Micros,
    /// Share of successes above which nothing is turned away; default 0.95.
    pub success_threshold: f64,
    /// How steeply the probability grows; default 1.0 = linear, above 1 earlier.
    pub aggression: f64,
    /// Requests per second below which nothing is turned away; default 0.
    pub rps_min: u32,
    /// Highest probability; default 0.8.
    pub probability_max: f64,
}

impl AdmissionConfig {
    /// Envoy's defaults.
    pub const DEFAULT: Self = Self {
        window: Micros::from_secs(30),
        success_threshold: 0.95,
        aggression: 1.0,
        rps_min: 0,
        probability_max: 0.8,
    };

    /// The probability of turning a request away after `counts`.
    ///
    /// `((n - successes / threshold) / (n + 1)) ^ (1 / aggression)`, from 0 to `probability_max`.
    #[must_use]
    pub fn reject_probability(&self, counts: Counts) -> f64 {
        let requests = f64::from(counts.requests);
        let owed = requests - f64::from(counts.accepts) / self.success_threshold.max(0.01);
        if owed <= 0.0 {
            return 0.0;
        }
        let linear = owed / (requests + 1.0);
        libm::pow(linear, 1.0 / self.aggression.max(1.0)).min(self.probability_max)
    }
}

impl Default for AdmissionConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Envoy's admission control of one callee.
#[derive(Clone, Debug)]
pub struct AdmissionControl {
    config: AdmissionConfig,
    tally: Tally,
}

impl AdmissionControl {
    /// Control that has seen nothing and admits everything.
    #[must_use]
    pub const fn new(config: AdmissionConfig) -> Self {
        Self { config, tally: Tally::new(config.window) }
    }

    /// Where results are told. A request that was turned away is not counted.
    pub const fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Decides about one request.
    pub fn admits(&mut self, now: Timestamp, dice: &mut impl Dice) -> bool {
        let counts = self.tally.counts(now);
        let seconds = self.config.window.as_secs_f64();
        if f64::from(counts.requests) < f64::from(self.config.rps_min) * seconds {
            return true;
        }
        dice.unit() >= self.config.reject_probability(counts)
    }
}

/// The SRE book's client throttle: `max(0, (requests - k * accepts) / (requests + 1))`.
///
/// `requests` counts what the client wanted to send, turned away or not; `k` is 2 by default: about
/// one refusal of the callee for each accept. Over a window of 2 min.
#[must_use]
pub fn throttle_probability(counts: Counts, k: f64) -> f64 {
    let requests = f64::from(counts.requests);
    ((requests - k * f64::from(counts.accepts)) / (requests + 1.0)).max(0.0)
}

#[cfg(test)]
mod tests;

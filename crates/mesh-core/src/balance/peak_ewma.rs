//! Peak EWMA: a latency estimate that jumps to a peak at once and forgets it slowly.
//!
//! Decays lazily on read, so there is no timer. Under a clock that stands still a peak still
//! counts, a lower sample changes nothing, and a round trip of zero is "unknown" and is ignored:
//! it never pulls the estimate down. A failure is recorded as a penalty, never as its own latency,
//! so that an endpoint that fails fast attracts no traffic.

use crate::{
    balance::float,
    time::{Micros, Timestamp},
};

/// Time in which the estimate decays to 1/e: 10 s, the default of the meshes that use it; long
/// enough to bridge the gaps between one isolate's few requests.
pub const TAU: Micros = Micros::from_secs(10);

/// What an endpoint nobody has tried is taken for: 30 ms, near the median of a remote call.
pub const SEED: Micros = Micros::from_millis(30);

/// The least seed: below 1 ms an untried endpoint would win against every measured one.
pub const SEED_MIN: Micros = Micros::from_millis(1);

/// What a failure is recorded as at least: 5 s, longer than any healthy answer.
pub const PENALTY: Micros = Micros::from_secs(5);

/// The longest `Retry-After` believed: 300 s; more would exile an endpoint by one header.
pub const HINT_MAX: Micros = Micros::from_secs(300);

/// The least estimate that enters a cost, in µs: so that pending requests count even on an
/// endpoint whose estimate has decayed to nothing.
const COST_FLOOR_US: f64 = 1.0;

/// The latency estimate of one endpoint; 16 bytes.
///
/// ```
/// use mesh_core::{balance::peak_ewma::{PeakEwma, SEED}, time::{Micros, Timestamp}};
///
/// let mut latency = PeakEwma::new(SEED);
/// latency.record(Micros::from_millis(80), Timestamp::from_millis(1_000));
/// assert!(latency.estimate(Timestamp::from_millis(1_000)) > 79_999.0);
/// assert!(latency.estimate(Timestamp::from_millis(11_000)) < 30_000.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakEwma {
    /// The estimate in µs as of `last`.
    estimate_us: f64,
    /// When the estimate was last moved; [`Timestamp::ZERO`] while the seed waits for a clock.
    last: Timestamp,
}

impl PeakEwma {
    /// Starts from `seed` (at least [`SEED_MIN`]), which holds until the first sample or
    /// [`start`](Self::start): a constructor may run where there is no clock yet.
    #[must_use]
    pub const fn new(seed: Micros) -> Self {
        let seed = if seed.0 < SEED_MIN.0 { SEED_MIN } else { seed };
        Self { estimate_us: as_f64(seed), last: Timestamp::ZERO }
    }

    /// Lets the seed decay from `now` on, if nothing was recorded yet; otherwise does nothing.
    ///
    /// Called at the first pick that considers the endpoint. A seed that never decays would keep
    /// an untried endpoint behind a faster one for ever.
    pub const fn start(&mut self, now: Timestamp) {
        if self.last.as_micros() == 0 {
            self.last = now;
        }
    }

    /// Records the round trip of a request that did not fail (or was dropped or cancelled).
    ///
    /// Zero is "unknown" and ignored, as is a sample older than the last one. At the very same
    /// moment as the last one, only a higher sample has effect.
    pub fn record(&mut self, rtt: Micros, now: Timestamp) {
        if rtt.is_zero() || now < self.last {
            return;
        }
        let rtt_us = as_f64(rtt);
        if rtt_us > self.estimate_us {
            self.estimate_us = rtt_us;
        } else if self.last > Timestamp::ZERO {
            let keep = decay(now.saturating_since(self.last));
            self.estimate_us = self.estimate_us * keep + rtt_us * (1.0 - keep);
        }
        self.last = now;
    }

    /// Records a failure as the greatest of `penalty`, `hint` (at most [`HINT_MAX`]) and the
    /// present estimate.
    ///
    /// `hint` is a `Retry-After` or a gRPC pushback, to be passed only where the answer's status
    /// gives it meaning (429, 503, gRPC 8 and 14).
    pub fn record_failure(&mut self, penalty: Micros, hint: Option<Micros>, now: Timestamp) {
        let hint = hint.unwrap_or(Micros::ZERO).min(HINT_MAX);
        let present = micros(self.estimate(now));
        self.record(penalty.max(hint).max(present), now);
    }

    /// The estimate in µs at `now`, decayed since the last sample.
    #[must_use]
    pub fn estimate(&self, now: Timestamp) -> f64 {
        if self.last == Timestamp::ZERO {
            return self.estimate_us;
        }
        let elapsed = now.saturating_since(self.last);
        if elapsed.is_zero() {
            return self.estimate_us;
        }
        self.estimate_us * decay(elapsed)
    }

    /// The cost of one more request in µs: the estimate times the requests it would wait among.
    #[must_use]
    #[inline(always)]
    pub fn cost(&self, pending: u32, now: Timestamp) -> f64 {
        self.estimate(now).max(COST_FLOOR_US) * (f64::from(pending) + 1.0)
    }
}

impl Default for PeakEwma {
    /// Starts from [`SEED`].
    fn default() -> Self {
        Self::new(SEED)
    }
}

/// The share of an estimate left after `elapsed`: 1 at zero, 1/e at [`TAU`].
fn decay(elapsed: Micros) -> f64 {
    if elapsed.is_zero() {
        return 1.0;
    }
    float::exp_neg(as_f64(elapsed) * (1.0 / as_f64(TAU)))
}

#[expect(clippy::cast_precision_loss, reason = "285 years of microseconds are exact")]
const fn as_f64(span: Micros) -> f64 {
    span.0 as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate is not negative, and the cast saturates"
)]
const fn micros(us: f64) -> Micros {
    Micros(us as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: Timestamp = Timestamp::from_millis(1_000_000);

    fn at(seconds: u64) -> Timestamp {
        T0.saturating_add(Micros::from_secs(seconds))
    }

    fn recorded(rtt: Micros) -> PeakEwma {
        let mut ewma = PeakEwma::new(SEED_MIN);
        ewma.record(rtt, T0);
        ewma
    }

    fn assert_secs(us: f64, seconds: f64) {
        assert!((us / 1e6 - seconds).abs() < 1e-4, "{us} µs is not {seconds} s");
    }

    #[test]
    fn vector_estimate_1_sample_05_after_1_s() {
        let mut ewma = recorded(Micros::from_secs(1));
        ewma.record(Micros::from_millis(50), at(1));
        assert_secs(ewma.estimate(at(1)), 0.9096);
    }

    #[test]
    fn vector_estimate_1_sample_05_after_10_s() {
        let mut ewma = recorded(Micros::from_secs(1));
        ewma.record(Micros::from_millis(50), at(10));
        assert_secs(ewma.estimate(at(10)), 0.3995);
    }

    #[test]
    fn vector_a_peak_is_taken_at_once() {
        let mut ewma = recorded(Micros::from_millis(50));
        ewma.record(Micros::from_millis(300), at(1));
        assert_secs(ewma.estimate(at(1)), 0.3);
    }

    #[test]
    fn vector_30_samples_of_05_one_second_apart_from_1() {
        let mut ewma = recorded(Micros::from_secs(1));
        for second in 1..=30 {
            ewma.record(Micros::from_millis(50), at(second));
        }
        assert_secs(ewma.estimate(at(30)), 0.0973);
    }

    #[test]
    fn a_failure_is_recorded_as_its_penalty_hint_or_the_estimate() {
        let mut fast = recorded(Micros::from_millis(1));
        fast.record_failure(PENALTY, None, at(1));
        assert_secs(fast.estimate(at(1)), 5.0);

        let mut hinted = recorded(Micros::from_millis(1));
        hinted.record_failure(PENALTY, Some(Micros::from_secs(20)), at(1));
        assert_secs(hinted.estimate(at(1)), 20.0);

        let mut greedy = recorded(Micros::from_millis(1));
        greedy.record_failure(PENALTY, Some(Micros::from_secs(86_400)), at(1));
        assert_secs(greedy.estimate(at(1)), 300.0);

        let mut slow = recorded(Micros::from_secs(60));
        slow.record_failure(PENALTY, None, T0);
        assert_secs(slow.estimate(T0), 60.0);
    }

    #[test]
    fn a_frozen_clock_keeps_the_estimate_and_still_sees_peaks_and_failures() {
        let mut ewma = recorded(Micros::from_millis(50));
        for _ in 0..1_000 {
            ewma.record(Micros::from_millis(1), T0);
            ewma.record(Micros::ZERO, T0);
        }
        assert_secs(ewma.estimate(T0), 0.05);
        ewma.record_failure(PENALTY, None, T0);
        assert_secs(ewma.estimate(T0), 5.0);
    }

    #[test]
    fn an_unknown_round_trip_never_pulls_to_zero() {
        let mut ewma = recorded(Micros::from_millis(50));
        ewma.record(Micros::ZERO, at(100));
        assert_eq!(ewma, recorded(Micros::from_millis(50)));
    }

    #[test]
    fn an_older_sample_is_ignored() {
        let mut ewma = recorded(Micros::from_millis(50));
        ewma.record(Micros::from_secs(9), Timestamp::from_millis(1));
        assert_eq!(ewma, recorded(Micros::from_millis(50)));
    }

    #[test]
    fn a_seed_holds_without_a_clock_and_decays_once_started() {
        let mut ewma = PeakEwma::default();
        assert_secs(ewma.estimate(at(1_000)), 0.03);
        ewma.start(T0);
        ewma.start(at(5));
        assert_secs(ewma.estimate(at(10)), 0.03 * (-1.0f64).exp());
        assert!(PeakEwma::new(Micros::ZERO).estimate(T0) >= 1_000.0);
    }

    #[test]
    fn pending_requests_count_on_a_decayed_estimate() {
        let ewma = recorded(Micros::from_millis(1));
        let long_after = at(1_000_000);
        assert!(ewma.cost(5, long_after) > ewma.cost(4, long_after));
    }

    proptest! {
        #[test]
        fn stays_finite_and_between_the_extremes(
            samples in proptest::collection::vec((any::<u64>(), 0u64..20_000_000), 1..64),
        ) {
            let mut now = T0;
            let mut ewma = PeakEwma::default();
            let mut peak = as_f64(SEED);
            for (rtt, step) in samples {
                now = now.saturating_add(Micros(step));
                ewma.record(Micros(rtt), now);
                peak = peak.max(as_f64(Micros(rtt)));
                let estimate = ewma.estimate(now);
                prop_assert!(estimate.is_finite() && (0.0..=peak).contains(&estimate));
            }
        }
    }
}

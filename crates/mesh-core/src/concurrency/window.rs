//! Gathers requests into one sample per window, so that a limiter moves at a steady pace.

use super::Sample;
use crate::time::{Micros, Timestamp};

/// Shortest time that a sample covers.
const SPAN: Micros = Micros::from_secs(1);
/// Fewest requests that make a sample.
const REQUESTS_MIN: u32 = 10;

/// Adds up requests until a second has passed and ten have finished.
#[derive(Clone, Debug, Default)]
pub struct SampleWindow {
    started: Timestamp,
    latency_sum: Micros,
    latencies: u32,
    requests: u32,
    in_flight_max: u32,
    dropped: bool,
}

impl SampleWindow {
    /// A window that starts at `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { started: now, ..Self::default() }
    }

    /// Adds one request; gives the window's sample when it is full.
    ///
    /// The sample has the mean of the known latencies, the largest number in flight, and is a drop
    /// where any request was.
    pub fn on_sample(&mut self, sample: &Sample, now: Timestamp) -> Option<Sample> {
        self.requests = self.requests.saturating_add(1);
        self.in_flight_max = self.in_flight_max.max(sample.in_flight);
        self.dropped |= sample.dropped;
        if !sample.latency.is_zero() {
            self.latencies = self.latencies.saturating_add(1);
            self.latency_sum = self.latency_sum.saturating_add(sample.latency);
        }
        if self.requests < REQUESTS_MIN || now.saturating_since(self.started) < SPAN {
            return None;
        }
        let mean = self.latency_sum.0.checked_div(u64::from(self.latencies)).unwrap_or(0);
        let full =
            Sample { latency: Micros(mean), in_flight: self.in_flight_max, dropped: self.dropped };
        *self = Self::new(now);
        Some(full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ms: u64, in_flight: u32) -> Sample {
        Sample { latency: Micros::from_millis(ms), in_flight, dropped: false }
    }

    #[test]
    fn a_sample_needs_a_second_and_ten_requests() {
        let mut window = SampleWindow::new(Timestamp::ZERO);
        let later = Timestamp::from_millis(1_000);
        for _ in 0..50 {
            assert_eq!(window.on_sample(&sample(10, 3), Timestamp::ZERO), None);
        }
        assert_eq!(window.on_sample(&sample(61, 9), later), Some(sample(11, 9)));
        for _ in 0..9 {
            assert_eq!(window.on_sample(&sample(5, 1), Timestamp::from_millis(9_000)), None);
        }
        let dropped = Sample { dropped: true, ..sample(0, 1) };
        let full = window.on_sample(&dropped, Timestamp::from_millis(9_000));
        assert_eq!(full, Some(Sample { dropped: true, ..sample(5, 1) }));
    }

    #[test]
    fn unknown_latencies_make_an_unknown_mean() {
        let mut window = SampleWindow::new(Timestamp::ZERO);
        let later = Timestamp::from_millis(2_000);
        let samples: alloc::vec::Vec<_> =
            (0..10).filter_map(|_| window.on_sample(&sample(0, 1), later)).collect();
        assert_eq!(samples, [sample(0, 1)]);
    }
}

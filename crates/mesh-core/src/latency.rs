//! A small histogram of latencies that forgets: what hedges wait for is a percentile of it.
//!
//! Four buckets to an octave, so a percentile is at most a fifth too high and never too low.

use crate::time::Micros;

/// The shortest latency that is told apart: 2^10 µs, about a millisecond.
const FIRST_OCTAVE: u32 = 10;
/// Four for each octave up to 2^26 µs, about a minute.
const BUCKETS: usize = 64;
/// Counts above this are halved, so that older latencies weigh less and less.
const COUNT_MAX: u32 = 512;
/// Fewer samples than this say nothing about a percentile.
const COUNT_MIN: u32 = 20;

/// Latencies of late, in 128 bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LatencyHistogram {
    buckets: [u16; BUCKETS],
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyHistogram {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { buckets: [0; BUCKETS] }
    }

    /// Adds one latency. Zero is unknown, as the clock may stand still, and adds nothing.
    pub fn record(&mut self, latency: Micros) {
        if latency.is_zero() {
            return;
        }
        if let Some(count) = self.buckets.get_mut(bucket(latency)) {
            *count = count.saturating_add(1);
        }
        if self.count() > COUNT_MAX {
            self.buckets.iter_mut().for_each(|count| *count /= 2);
        }
    }

    /// The latency that `percent` of the requests stayed below, rounded up to its bucket; `None`
    /// before 20 samples.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<Micros> {
        let count = self.count();
        if count < COUNT_MIN {
            return None;
        }
        let mut left = count.saturating_mul(percent.min(100).into()).div_ceil(100);
        for (at, &bucket) in (0u32..).zip(&self.buckets) {
            left = left.saturating_sub(bucket.into());
            if left == 0 {
                // the end of the bucket
                let quarters = u64::from(at % 4 + 5);
                return Some(Micros(quarters << (at / 4 + FIRST_OCTAVE - 2)));
            }
        }
        None
    }

    fn count(&self) -> u32 {
        self.buckets.iter().map(|&count| u32::from(count)).sum()
    }
}

/// The number of its bucket: octave, then quarter.
fn bucket(latency: Micros) -> usize {
    let micros = latency.0.max(1 << FIRST_OCTAVE);
    let octave = micros.ilog2();
    let quarter = (micros >> (octave - 2) & 3) as usize;
    let at = (octave - FIRST_OCTAVE) as usize * 4 + quarter;
    at.min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_samples_say_nothing_and_zero_is_none() {
        let mut histogram = LatencyHistogram::new();
        for _ in 0..100 {
            histogram.record(Micros::ZERO);
        }
        for _ in 0..19 {
            histogram.record(Micros::from_millis(5));
        }
        assert_eq!(histogram.percentile(95), None);
        histogram.record(Micros::from_millis(5));
        assert!(histogram.percentile(95).is_some());
    }

    #[test]
    fn it_follows_a_change() {
        let mut histogram = LatencyHistogram::new();
        for _ in 0..1_000 {
            histogram.record(Micros::from_millis(10));
        }
        for _ in 0..1_500 {
            histogram.record(Micros::from_millis(100));
        }
        let half = histogram.percentile(50).unwrap();
        assert!(half >= Micros::from_millis(100), "{half:?}");
    }

    proptest! {
        #[test]
        fn a_percentile_is_never_too_low_and_at_most_a_quarter_too_high(
            mut samples in proptest::collection::vec(1_100u64..30_000_000, 20..400),
            percent in 50u8..100,
        ) {
            let mut histogram = LatencyHistogram::new();
            for &sample in &samples {
                histogram.record(Micros(sample));
            }
            samples.sort_unstable();
            let rank = (samples.len() * usize::from(percent)).div_ceil(100) - 1;
            let exact = samples[rank];
            let found = histogram.percentile(percent).unwrap().0;
            prop_assert!(found >= exact, "{found} {exact}");
            prop_assert!(found <= exact + exact / 4 + 1, "{found} {exact}");
        }
    }
}

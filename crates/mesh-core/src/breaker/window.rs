//! What happened lately at one endpoint: ten buckets of small saturating counters.
//!
//! Rotated lazily by the time of the call. A window with no failure and no slow call in it is
//! known to be clean without adding anything up.

use crate::{
    ring,
    time::{Micros, Timestamp},
};

/// Buckets per window: an old result leaves the sum within a tenth of the window.
pub(super) const BUCKETS: u8 = 10;

/// Shortest window; below it a bucket would be shorter than the clock's millisecond.
pub(super) const SPAN_MIN: Micros = Micros::from_millis(10);

/// Counters of one bucket. A bucket that is full (65 535 results) counts no more, so its ratios
/// stay what they were.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    total: u16,
    failures: u16,
    slow: u16,
}

/// The sums over the whole window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) total: u32,
    pub(super) failures: u32,
    pub(super) slow: u32,
}

/// A ring of ten buckets.
#[derive(Clone, Debug)]
pub(super) struct Window {
    anchor: Timestamp,
    buckets: [Bucket; BUCKETS as usize],
    head: u8,
    /// Buckets to come until the last failure or slow call has left the ring; 0 = clean.
    tainted: u8,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self {
            anchor: Timestamp::ZERO,
            buckets: [Bucket { total: 0, failures: 0, slow: 0 }; BUCKETS as usize],
            head: 0,
            tainted: 0,
        }
    }

    /// Forgets every result; the phase of the buckets stays.
    pub(super) fn clear(&mut self) {
        self.buckets = [Bucket::default(); BUCKETS as usize];
        self.tainted = 0;
    }

    /// Counts one result at `now` in a window of `span`.
    pub(super) fn record(&mut self, failed: bool, slow: bool, span: Micros, now: Timestamp) {
        self.rotate(span, now);
        let Some(bucket) = self.buckets.get_mut(usize::from(self.head)) else { return };
        if bucket.total == u16::MAX {
            return;
        }
        bucket.total = bucket.total.saturating_add(1);
        if failed || slow {
            bucket.failures = bucket.failures.saturating_add(u16::from(failed));
            bucket.slow = bucket.slow.saturating_add(u16::from(slow));
            self.tainted = BUCKETS;
        }
    }

    /// True while no failure and no slow call lies in the window.
    pub(super) const fn is_clean(&self) -> bool {
        self.tainted == 0
    }

    /// Adds the buckets up; call after [`Window::record`] with the same time.
    pub(super) fn counts(&self) -> Counts {
        self.buckets.iter().fold(Counts::default(), |sum, bucket| Counts {
            total: sum.total.saturating_add(u32::from(bucket.total)),
            failures: sum.failures.saturating_add(u32::from(bucket.failures)),
            slow: sum.slow.saturating_add(u32::from(bucket.slow)),
        })
    }

    fn rotate(&mut self, span: Micros, now: Timestamp) {
        let steps = ring::advance(&mut self.anchor, span.max(SPAN_MIN), BUCKETS, now);
        for _ in 0..steps {
            self.head = ring::next(self.head, BUCKETS);
            if let Some(bucket) = self.buckets.get_mut(usize::from(self.head)) {
                *bucket = Bucket::default();
            }
        }
        self.tainted = self.tainted.saturating_sub(steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Micros = Micros::from_secs(10);

    #[test]
    fn an_old_bucket_leaves_after_ten_steps() {
        let mut window = Window::new();
        window.record(true, false, SPAN, Timestamp::from_millis(500));
        window.record(false, true, SPAN, Timestamp::from_millis(9_999));
        assert_eq!(window.counts(), Counts { total: 2, failures: 1, slow: 1 });
        window.record(false, false, SPAN, Timestamp::from_millis(10_000));
        assert_eq!(window.counts(), Counts { total: 2, failures: 0, slow: 1 });
        window.record(false, false, SPAN, Timestamp::from_millis(19_000));
        assert_eq!(window.counts(), Counts { total: 2, failures: 0, slow: 0 });
        assert!(window.is_clean());
    }

    #[test]
    fn a_full_bucket_keeps_its_ratio() {
        let mut window = Window::new();
        for i in 0..200_000u32 {
            window.record(i % 2 == 0, false, SPAN, Timestamp::ZERO);
        }
        let counts = window.counts();
        assert_eq!((counts.total, counts.failures), (65_535, 32_768));
    }

    #[test]
    fn a_window_below_the_minimum_is_ten_milliseconds() {
        let mut window = Window::new();
        window.record(true, false, Micros(1), Timestamp::ZERO);
        window.record(true, false, Micros(1), Timestamp::from_millis(9));
        assert_eq!(window.counts().total, 2);
        window.record(true, false, Micros(1), Timestamp::from_millis(10));
        assert_eq!(window.counts().total, 2);
    }
}

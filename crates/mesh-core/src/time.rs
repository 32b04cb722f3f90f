//! Time as the brain sees it: whole microseconds, handed in by the host.
//!
//! The brain never reads a clock. On Workers the clock stands still between I/O, so the same
//! [`Timestamp`] may be passed many times and an elapsed time of zero means "unknown": nothing
//! here divides by it and nothing asserts that time moved.

use core::fmt;

/// A moment in whole microseconds since an arbitrary start that the host chose once.
///
/// Only compare timestamps of one host. 2^53 µs (285 years) fit a JavaScript number exactly.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The host's arbitrary start.
    pub const ZERO: Self = Self(0);

    /// Makes a timestamp of `us` microseconds since the start.
    #[must_use]
    pub const fn from_micros(us: u64) -> Self {
        Self(us)
    }

    /// Makes a timestamp of `ms` milliseconds since the start; saturates.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Whole microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero where `earlier` is not earlier.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }

    /// This moment plus `span`; saturates at the end of time.
    #[must_use]
    pub const fn saturating_add(self, span: Micros) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// A span of time in whole microseconds.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Micros(pub u64);

impl Micros {
    /// No time at all; as a configured limit it means "off".
    pub const ZERO: Self = Self(0);
    /// Longer than any request lives.
    pub const MAX: Self = Self(u64::MAX);

    /// `ms` milliseconds; saturates.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// `s` seconds; saturates.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }

    /// Whole milliseconds, rounded up, so that a positive span never becomes "off".
    #[must_use]
    pub const fn as_millis_ceil(self) -> u64 {
        self.0.div_ceil(1_000)
    }

    /// True for [`Micros::ZERO`].
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Seconds as a float, for the exponential formulas; exact below 2^53 µs.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "285 years of microseconds are exact")]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The span shortened by `other`, not below zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The span lengthened by `other`; saturates.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `factor` spans of this length; saturates.
    #[must_use]
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// The span doubled `times` times; saturates.
    #[must_use]
    pub const fn saturating_doubled(self, times: u8) -> Self {
        let times = times as u32;
        if self.0.leading_zeros() >= times {
            // the zeros of a span of nothing are 64, and shifting nothing is nothing
            Self(self.0.wrapping_shl(times))
        } else if self.0 == 0 {
            self
        } else {
            Self::MAX
        }
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000_000) {
            write!(f, "{} s", self.0 / 1_000_000)
        } else if self.0.is_multiple_of(1_000) {
            write!(f, "{} ms", self.0 / 1_000)
        } else {
            write!(f, "{} us", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_stands_still_or_runs_backwards_is_zero_elapsed() {
        let t = Timestamp::from_millis(5);
        assert_eq!(t.saturating_since(t), Micros::ZERO);
        assert_eq!(Timestamp::ZERO.saturating_since(t), Micros::ZERO);
    }

    #[test]
    fn doubles_exactly_up_to_the_last_bit() {
        assert_eq!(Micros(3).saturating_doubled(61), Micros(3 << 61));
        assert_eq!(Micros(3).saturating_doubled(62), Micros(3 << 62));
        assert_eq!(Micros(3).saturating_doubled(63), Micros::MAX);
        assert_eq!(Micros(1 << 63).saturating_doubled(0), Micros(1 << 63));
        assert_eq!(Micros(1).saturating_doubled(63), Micros(1 << 63));
        assert_eq!(Micros(1).saturating_doubled(64), Micros::MAX);
        for times in [0, 63, 64, 255] {
            assert_eq!(Micros::ZERO.saturating_doubled(times), Micros::ZERO);
        }
    }

    #[test]
    fn rounds_a_short_span_up_to_a_whole_millisecond() {
        assert_eq!(Micros(1).as_millis_ceil(), 1);
        assert_eq!(Micros(1_000).as_millis_ceil(), 1);
        assert_eq!(Micros(1_001).as_millis_ceil(), 2);
    }
}

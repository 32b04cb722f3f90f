//! When a breaker opens, for how long, and who decides.
//!
//! Every value is legal: what is out of range is clamped where it is used.

use crate::time::Micros;

/// When the breaker of an endpoint opens, for how long, and how it probes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BreakerConfig {
    /// Failures in a row that open the breaker; default 7, 0 = off, counted up to 65 535.
    pub consecutive_failures: u32,
    /// Opens when the share of successes in the window falls below this, in permille;
    /// default 800, 0 = off.
    pub success_ratio_permille: u16,
    /// An answer that took at least this long is slow; default 0 = off.
    pub slow_call_after: Micros,
    /// Opens when the share of slow calls in the window reaches this, in permille;
    /// default 1000 = all of them.
    pub slow_call_ratio_permille: u16,
    /// Length of the sliding window; default 10 s, at least 10 ms.
    pub window: Micros,
    /// Results in the window before either ratio is believed; default 5.
    ///
    /// A window holds at most 655 350 results; above that number the ratios are off.
    pub min_requests: u32,
    /// First open time; default 1 s, doubled after each failed round of probing.
    pub open_min: Micros,
    /// Longest open time; default 60 s.
    pub open_max: Micros,
    /// Jitter on top of the open time, in permille of it; default 500.
    pub jitter_permille: u16,
    /// Probes in flight at once, and successes needed to close; default 1, 0 counts as 1.
    pub probes: u8,
}

impl BreakerConfig {
    /// The defaults of Linkerd's unified breaker.
    pub const DEFAULT: Self = Self {
        consecutive_failures: 7,
        success_ratio_permille: 800,
        slow_call_after: Micros::ZERO,
        slow_call_ratio_permille: 1_000,
        window: Micros::from_secs(10),
        min_requests: 5,
        open_min: Micros::from_secs(1),
        open_max: Micros::from_secs(60),
        jitter_permille: 500,
        probes: 1,
    };

    pub(super) fn probes_needed(&self) -> u8 {
        self.probes.max(1)
    }

    pub(super) fn is_slow(&self, latency: Micros) -> bool {
        !self.slow_call_after.is_zero() && latency >= self.slow_call_after
    }
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Who decides: the results, or a person.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "automatic, and the two manual positions")]
pub enum BreakerMode {
    /// Results open and close the breaker.
    #[default]
    Automatic,
    /// Open until told otherwise; no probes.
    ForceOpen,
    /// Closed until told otherwise; nothing is counted.
    Disabled,
}

impl BreakerMode {
    /// The mode of a Snapshot's number; an unknown one is automatic.
    #[must_use]
    pub const fn from_u8(number: u8) -> Self {
        match number {
            1 => Self::ForceOpen,
            2 => Self::Disabled,
            _ => Self::Automatic,
        }
    }
}

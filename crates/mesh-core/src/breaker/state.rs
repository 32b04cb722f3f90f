//! The states of a breaker and its moves between them.

use crate::time::Timestamp;

/// What the breaker does with traffic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the three textbook states")]
pub enum BreakerState {
    /// Lets traffic through and counts.
    Closed,
    /// Refuses traffic.
    Open {
        /// From this moment on the next attempt is admitted as a probe.
        until: Timestamp,
    },
    /// Admits probes only.
    HalfOpen {
        /// Probes that have started and not reported.
        in_flight: u8,
        /// Probes that have succeeded in this round.
        succeeded: u8,
        /// From this moment on a probe that has not reported no longer holds its slot.
        lease_until: Timestamp,
    },
}

/// Why the breaker moved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TransitionReason {
    /// Too many failures in a row.
    ConsecutiveFailures,
    /// Too small a share of successes in the window.
    LowSuccessRate,
    /// Too large a share of slow calls in the window.
    SlowCalls,
    /// The open time is over and a probe has started.
    OpenTimeOver,
    /// A probe failed, was rate limited, or was slow.
    ProbeFailed,
    /// Enough probes succeeded.
    ProbeSucceeded,
    /// [`Breaker::set_mode`](super::Breaker::set_mode) moved it.
    Forced,
}

impl TransitionReason {
    /// Every reason's name, in the order of their numbers.
    pub const NAMES: [&'static str; 7] = [
        "consecutive_failures",
        "low_success_rate",
        "slow_calls",
        "open_time_over",
        "probe_failed",
        "probe_succeeded",
        "forced",
    ];
}

/// One move of the breaker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transition {
    /// The state before.
    pub from: BreakerState,
    /// The state after.
    pub to: BreakerState,
    /// Why it moved.
    pub reason: TransitionReason,
}

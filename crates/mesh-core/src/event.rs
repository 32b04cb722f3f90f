//! What happened, told by value to a sink that the caller brings. The brain itself never logs.

use crate::{
    reason::{Denial, Reason},
    snapshot::tables::NONE,
    time::Timestamp,
};

/// One event. Numbers that do not apply are [`NONE`] or 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When, on the host's clock.
    pub at: Timestamp,
    /// The service.
    pub service: u32,
    /// The endpoint.
    pub endpoint: u32,
    /// Which attempt of its request, from 1.
    pub attempt: u8,
    /// See [`EventKind`].
    pub code: u8,
    /// See [`EventKind`].
    pub value: u64,
}

/// The kinds of events, and what `code` and `value` hold for each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[non_exhaustive]
pub enum EventKind {
    /// An attempt ended. `code`: a [`Reason`] number; `value`: microseconds.
    AttemptEnd,
    /// A request ended. `code`: a [`Reason`] number; `value`: microseconds.
    RequestEnd,
    /// A further attempt will be made. `value`: microseconds of wait before it.
    Retry,
    /// A further attempt was denied. `code`: a [`Denial`] number.
    RetryDenied,
    /// A breaker opened. `code`: a `breaker::TransitionReason` number.
    BreakerOpened,
    /// A breaker lets a probe through.
    BreakerHalfOpen,
    /// A breaker closed.
    BreakerClosed,
    /// Too few endpoints are ready, so all of them are used.
    Panic,
    /// An attempt's lease ran out: its isolate never reported.
    LeaseExpired,
    /// A Snapshot was taken into use. `value`: its version.
    SnapshotLoaded,
    /// A Snapshot was refused and the last good one kept. `code`: a `SnapshotError` number.
    SnapshotRefused,
    /// A copy of a request ended. `code`: a [`Reason`] number; `value`: microseconds.
    MirrorEnd,
    /// A request goes to its fallback. `code`: a [`Reason`] number, why.
    Fallback,
    /// The fallback had no good answer either, and the request's own stands. `code`: a [`Reason`]
    /// number, the fallback's.
    FallbackFailed,
    /// A second attempt was begun beside the first. `value`: microseconds that was waited.
    Hedge,
}

impl EventKind {
    /// Every kind's name, in the order of their numbers.
    pub const NAMES: [&'static str; 15] = [
        "attempt_end",
        "request_end",
        "retry",
        "retry_denied",
        "breaker_opened",
        "breaker_half_open",
        "breaker_closed",
        "panic",
        "lease_expired",
        "snapshot_loaded",
        "snapshot_refused",
        "mirror_end",
        "fallback",
        "fallback_failed",
        "hedge",
    ];
}

impl Event {
    /// An event about no service in particular.
    #[must_use]
    pub const fn new(kind: EventKind, at: Timestamp) -> Self {
        Self { kind, at, service: NONE, endpoint: NONE, attempt: 0, code: 0, value: 0 }
    }

    /// The reason, for the kinds that carry one.
    #[must_use]
    pub const fn with_reason(mut self, reason: Reason) -> Self {
        self.code = reason as u8;
        self
    }

    /// The denial of a retry.
    #[must_use]
    pub const fn with_denial(mut self, denial: Denial) -> Self {
        self.code = denial as u8;
        self
    }
}

/// Takes events as they happen.
pub trait EventSink {
    /// Takes one event. Called inside a decision: it must be quick and must not call back.
    fn event(&mut self, event: Event);
}

/// Drops them.
impl EventSink for () {
    fn event(&mut self, _event: Event) {}
}

/// Keeps them all, for tests and tools.
impl EventSink for alloc::vec::Vec<Event> {
    fn event(&mut self, event: Event) {
        self.push(event);
    }
}

//! What goes in and out of a breaker per attempt: the admission and the result.

use crate::time::Micros;

/// Whether an endpoint may be used now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "every caller has to handle each of them")]
pub enum Admission {
    /// Closed: use it.
    Normal,
    /// Use it, as a probe.
    Probe,
    /// Do not use it.
    Refused,
}

/// What came of an attempt, as the breaker sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the classes that the breaker distinguishes")]
pub enum Outcome {
    /// The endpoint did its work.
    Success,
    /// The endpoint failed: a server error, a timeout, no connection.
    Failure,
    /// 429 or `RESOURCE_EXHAUSTED`: counts against the ratio and fails a probe, but leaves the
    /// consecutive counter as it is.
    RateLimited,
}

/// The result of one attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Report {
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took; zero = unknown, never slow.
    pub latency: Micros,
    /// The answer's `Retry-After`; the breaker stays Open at least that long, up to
    /// [`RETRY_AFTER_MAX`](super::RETRY_AFTER_MAX).
    pub retry_after: Option<Micros>,
    /// False where the pool already has no more than `minReady` Closed endpoints: then a Closed
    /// breaker stays Closed and keeps its counters. A failed probe re-opens regardless, since a
    /// `HalfOpen` endpoint was not ready before either.
    pub may_open: bool,
}

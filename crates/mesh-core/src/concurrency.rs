//! How many requests may be in flight at once, learned from latency.
//!
//! Four limiters of the field: [`gradient2::Gradient2`] (the default: no probing),
//! [`gradient::Gradient`] (Envoy's, with minimum-latency probing), [`aimd::Aimd`] and
//! [`vegas::Vegas`] (Netflix). Each takes a [`Sample`] per finished request or per
//! [`window::SampleWindow`] and answers with its limit. A latency of zero is unknown (the clock
//! stands still between I/O) and teaches nothing but a drop.

pub mod aimd;
pub mod gradient;
pub mod gradient2;
pub mod vegas;
pub mod window;

use crate::time::Micros;

/// What one finished request, or one window of them, taught.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sample {
    /// Its latency; zero = unknown.
    pub latency: Micros,
    /// Requests in flight when it started, itself included.
    pub in_flight: u32,
    /// Whether it was refused or timed out.
    pub dropped: bool,
}

/// Whole requests of a fractional limit: rounded down, zero for what is no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float to integer casts saturate, and a limit is bounded by its u32 maximum"
)]
const fn whole(limit: f64) -> u32 {
    limit as u32
}

//! What a host does for a request besides its steps.

use crate::{rate_limit::Guarantee, snapshot::tables::NONE, time::Micros};

/// What [`super::Machine::begin`] found of a request besides its first step. Hosts read it before
/// the next call: [`super::Machine::notes`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Notes {
    /// In the cross-origin table: the answer gets the headers of that row, or [`NONE`]. Those of a
    /// preflight where the step answers one.
    pub cors: u32,
    /// True where the step answers a preflight.
    pub preflight: bool,
    /// In the limits table: of those that the request counts at, the one nearest its end, or
    /// [`NONE`].
    pub limit: u32,
    /// Requests that its bucket lets through at once.
    pub remaining: u32,
    /// Time until the bucket is full again, or until a request fits where the step refuses this one.
    pub reset: Micros,
    /// What that limit guaranteed for this request.
    pub guarantee: Guarantee,
    /// Value of the sticky cookie that the answer sets: 16 hexadecimal digits.
    pub cookie: Option<u64>,
    /// The rule of that cookie.
    pub rule: u32,
    /// The mirrors that get a copy: the bit `n` stands for `first_mirror + n`.
    pub mirrors: u32,
    /// In the mirrors table.
    pub first_mirror: u32,
}

impl Notes {
    /// Nothing to do.
    pub const NONE: Self = Self {
        cors: NONE,
        preflight: false,
        limit: NONE,
        remaining: 0,
        reset: Micros::ZERO,
        guarantee: Guarantee::Isolate,
        cookie: None,
        rule: NONE,
        mirrors: 0,
        first_mirror: NONE,
    };
}

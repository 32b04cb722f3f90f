//! Rows of what a rule does to its traffic besides routing it: limits, faults, copies, origins.

use super::{Rows, Text};
use crate::{
    snapshot::row::{Word, group, record},
    time::Micros,
};

/// Bit of a subset that says that there is one.
pub const RESTRICTED: u64 = 1 << 63;
/// Endpoints of one service that a subset can tell apart.
pub const SUBSET_ENDPOINTS_MAX: u32 = 63;

/// Names the part of a request whose value is a key.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Key {
    /// A [`KeySource`] number.
    pub source: u8,
    /// For a header or a cookie: the needed header's number.
    pub header: u16,
    /// For a cookie or a query parameter: its name.
    pub name: Text,
}
group!(Key { source: u8, header: u16, name: Text });

/// What a key is taken from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[non_exhaustive]
pub enum KeySource {
    /// Nothing.
    Nothing,
    /// The path.
    Path,
    /// A request header, or what a host hands in like one: the caller's address from
    /// `cf-connecting-ip`, `:principal`, `:tenant`.
    Header,
    /// A cookie.
    Cookie,
    /// A query parameter.
    Query,
    /// The code of a host's own balancer, by its name; no key.
    Code,
}

record! {
    /// Cross-origin requests of a rule.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Cors {
        /// Conditions that make an `OPTIONS` request a preflight.
        pub asks: Rows,
        /// Conditions that an allowed origin meets.
        pub origins: Rows,
        /// Header edits of the answer to an allowed preflight.
        pub preflight: Rows,
        /// Header edits of every other answer to an allowed origin.
        pub actual: Rows,
    }
}

record! {
    /// A rate limit: one bucket for each value of a key (GCRA).
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Limit {
        /// What `RateLimit-Policy` says of it; begins with its name in quotes.
        pub policy: Text,
        /// Hash of the limit's identity over Snapshots.
        pub seed: u64,
        /// What tells callers apart; nothing = one bucket for all.
        pub key: Key,
        /// Time that one request takes from the bucket.
        pub interval: Micros,
        /// Size of the bucket: the time that a burst may take at once.
        pub burst: Micros,
        /// Who counts: a `rate_limit::Guarantee` number.
        pub tier: u8,
        /// The rate-limit binding that counts for a location; else empty.
        pub binding: Text,
    }
}

record! {
    /// A copy of requests that goes to another service, whose answer nobody waits for.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Mirror {
        /// In the backends table.
        pub backend: u32,
        /// Share of the requests, in millionths.
        pub millionths: u32,
    }
}

record! {
    /// A fault that is put into requests on purpose.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Fault {
        /// Conditions of the requests that it is for; all must hold.
        pub conditions: Rows,
        /// How long the request waits.
        pub delay: Micros,
        /// Share of the requests that wait, in millionths.
        pub delay_millionths: u32,
        /// Status of the answer in place of the service's.
        pub abort_status: u16,
        /// Share of the requests that are answered so, in millionths.
        pub abort_millionths: u32,
        /// Requests that this fault may delay at a time; more go on without it.
        pub active_max: u16,
    }
}

record! {
    /// What a host looks for in a response to tell whether it is worth another attempt.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Predicate {
        /// A [`PredicateKind`] number.
        pub kind: u8,
        /// Name of the header or of the predicate.
        pub name: Text,
        /// The header's value.
        pub value: Text,
    }
}

/// Kinds of [`Predicate`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "a host must know every kind")]
pub enum PredicateKind {
    /// The response has a header of that name.
    Present,
    /// It has one of exactly that value.
    Exact,
    /// A predicate of that name, given in code, says so.
    Code,
}

//! The rows of a Snapshot.
//!
//! Tables are flat: a row names rows of another table by [`Rows`] (a run) or by a number, and
//! text by [`Text`] (a run of the byte pool). A number that means "none" is [`NONE`].

mod flags;
mod traffic;

use alloc::string::String;

pub use self::{
    flags::{Flag, FlagRule, FlagShare},
    traffic::{
        Cors, Fault, Key, KeySource, Limit, Mirror, Predicate, PredicateKind, RESTRICTED,
        SUBSET_ENDPOINTS_MAX,
    },
};
use super::row::{View, record};
use crate::{
    breaker::BreakerConfig,
    retry::{RetryPolicy, budget::RetryBudgetConfig},
    time::Micros,
};

/// "No row" in a field that holds a row number.
pub const NONE: u32 = u32::MAX;

/// A run of a byte pool.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Text {
    /// First byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

/// A run of rows of another table.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Rows {
    /// First row.
    pub start: u32,
    /// Number of rows.
    pub len: u32,
}

impl Rows {
    /// The row numbers of the run.
    #[must_use]
    pub const fn numbers(self) -> core::ops::Range<u32> {
        self.start..self.start.saturating_add(self.len)
    }
}

record! {
    /// A logical name and what its endpoints share.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Service {
        /// Its name, a lowercase DNS label.
        pub name: Text,
        /// Its endpoints.
        pub endpoints: Rows,
        /// When the breakers of its endpoints open.
        pub breaker: BreakerConfig,
        /// A `breaker::BreakerMode` number.
        pub breaker_mode: u8,
        /// The policy of calls by name (`mesh.fetch`), in the policies table.
        pub policy: u32,
        /// Ready endpoints that breakers must leave.
        pub min_ready: u16,
        /// Below this percentage of ready endpoints all are used; 0 = never.
        pub panic_percent: u8,
        /// Time over which a recovered endpoint comes back to full weight; 0 = at once.
        pub slow_start: Micros,
        /// Share of its weight that it starts with, percent.
        pub slow_start_min_percent: u8,
        /// In the limits table: those of all its requests, by rules and by name.
        pub limits: Rows,
        /// Requests in flight that are let through at first; 0 = no limit on them.
        pub concurrency_initial: u16,
        /// The limit never falls below this.
        pub concurrency_min: u16,
        /// The limit never rises above this.
        pub concurrency_max: u16,
    }
}

record! {
    /// One way to reach a service.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Endpoint {
        /// The service it belongs to.
        pub service: u32,
        /// Its identity over Snapshots: a hash of service, address and version.
        pub key: u64,
        /// Its address as written, normalised (`binding:NAME`, `https://host/base`, …).
        pub address: Text,
        /// How it is reached: a [`Transport`] number.
        pub transport: u8,
        /// Its version; empty where none is named.
        pub version: Text,
        /// Its share where weights count; 0 = only where nothing else is left.
        pub weight: u16,
        /// 1 where `latitude` and `longitude` are known.
        pub located: u8,
        /// Degrees north, -90 to 90.
        pub latitude: f32,
        /// Degrees east, -180 to 180.
        pub longitude: f32,
        /// What the source said of its health: a [`Health`] number.
        pub health: u8,
        /// Region it names; empty where none.
        pub region: Text,
        /// Colo it names; empty where none.
        pub colo: Text,
        /// Order of failover: endpoints of a higher number are used as those of lower ones fail.
        pub priority: u8,
    }
}

impl Endpoint {
    /// What makes an endpoint the same over time, as the text whose hash is its key.
    #[must_use]
    pub fn identity(service: &str, address: &str, version: &str) -> String {
        [service, address, version].join("\0")
    }
}

/// How an endpoint is reached; the number is its place in the list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Transport {
    /// `binding:NAME`, a service binding.
    Binding,
    /// `https://host/base`, public fetch.
    Url,
    /// `do:NAME/key`, a Durable Object.
    DurableObject,
    /// `dispatch:NAME/worker`, a dispatch namespace.
    Dispatch,
    /// `vpc:NAME/host`, a VPC binding.
    Vpc,
    /// `mtls:NAME/https://…`, a client-certificate binding.
    Mtls,
    /// `local:NAME`, bundled in the same Worker.
    Local,
}

impl Transport {
    /// Every transport with the scheme that names it.
    pub const SCHEMES: [(Self, &'static str); 7] = [
        (Self::Binding, "binding"),
        (Self::Url, "https"),
        (Self::DurableObject, "do"),
        (Self::Dispatch, "dispatch"),
        (Self::Vpc, "vpc"),
        (Self::Mtls, "mtls"),
        (Self::Local, "local"),
    ];

    /// True where an attempt takes one of the platform's six waiting connections.
    #[must_use]
    pub const fn takes_connection(number: u8) -> bool {
        number == Self::Url as u8 || number == Self::Vpc as u8 || number == Self::Mtls as u8
    }
}

/// What the registry or the document says of an endpoint's health.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "a new health state must be handled by hand")]
pub enum Health {
    /// Takes traffic.
    #[default]
    Healthy,
    /// Takes none, except in panic.
    Unhealthy,
    /// Finishes what it has and takes no more.
    Draining,
}

impl Health {
    /// The state of that number; an unknown one is taken as unhealthy.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Healthy,
            2 => Self::Draining,
            _ => Self::Unhealthy,
        }
    }
}

record! {
    /// Timeouts, retries and balancing of one rule's backend or of one service.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Policy {
        /// From begin to response headers over all attempts; 0 = none.
        pub request_timeout: Micros,
        /// One attempt; 0 = the rest of the request's time.
        pub attempt_timeout: Micros,
        /// Longest silence between two chunks of a body; 0 = none. Kept by the host.
        pub idle_timeout: Micros,
        /// What is retried, how often and after which wait.
        pub retry: RetryPolicy,
        /// Longest `Retry-After` that is waited for.
        pub retry_after_max: Micros,
        /// Largest request body in bytes that is kept for a retry.
        pub body_max: u32,
        /// What the service's retries are paid from; 1000 permille and more = one for each request.
        pub budget: RetryBudgetConfig,
        /// A `balance::Algorithm` number.
        pub balancer: u8,
        /// What `consistentHash` hashes; without one every request draws a key.
        pub hash: Key,
        /// In the predicates table: what of a response asks for another attempt; any one of them.
        pub predicates: Rows,
        /// In the backends table: where a request goes that got no good answer.
        pub fallback: Rows,
        /// Wait before a hedge; 0 = by `hedge_percentile`.
        pub hedge_after: Micros,
        /// Latency percentile of the service that is waited for; 0 with no `hedge_after` = no hedges.
        pub hedge_percentile: u8,
    }
}

impl Policy {
    /// True where it hedges or falls back.
    pub(crate) const fn needs_traffic(&self) -> bool {
        self.fallback.len > 0 || hedges(self.hedge_after, self.hedge_percentile)
    }
}

impl View<'_, Policy> {
    /// True where a slow attempt may get another one beside it.
    #[must_use]
    pub fn hedges(self) -> bool {
        hedges(self.hedge_after(), self.hedge_percentile())
    }
}

const fn hedges(after: Micros, percentile: u8) -> bool {
    percentile > 0 || !after.is_zero()
}

record! {
    /// What happens to requests that match.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Rule {
        /// Its name: as written, or `rules[3]`.
        pub name: Text,
        /// Where it sends, by weight.
        pub backends: Rows,
        /// In the redirects table, or [`NONE`].
        pub redirect: u32,
        /// In the cross-origin table; one or none.
        pub cors: Rows,
        /// In the limits table: the rule's own.
        pub limits: Rows,
        /// What keeps a caller with one backend; nothing = each request is drawn.
        pub sticky: Key,
        /// What follows name and value in the `Set-Cookie` of a sticky cookie that is missing; empty =
        /// none is set.
        pub sticky_cookie: Text,
        /// Share of a service's concurrency limit that its requests may fill, percent; 0 = all.
        pub priority_percent: u8,
    }
}

record! {
    /// One destination of a rule.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Backend {
        /// The service, or [`NONE`] where the mesh answers itself: with `status`, or 500.
        pub service: u32,
        /// Its share among the rule's backends.
        pub weight: u32,
        /// Its policy: the service's with the rule's fields laid over.
        pub policy: u32,
        /// Header edits: the rule's, then its own.
        pub edits: Rows,
        /// In the rewrites table, or [`NONE`]: its own, else the rule's.
        pub rewrite: u32,
        /// Its identity among the backends of its rule over Snapshots, for sticky splits.
        pub key: u64,
        /// Status of a direct response; 0 = none.
        pub status: u16,
        /// Its body.
        pub body: Text,
        /// Which endpoints of the service it may use: [`RESTRICTED`] and a bit for each by its
        /// place; 0 = all.
        pub subset: u64,
        /// Conditions: requests that meet all of them go here whatever the weights say.
        pub pins: Rows,
        /// In the mirrors table: the rule's, then its own.
        pub mirrors: Rows,
        /// In the faults table: the rule's, then its own.
        pub faults: Rows,
    }
}

record! {
    /// One header edit.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Edit {
        /// 0 = on the request, 1 = on the response.
        pub side: u8,
        /// 0 = set, 1 = add, 2 = remove, 3 = set to the value of a request header.
        pub action: u8,
        /// Header name, lowercase.
        pub name: Text,
        /// Value, or the name of that request header; empty for remove.
        pub value: Text,
    }
}

record! {
    /// A rewrite of host, path or both.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Rewrite {
        /// New host; empty = kept.
        pub host: Text,
        /// A [`PathChange`] number.
        pub path: u8,
        /// The new path or prefix.
        pub value: Text,
    }
}

record! {
    /// An answer that sends the caller elsewhere.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Redirect {
        /// New scheme; empty = the request's.
        pub scheme: Text,
        /// New host; empty = the request's.
        pub host: Text,
        /// New port; 0 = not said.
        pub port: u16,
        /// A [`PathChange`] number.
        pub path: u8,
        /// The new path or prefix.
        pub value: Text,
        /// 301, 302, 303, 307 or 308.
        pub status: u16,
    }
}

/// What a rewrite or a redirect does to the path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the Gateway API's two path modifiers, and none")]
pub enum PathChange {
    /// Keeps it.
    Keep,
    /// Replaces all of it.
    Full,
    /// Replaces the matched prefix.
    Prefix,
}

//! What a rule does to its traffic besides routing it, resolved.

use mesh_core::{snapshot::tables::SUBSET_ENDPOINTS_MAX, time::Micros};

use super::{PlannedCondition, PlannedEdit, Settings};
use crate::document::{HashOn, LimitTier};

/// Conditions on a request that must all hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlannedConditions {
    pub(crate) headers: Vec<PlannedCondition>,
    pub(crate) query: Vec<PlannedCondition>,
}

/// An answer that the mesh makes itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedResponse {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) headers: Vec<PlannedEdit>,
}

/// Where a request goes that got no good answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlannedFallback {
    /// A service, by its place in the plan, with its settings but for its own fallback.
    Service(usize, Box<Settings>),
    Response(PlannedResponse),
}

/// A copy of requests.
#[derive(Clone, Debug)]
pub(crate) struct PlannedMirror {
    pub(crate) service: usize,
    pub(crate) settings: Settings,
    pub(crate) millionths: u32,
}

/// A fault that is put into requests on purpose.
#[derive(Clone, Debug)]
pub(crate) struct PlannedFault {
    pub(crate) conditions: PlannedConditions,
    pub(crate) delay: Micros,
    pub(crate) delay_millionths: u32,
    pub(crate) abort_status: u16,
    pub(crate) abort_millionths: u32,
    pub(crate) active_max: u16,
}

/// Cross-origin requests of a rule.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCors {
    /// What an allowed origin meets.
    pub(crate) origins: PlannedCondition,
    pub(crate) preflight: Vec<PlannedEdit>,
    pub(crate) actual: Vec<PlannedEdit>,
}

/// A rate limit.
#[derive(Clone, Debug)]
pub(crate) struct PlannedLimit {
    pub(crate) name: String,
    pub(crate) requests: u32,
    pub(crate) per: Micros,
    pub(crate) burst: u32,
    pub(crate) by: Option<HashOn>,
    pub(crate) tier: LimitTier,
    /// The rate-limit binding of a location.
    pub(crate) binding: Option<String>,
    /// Hash of its identity.
    pub(crate) seed: u64,
}

/// What keeps a caller with one backend.
#[derive(Clone, Debug)]
pub(crate) struct PlannedSticky {
    pub(crate) on: HashOn,
    /// What follows name and value of a cookie that is set.
    pub(crate) cookie: Option<String>,
}

/// A limit on requests in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedConcurrency {
    pub(crate) initial: u16,
    pub(crate) min: u16,
    pub(crate) max: u16,
}

/// A range of versions, and the endpoints in it.
#[derive(Clone, Debug)]
pub(crate) struct PlannedVersion {
    pub(crate) range: String,
    /// A bit for each endpoint by its place.
    pub(crate) endpoints: u64,
}

impl PlannedConditions {
    pub(crate) const fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.query.is_empty()
    }
}

impl PlannedVersion {
    /// True where the endpoint at that place is in the range.
    pub(crate) fn takes(&self, place: u32) -> bool {
        place < SUBSET_ENDPOINTS_MAX && self.endpoints >> place & 1 == 1
    }
}

impl PlannedLimit {
    /// Time that one request takes from the bucket, rounded up.
    pub(crate) fn interval(&self) -> Micros {
        Micros(self.per.0.div_ceil(u64::from(self.requests.max(1))).max(1))
    }

    /// Size of the bucket.
    pub(crate) fn bucket(&self) -> Micros {
        let time = self.interval().0.saturating_mul(u64::from(self.burst));
        Micros(time.min(crate::limits::LIMIT_BURST_US_MAX))
    }

    /// What `RateLimit-Policy` says of it.
    pub(crate) fn policy(&self) -> String {
        let seconds = (self.per.0 / 1_000_000).max(1);
        format!("\"{}\";q={};w={seconds}", self.name, self.requests)
    }
}

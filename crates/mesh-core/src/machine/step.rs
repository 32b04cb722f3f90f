//! What the host is to do next, and what it tells back.

use super::TRAFFIC;
use crate::{
    balance::{Algorithm, load_report::LoadReport},
    path::PathError,
    reason::Reason,
    snapshot::{
        row::View,
        tables::{NONE, Policy},
    },
    time::Micros,
};

/// Names one request between two calls. Not copyable: it is spent by the next call, so that an
/// outcome cannot be told twice and a request is not forgotten without [`crate::machine::Machine::abandon`].
#[derive(Debug, Eq, PartialEq)]
#[must_use = "an attempt in flight ends with resume or abandon"]
pub struct Ticket(u32);

impl Ticket {
    pub(super) const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// The ticket as a number, for hosts over a boundary that has only numbers.
    #[must_use]
    pub const fn into_raw(self) -> u32 {
        self.0
    }

    pub(super) const fn raw(&self) -> u32 {
        self.0
    }

    /// The ticket of that number. A wrong or spent one is refused by the machine.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }
}

/// The next step of a request.
#[derive(Debug, Eq, PartialEq)]
#[must_use = "the request goes on with this step"]
#[expect(clippy::exhaustive_enums, reason = "a host must handle every step")]
pub enum Step {
    /// Make an attempt.
    Send(Send),
    /// Wait, then resume with [`Outcome::Waited`].
    Wait(Wait),
    /// Answer with the response that was just told.
    Deliver,
    /// Answer with a response of the mesh's own.
    Respond(Respond),
    /// Drop what was told: another attempt of the request is under way and has its own ticket.
    Pending,
}

/// An attempt to make.
#[derive(Debug, Eq, PartialEq)]
pub struct Send {
    /// Goes back with the outcome.
    pub ticket: Ticket,
    /// Where to.
    pub endpoint: u32,
    /// Which attempt, from 1.
    pub attempt: u8,
    /// Longest time to response headers; [`Micros::MAX`] where nothing bounds it.
    pub timeout: Micros,
    /// What is left of the request's time, for the callee; [`Micros::MAX`] where nothing bounds it.
    pub remaining: Micros,
    /// How long to wait for it before [`crate::machine::Machine::hedge`]; zero = never.
    pub hedge: Micros,
    /// Longest silence between two chunks of the response's body, for the host to keep; zero where
    /// nothing bounds it.
    pub idle: Micros,
    /// The rule, or `NONE` for a call by service name.
    pub rule: u32,
    /// The policy, whose predicates the host asks.
    pub policy: u32,
    /// The backend, or `NONE` for a call by service name; names the header edits.
    pub backend: u32,
    /// True where another path than the request's is sent. On the first step of a request
    /// [`crate::machine::Machine::text`] holds it; hosts keep it for the others.
    pub rewritten: bool,
    /// True where a later attempt may need the body again.
    pub keep_body: bool,
    /// True where it goes to the fallback: the answer of the attempt before, if there is one, may be
    /// the one that stands.
    pub fallback: bool,
    /// What the outcome of the attempt is to tell of the response besides its status.
    pub wants: Wants,
}

/// Parts of a response that some policy looks at, as bits; a host need not read the others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wants(pub u8);

impl Wants {
    /// `Retry-After` of a 429 or a 503.
    pub const RETRY_AFTER: Self = Self(1);
    /// The load report in `endpoint-load-metrics`.
    pub const LOAD: Self = Self(2);
    /// The gRPC status.
    pub const GRPC: Self = Self(4);
    /// Whether a predicate of the policy holds.
    pub const PREDICATES: Self = Self(64);

    /// What that policy looks at.
    pub(super) fn of(policy: View<'_, Policy>) -> Self {
        let retry_after = u8::from(policy.retry().retries > 0);
        let load = u8::from(policy.balancer() == Algorithm::Adaptive as u8) << 1;
        let grpc = u8::from(policy.retry().conditions.grpc.0 != 0) << 2;
        let predicates = u8::from(TRAFFIC && policy.predicates().len > 0) << 6;
        Self(retry_after | load | grpc | predicates)
    }

    /// True where `part` is among them.
    #[must_use]
    pub const fn contains(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }
}

/// A pause before the next attempt.
#[derive(Debug, Eq, PartialEq)]
pub struct Wait {
    /// Goes back with [`Outcome::Waited`].
    pub ticket: Ticket,
    /// How long.
    pub delay: Micros,
    /// True where another path than the request's will be sent. Where a request begins with a wait,
    /// [`crate::machine::Machine::text`] holds it; hosts keep it for the attempts.
    pub rewritten: bool,
}

/// A response of the mesh's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Respond {
    /// Status.
    pub status: u16,
    /// Why.
    pub reason: Reason,
    /// True where [`crate::machine::Machine::text`] holds a `Location`.
    pub location: bool,
    /// The backend whose body and header edits make a direct response, or `NONE`.
    pub backend: u32,
}

impl From<PathError> for Respond {
    fn from(error: PathError) -> Self {
        let (status, reason) = match error {
            PathError::Control => (400, Reason::BadPath),
            PathError::TooLong => (414, Reason::PathTooLong),
        };
        Self { status, reason, location: false, backend: NONE }
    }
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a host must be able to tell everything that happens")]
pub enum Outcome {
    /// The wait is over.
    Waited,
    /// Response headers came.
    Response {
        /// Status.
        status: u16,
        /// `Retry-After`, as [`crate::retry::retry_after::RetryAfter`] reads it; its `NEVER` where a
        /// mesh below says that this is its last word.
        retry_after: Option<Micros>,
        /// gRPC status where the response carries one.
        grpc: Option<u8>,
        /// ORCA load report where the balancer asks for it.
        load: Option<LoadReport>,
        /// True where one of the policy's predicates says that it is worth another attempt.
        again: bool,
    },
    /// The attempt's time ran out.
    Timeout,
    /// No connection was made: the request was not sent.
    ConnectFailure,
    /// The connection broke.
    Reset,
    /// The callee's code threw.
    Exception,
    /// The caller went away.
    Cancelled,
}

impl Outcome {
    /// A response with nothing but a status.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Response { status, retry_after: None, grpc: None, load: None, again: false }
    }
}

//! One request's state machine: begin, then resume with what each attempt brought, until a step
//! answers.
//!
//! ```text
//! begin ──▶ Send ──resume(outcome)──▶ Deliver | Respond
//!   │         ▲                  └──▶ Wait ──resume(Waited)──┐
//!   └─▶ Respond └───────────────────────────────────────────┘
//! ```
//!
//! The machine owns what is learned (breakers, latencies, budgets, counters, leases of attempts in
//! flight) and a Snapshot; hosts own sockets and clocks. It never blocks, never allocates per
//! request beyond its kept slots, and ends any call in time bounded by the Snapshot.
//!
//! A service of two endpoints, one of which is down, under a clock of our own:
//!
//! ```
//! use mesh_core::{
//!     event::{Event, EventKind},
//!     machine::{Body, Caller, Machine, Outcome, Request, Step},
//!     method::{Method, MethodSet},
//!     route::{MatchSpec, PathKind, PathTemplate, RouteTableBuilder, builder::PathSpec},
//!     snapshot::{Snapshot, draft::SnapshotDraft, tables::*},
//!     time::{Micros, Timestamp},
//! };
//!
//! let mut draft = SnapshotDraft::default();
//! let name = draft.text("user-service");
//! let mut service = Service { name, endpoints: Rows { start: 0, len: 2 }, ..Service::default() };
//! service.breaker.consecutive_failures = 1;
//! draft.services.push(service);
//! for key in [1, 2] {
//!     draft.endpoints.push(Endpoint { key, weight: 1, ..Endpoint::default() });
//! }
//! draft.policies.push(Policy { request_timeout: Micros::from_secs(5), ..Policy::default() });
//! draft.backends.push(Backend { weight: 1, rewrite: NONE, ..Backend::default() });
//! let backends = Rows { start: 0, len: 1 };
//! draft.rules.push(Rule { backends, redirect: NONE, ..Rule::default() });
//! let mut routes = RouteTableBuilder::new();
//! let path = PathSpec::Template(PathTemplate::parse(PathKind::Template, b"/api/*")?);
//! let (headers, query, methods) = (vec![], vec![], MethodSet::NONE);
//! routes.add(&MatchSpec { host: "", path, methods, headers, query, target: 0 })?;
//! draft.routes = routes.finish();
//!
//! let mut machine = Machine::new(Snapshot::decode(&draft.encode())?, 42);
//! let (mut events, now) = (Vec::<Event>::new(), Timestamp::from_millis(1_000));
//! let request = Request {
//!     host: b"shop.example",
//!     path: b"/api/users",
//!     query: b"",
//!     method: Method::Get,
//!     headers: &[],
//!     body: Body::None,
//!     caller: Caller::default(),
//! };
//! let Step::Send(first) = machine.begin(&request, now, &mut events) else { panic!() };
//!
//! // it fails: its breaker opens, and after the backoff the other endpoint gets the request
//! let step = machine.resume(first.ticket, Outcome::status(503), 0, now, &mut events);
//! let Step::Wait(wait) = step else { panic!() };
//! assert!(events.iter().any(|event| event.kind == EventKind::BreakerOpened));
//! let now = now.saturating_add(wait.delay);
//! let step = machine.resume(wait.ticket, Outcome::Waited, 0, now, &mut events);
//! let Step::Send(second) = step else { panic!() };
//! assert_ne!(second.endpoint, first.endpoint);
//! let step = machine.resume(second.ticket, Outcome::status(200), 0, now, &mut events);
//! assert_eq!(step, Step::Deliver);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod attempt;
mod begin;
#[cfg(feature = "balancers")]
mod choose;
mod fallback;
mod hedge;
mod key;
mod notes;
mod request;
mod select;
mod settle;
mod slots;
mod start;
pub mod state;
pub mod step;
mod swap;
mod terms;
mod traffic;

use alloc::vec::Vec;

pub use self::{
    notes::Notes,
    request::{Body, Caller, Request},
    step::{Outcome, Respond, Send, Step, Ticket, Wait, Wants},
};
use self::{
    slots::Slots,
    state::{EndpointState, ServiceState},
    terms::Terms,
};
use crate::{
    breaker::BreakerMode,
    dice::SeededDice,
    event::{Event, EventKind, EventSink},
    rate_limit::{Buckets, leased::Leases},
    reason::Reason,
    snapshot::{
        Snapshot,
        tables::{Health, NONE},
    },
    time::Timestamp,
};

/// The brain of one isolate or process.
#[derive(Debug)]
pub struct Machine {
    snapshot: Snapshot,
    /// By endpoint number.
    endpoints: Vec<EndpointState>,
    /// By service number.
    services: Vec<ServiceState>,
    slots: Slots,
    dice: SeededDice,
    /// Room for the normal form of a path; kept for its capacity.
    path: Vec<u8>,
    /// Text of the step at hand: a rewritten path or a `Location`.
    text: Vec<u8>,
    /// Candidates of the pick at hand.
    candidates: Vec<u32>,
    /// What the begin at hand found besides its step.
    notes: Notes,
    /// Whether that is anything.
    noted: bool,
    /// Where rate limits count.
    buckets: Buckets,
    /// Where those count that somebody counts for all.
    leases: Leases,
    /// Requests that faults delay.
    delayed: u32,
    /// Keeps callers from choosing whose buckets theirs push out. Of the seed, but of none of its
    /// rolls.
    secret: u64,
    /// Whether the step at hand answers for good.
    last_word: bool,
}

/// True where this build has what the feature `balancers` brings.
const BALANCERS: bool = cfg!(feature = "balancers");

/// True where this build has what the feature `traffic` brings.
const TRAFFIC: bool = cfg!(feature = "traffic");

impl Machine {
    /// A machine that serves `snapshot`, with nothing learned yet and dice from `seed`.
    #[must_use]
    pub fn new(snapshot: Snapshot, seed: u64) -> Self {
        let mut machine = Self::empty();
        machine.dice = SeededDice::new(seed);
        machine.secret = secret(seed);
        machine.swap(snapshot, Timestamp::ZERO);
        machine
    }

    /// A machine that serves nothing yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            snapshot: Snapshot::empty(),
            endpoints: Vec::new(),
            services: Vec::new(),
            slots: Slots::empty(),
            dice: SeededDice::new(0),
            path: Vec::new(),
            text: Vec::new(),
            candidates: Vec::new(),
            notes: Notes::NONE,
            noted: false,
            buckets: Buckets::empty(),
            leases: Leases::none(),
            delayed: 0,
            secret: 0,
            last_word: false,
        }
    }

    /// New dice, for hosts that may draw randomness only inside a request.
    pub fn seed(&mut self, seed: u64) {
        self.dice = SeededDice::new(seed);
        self.secret = secret(seed);
        for service in &mut self.services {
            service.start_sequence(&mut self.dice);
        }
    }

    /// Reads and takes a Snapshot into use, without a copy; keeps the last good one where that
    /// fails. What was learned of an endpoint stays with it, by its key. Tells either as an event.
    ///
    /// # Errors
    /// [`crate::snapshot::SnapshotError`] where the bytes are no Snapshot for this build.
    pub fn load(
        &mut self,
        bytes: Vec<u8>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Result<(), crate::snapshot::SnapshotError> {
        match Snapshot::from_bytes(bytes) {
            Ok(snapshot) => {
                let value = snapshot.mesh().version;
                self.swap(snapshot, now);
                sink.event(Event { value, ..Event::new(EventKind::SnapshotLoaded, now) });
                Ok(())
            }
            Err(error) => {
                let code = u8::try_from(error.number()).unwrap_or(u8::MAX);
                sink.event(Event { code, ..Event::new(EventKind::SnapshotRefused, now) });
                Err(error)
            }
        }
    }

    /// Says whether this host can reach an endpoint at all, such as whether its binding exists.
    pub fn set_reachable(&mut self, endpoint: u32, reachable: bool) {
        if let Some(state) = state_mut(&mut self.endpoints, endpoint) {
            state.reachable = reachable;
        }
    }

    /// Tells what a health source says of an endpoint. One that becomes healthy starts slowly.
    pub fn set_health(&mut self, endpoint: u32, health: Health, now: Timestamp) {
        if let Some(state) = state_mut(&mut self.endpoints, endpoint) {
            state.set_health(health, now);
        }
    }

    /// The limits that somebody counts for all: what they saw, and what they are granted.
    pub const fn leases(&mut self) -> &mut Leases {
        &mut self.leases
    }

    /// Puts an endpoint's breaker under manual control, or back under its own.
    pub fn set_breaker_mode(
        &mut self,
        endpoint: u32,
        mode: BreakerMode,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) {
        let Some(state) = state_mut(&mut self.endpoints, endpoint) else { return };
        if let Some(transition) = state.breaker.set_mode(mode) {
            let service = self.snapshot.endpoints().get(endpoint).map_or(NONE, |row| row.service);
            state.note(transition, now);
            sink.event(Event { service, endpoint, ..state::breaker_event(transition, now) });
        }
    }

    /// The Snapshot in use.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What is known of an endpoint.
    #[must_use]
    pub fn endpoint_state(&self, endpoint: u32) -> Option<&EndpointState> {
        row(&self.endpoints, endpoint)
    }

    /// What is known of a service.
    #[must_use]
    pub fn service_state(&self, service: u32) -> Option<&ServiceState> {
        row(&self.services, service)
    }

    /// Requests begun and not ended.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.slots.in_use()
    }

    /// What the last begin found besides its step.
    #[must_use]
    pub const fn notes(&self) -> &Notes {
        &self.notes
    }

    /// True where the step that was returned last answers a request that whoever called must not
    /// try again: its attempts or its budget are used up, or the answer is the last word of a mesh
    /// below. The host tells its caller, whose mesh hands it in as [`RetryAfter::NEVER`].
    ///
    /// So of all layers above a failure only the one next to it retries. Else each would retry what
    /// the one below had given up, and their budgets would multiply.
    ///
    /// [`RetryAfter::NEVER`]: crate::retry::retry_after::RetryAfter::NEVER
    #[must_use]
    pub const fn is_last_word(&self) -> bool {
        self.last_word
    }

    /// True where there are notes.
    #[must_use]
    pub const fn has_notes(&self) -> bool {
        self.noted
    }

    /// The text of the step that was returned last: the path to send, or a `Location`.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

fn row<T>(rows: &[T], number: u32) -> Option<&T> {
    rows.get(usize::try_from(number).ok()?)
}

fn state_mut<T>(rows: &mut [T], number: u32) -> Option<&mut T> {
    rows.get_mut(usize::try_from(number).ok()?)
}

fn secret(seed: u64) -> u64 {
    if TRAFFIC { crate::hash::xxh64(&seed.to_le_bytes(), 1) } else { 0 }
}

/// An answer of the mesh's own.
const fn respond(status: u16, reason: Reason) -> Step {
    Step::Respond(Respond { status, reason, location: false, backend: NONE })
}

#[cfg(test)]
mod tests;

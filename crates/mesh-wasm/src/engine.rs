//! The engine as the host sees it: numbers and bytes through two kept areas.
//!
//! The host writes a request's bytes into the input area and its numbers into the slots, calls, and
//! reads the step's fields from the slots. Nothing is allocated per request, and no JavaScript object
//! is held.

pub mod abi;
mod ask;
#[cfg(feature = "balancers")]
mod choose;
#[cfg(feature = "traffic")]
mod demand;
pub mod exports;
mod handlers;
mod input;
#[cfg(feature = "traffic")]
mod notes;
#[cfg(feature = "observe")]
mod ring;
#[cfg(feature = "observe")]
mod stats;
mod tell;

use alloc::vec::Vec;

use mesh_core::{
    balance::{Algorithm, load_report::LoadReport},
    limits::NEEDED_HEADERS_MAX,
    machine::{Machine, Outcome, Respond, Step, Ticket},
    method::MethodSet,
    path::normal,
    reason::Reason,
    retry::retry_after::RetryAfter,
    route::HandlerList,
    snapshot::tables::NONE,
    time::{Micros, Timestamp},
};

use self::{
    abi::{flag, given, out, outcome, step},
    input::Input,
};

/// Where events go: nowhere, in a build that nobody can ask for them.
#[cfg(feature = "observe")]
type Events = ring::Ring;
#[cfg(feature = "observe")]
const EVENTS: Events = ring::Ring::empty();
#[cfg(not(feature = "observe"))]
type Events = ();
#[cfg(not(feature = "observe"))]
const EVENTS: Events = ();

/// One mesh's brain in an isolate.
#[derive(Debug)]
pub(crate) struct Engine {
    machine: Machine,
    tables: Vec<HandlerList>,
    input: Input,
    /// What crosses with a call, both ways.
    slots: [i32; abi::SLOTS],
    /// Room for the normal form of a path.
    path: Vec<u8>,
    /// Text that a call hands out, where it is not the machine's.
    text: Vec<u8>,
    events: Events,
    /// Drained events, or counters.
    words: Vec<u32>,
    /// The key that the next lease is about.
    #[cfg(feature = "traffic")]
    lease_key: u64,
}

impl Engine {
    /// An engine with an empty Snapshot: handler tables work, every call by name has no service.
    pub(crate) const fn new() -> Self {
        Self {
            machine: Machine::empty(),
            tables: Vec::new(),
            input: Input::empty(),
            slots: [0; abi::SLOTS],
            path: Vec::new(),
            text: Vec::new(),
            events: EVENTS,
            words: Vec::new(),
            #[cfg(feature = "traffic")]
            lease_key: 0,
        }
    }

    pub(crate) fn load(&mut self, len: usize, now_ms: f64) -> u32 {
        let bytes = self.input.take(len);
        match self.machine.load(bytes, timestamp(now_ms), &mut self.events) {
            Ok(()) => 0,
            Err(error) => error.number() + 1,
        }
    }

    pub(crate) fn input(&mut self, len: usize) -> usize {
        self.input.reserve(len)
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots.as_ptr() as usize
    }

    pub(crate) fn begin(&mut self, now_ms: f64) -> u32 {
        let now = timestamp(now_ms);
        let target = self.slot(given::TARGET);
        #[cfg(feature = "traffic")]
        let itself = self.slot(given::SELF).cast_unsigned();
        self.set(out::LAST_WORD, 0);
        #[cfg(feature = "traffic")]
        self.set(out::NOTES, 0);
        let Self { machine, tables, input: area, slots, path, events, .. } = self;
        // most Snapshots need none, and the room for all of them is worth not clearing
        let mut room;
        let headers: &mut [_] = match machine.snapshot().routes().header_count() {
            0 => &mut [],
            needed => {
                room = [None; NEEDED_HEADERS_MAX];
                room.get_mut(..needed).unwrap_or_default()
            }
        };
        let request = area.request(slots, headers);
        let path = match normal(request.path, path) {
            Ok(path) => path,
            Err(error) => return self.respond(error.into()),
        };
        #[cfg(feature = "traffic")]
        if let Some(flag) = abi::flag_of(target) {
            let found = machine.flag(flag, &request, path);
            self.set(out::BACKEND, found.variant);
            self.set(out::RULE, found.rule);
            self.set(out::REASON, found.reason as u32);
            return step::FLAG;
        }
        #[cfg(feature = "traffic")]
        if let Some(mirror) = abi::mirror_of(target) {
            let step = machine.begin_mirror_at(mirror, &request, path, now, events);
            return self.hand_out_first(step);
        }
        if let Some(service) = abi::service_of(target) {
            let step = machine.begin_service_at(service, &request, path, now, events);
            return self.hand_out_first(step);
        }
        let mut allow = MethodSet::NONE;
        let table = usize::try_from(target).ok().and_then(|at| tables.get(at));
        if let Some(table) = table {
            match table.find(request.method, path.as_bytes()) {
                Ok(number) => {
                    #[cfg(feature = "traffic")]
                    if let Some(step) = machine.admit_local(itself, &request, path, now) {
                        return self.hand_out_first(step);
                    }
                    handlers::found(table, number, path.as_bytes(), slots);
                    #[cfg(feature = "traffic")]
                    self.tell_notes();
                    return step::LOCAL;
                }
                Err(methods) => allow = methods,
            }
        }
        let step = machine.begin_at(&request, path, now, events);
        let unrouted = matches!(step, Step::Respond(Respond { reason: Reason::NoRoute, .. }));
        if unrouted && allow != MethodSet::NONE {
            return self.method_not_allowed(allow);
        }
        self.hand_out_first(step)
    }

    #[cfg(not(feature = "traffic"))]
    fn hand_out_first(&mut self, step: Step) -> u32 {
        self.hand_out(step)
    }

    pub(crate) fn resume(&mut self, now_ms: f64) -> u32 {
        let now = timestamp(now_ms);
        let outcome = self.outcome();
        let waiting = u8::try_from(self.slot(given::WAITING)).unwrap_or(u8::MAX);
        let ticket = self.slot(given::TICKET).cast_unsigned();
        #[cfg(feature = "traffic")]
        if self.slot(given::OUTCOME).cast_unsigned() == outcome::HEDGE {
            let step = self.machine.hedge(ticket, waiting, now, &mut self.events);
            return self.hand_out(step);
        }
        let ticket = Ticket::from_raw(ticket);
        let step = self.machine.resume(ticket, outcome, waiting, now, &mut self.events);
        self.hand_out(step)
    }

    fn outcome(&self) -> Outcome {
        match self.slot(given::OUTCOME).cast_unsigned() {
            outcome::WAITED => Outcome::Waited,
            outcome::TIMEOUT => Outcome::Timeout,
            outcome::CONNECT_FAILURE => Outcome::ConnectFailure,
            outcome::RESET => Outcome::Reset,
            outcome::EXCEPTION => Outcome::Exception,
            outcome::RESPONSE => Outcome::Response {
                status: u16::try_from(self.slot(given::STATUS)).unwrap_or(0),
                retry_after: match self.slot(given::RETRY_AFTER_MS) {
                    abi::NEVER => Some(RetryAfter::NEVER),
                    ms => millis_in(ms),
                },
                grpc: u8::try_from(self.slot(given::GRPC)).ok(),
                load: match usize::try_from(self.slot(given::LOAD)) {
                    Ok(len) if len > 0 && Algorithm::is_linked(Algorithm::Adaptive.as_u8()) => {
                        LoadReport::parse(self.input.bytes(len))
                    }
                    Ok(_) | Err(_) => None,
                },
                again: cfg!(feature = "traffic") && self.slot(given::AGAIN) > 0,
            },
            _ => Outcome::Cancelled,
        }
    }

    fn hand_out(&mut self, next: Step) -> u32 {
        self.set(out::LAST_WORD, self.machine.is_last_word().into());
        match next {
            Step::Deliver => step::DELIVER,
            Step::Pending => step::PENDING,
            Step::Respond(answer) => self.respond(answer),
            Step::Wait(wait) => {
                self.set(out::TICKET, wait.ticket.into_raw());
                self.set(out::DELAY_MS, millis(wait.delay.as_millis_ceil()));
                step::WAIT
            }
            Step::Send(send) => {
                let mut flags = abi::wants(send.wants);
                flags |= if send.rewritten { flag::TARGET } else { 0 };
                flags |= if send.keep_body { flag::BUFFER_BODY } else { 0 };
                #[cfg(feature = "traffic")]
                {
                    flags |= if send.fallback { flag::FALLBACK } else { 0 };
                    self.set(out::POLICY, send.policy);
                    self.set(out::HEDGE_MS, millis(send.hedge.as_millis_ceil()));
                }
                // floored: a host's timer must not end after the deadline
                self.set(out::TIMEOUT_MS, millis(send.timeout.0 / 1_000));
                self.set(out::REMAINING_MS, millis(send.remaining.0 / 1_000));
                self.set(out::IDLE_MS, millis(send.idle.as_millis_ceil()));
                self.set(out::ENDPOINT, send.endpoint);
                self.set(out::ATTEMPT, u32::from(send.attempt));
                self.set(out::RULE, send.rule);
                self.set(out::BACKEND, send.backend);
                self.set(out::FLAGS, flags);
                self.set(out::TICKET, send.ticket.into_raw());
                if send.rewritten {
                    let text = self.machine.text();
                    let (at, len) = (text.as_ptr() as usize, text.len());
                    self.set_text(at, len);
                }
                step::SEND
            }
        }
    }

    fn respond(&mut self, answer: Respond) -> u32 {
        self.set(out::STATUS, u32::from(answer.status));
        self.set(out::REASON, answer.reason as u32);
        self.set(out::BACKEND, answer.backend);
        let text = if answer.location { self.machine.text() } else { &[] };
        let (at, len) = (text.as_ptr() as usize, text.len());
        self.set_text(at, len);
        step::RESPOND
    }

    fn method_not_allowed(&mut self, methods: MethodSet) -> u32 {
        handlers::allow(methods, &mut self.text);
        let reason = Reason::MethodNotAllowed;
        let step = self.respond(Respond { status: 405, reason, location: false, backend: NONE });
        self.own_text();
        step
    }

    /// Hands out the engine's own text; its length.
    fn own_text(&mut self) -> usize {
        let (at, len) = (self.text.as_ptr() as usize, self.text.len());
        self.set_text(at, len);
        len
    }

    fn slot(&self, slot: usize) -> i32 {
        self.slots.get(slot).copied().unwrap_or(0)
    }

    fn set(&mut self, slot: usize, value: u32) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = value.cast_signed();
        }
    }

    fn set_text(&mut self, at: usize, len: usize) {
        self.set(out::TEXT_PTR, u32::try_from(at).unwrap_or(0));
        self.set(out::TEXT_LEN, u32::try_from(len).unwrap_or(0));
    }
}

/// Milliseconds for a timer; 0 = none. Longer than a timer can hold is none too.
fn millis(ms: u64) -> u32 {
    u32::try_from(ms).ok().filter(|&ms| ms < 0x7fff_ffff).unwrap_or(0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float-to-integer cast saturates, and NaN is 0"
)]
fn timestamp(ms: f64) -> Timestamp {
    Timestamp::from_micros((ms * 1_000.0) as u64)
}

/// A number of milliseconds from a slot; `None` below 0.
fn millis_in(slot: i32) -> Option<Micros> {
    u64::try_from(slot).ok().map(Micros::from_millis)
}

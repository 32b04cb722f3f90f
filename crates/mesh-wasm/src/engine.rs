//! The engine as the host sees it: numbers in, numbers out, bytes through two kept areas.
//!
//! The host writes a request's bytes into the input area, calls with their lengths, and reads the
//! step's fields from the output area. Nothing is allocated per request, and no JavaScript object
//! is held.

pub mod abi;
mod describe;
mod handlers;
mod input;
mod ring;
mod stats;

use alloc::{vec, vec::Vec};

use mesh_core::{
    balance::load_report::LoadReport,
    machine::{Machine, Outcome, Respond, Step, Ticket},
    retry::retry_after::RetryAfter,
    route::RouteTable,
    snapshot::{Snapshot, tables::Health},
    time::{Micros, Timestamp},
};
use wasm_bindgen::prelude::wasm_bindgen;

use self::{
    abi::{flag, out, outcome, step},
    input::Input,
    ring::Ring,
};

/// One mesh's brain in an isolate.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    machine: Machine,
    tables: Vec<RouteTable>,
    input: Input,
    out: Vec<i32>,
    /// Text that a call hands out, where it is not the machine's.
    text: Vec<u8>,
    events: Ring,
    counters: Vec<u32>,
}

#[wasm_bindgen]
impl Engine {
    /// An engine with an empty Snapshot: handler tables work, every call by name has no service.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(clippy::new_without_default, reason = "only JavaScript makes one")]
    pub fn new() -> Self {
        Self {
            machine: Machine::new(Snapshot::default(), 0),
            tables: Vec::new(),
            input: Input::default(),
            out: vec![0; abi::OUT_LEN],
            text: Vec::new(),
            events: Ring::default(),
            counters: Vec::new(),
        }
    }

    /// Random bits for routing, once, on first use inside a request.
    pub fn seed(&mut self, high: u32, low: u32) {
        self.machine.seed(u64::from(high) << 32 | u64::from(low));
    }

    /// Loads the Snapshot in the first `len` bytes of the input area. 0 = in use; else the
    /// number of a `SnapshotError` plus one, and the last good Snapshot stays.
    pub fn load(&mut self, len: usize, now_ms: f64) -> u32 {
        let bytes = self.input.bytes(len);
        match self.machine.load(bytes, timestamp(now_ms), &mut self.events) {
            Ok(()) => 0,
            Err(error) => error.number() + 1,
        }
    }

    /// Address of the input area, with room for `len` bytes; 0 where that is over the bound.
    pub fn input(&mut self, len: usize) -> usize {
        self.input.reserve(len)
    }

    /// Gives the input area's memory back after a large Snapshot.
    pub fn trim(&mut self) {
        self.input.trim();
    }

    /// Address of the output area: `OUT_LEN` 32-bit slots that never move.
    #[must_use]
    pub fn out(&self) -> usize {
        self.out.as_ptr() as usize
    }

    /// Begins a request: handlers of `table` first (below 0 = none), then the rules.
    #[expect(clippy::too_many_arguments, reason = "one crossing, numbers only")]
    pub fn begin(
        &mut self,
        table: i32,
        method: u32,
        host_len: usize,
        path_len: usize,
        query_len: usize,
        body: i32,
        caller: u32,
        remaining_ms: f64,
        now_ms: f64,
    ) -> u32 {
        let lens = input::Lens { host: host_len, path: path_len, query: query_len };
        let mut allow = 0u16;
        let needed = self.machine.snapshot().routes().header_count();
        let read = self.input.request(lens, method, body, caller, remaining_ms, needed);
        let handlers = usize::try_from(table).ok().and_then(|at| self.tables.get(at));
        if let Some(handlers) = handlers {
            let request = read.request();
            match handlers::find(&mut self.machine, handlers, &request, &mut self.out) {
                handlers::Hit::Local => return step::LOCAL,
                handlers::Hit::Answer(answer) => return self.respond(answer),
                handlers::Hit::Miss(methods) => allow = methods,
            }
        }
        let request = read.request();
        let step = self.machine.begin(&request, timestamp(now_ms), &mut self.events);
        if allow != 0 && matches!(step, Step::Respond(Respond { status: 404, .. })) {
            handlers::allow(allow, &mut self.text);
            return self.method_not_allowed();
        }
        self.hand_out(step)
    }

    /// Begins a call to service number `service`.
    #[expect(clippy::too_many_arguments, reason = "one crossing, numbers only")]
    pub fn begin_service(
        &mut self,
        service: u32,
        method: u32,
        path_len: usize,
        query_len: usize,
        body: i32,
        caller: u32,
        remaining_ms: f64,
        now_ms: f64,
    ) -> u32 {
        let lens = input::Lens { host: 0, path: path_len, query: query_len };
        let needed = self.machine.snapshot().routes().header_count();
        let read = self.input.request(lens, method, body, caller, remaining_ms, needed);
        let request = read.request();
        let now = timestamp(now_ms);
        let step = self.machine.begin_service(service, &request, now, &mut self.events);
        self.hand_out(step)
    }

    /// Where the caller of the next request is, in degrees; out of range = unknown.
    pub fn locate(&mut self, latitude: f64, longitude: f64) {
        self.input.locate(latitude, longitude);
    }

    /// Goes on with a request. `outcome` is one of `OUTCOME`; `extra` is the number of bytes in
    /// the input area: a `Retry-After` value and a load report, each after its u16 length.
    pub fn resume(
        &mut self,
        ticket: u32,
        outcome: u32,
        status: u32,
        grpc: i32,
        extra: usize,
        waiting: u32,
        now_ms: f64,
    ) -> u32 {
        let now = timestamp(now_ms);
        let outcome = self.outcome(outcome, status, grpc, extra, now);
        let waiting = u8::try_from(waiting).unwrap_or(u8::MAX);
        let ticket = Ticket::from_raw(ticket);
        let step = self.machine.resume(ticket, outcome, waiting, now, &mut self.events);
        self.hand_out(step)
    }

    /// Ends a request whose caller went away.
    pub fn abandon(&mut self, ticket: u32, now_ms: f64) {
        self.machine.abandon(Ticket::from_raw(ticket), timestamp(now_ms), &mut self.events);
    }

    /// Says whether this Worker can reach an endpoint.
    pub fn reachable(&mut self, endpoint: u32, yes: u32) {
        self.machine.set_reachable(endpoint, yes != 0);
    }

    /// Says what a health source says of an endpoint: 0 healthy, 1 unhealthy, 2 draining.
    pub fn health(&mut self, endpoint: u32, health: u32, now_ms: f64) {
        let health = Health::from_number(u8::try_from(health).unwrap_or(u8::MAX));
        self.machine.set_health(endpoint, health, timestamp(now_ms));
    }
}

impl Engine {
    fn outcome(&self, kind: u32, status: u32, grpc: i32, extra: usize, now: Timestamp) -> Outcome {
        match kind {
            outcome::WAITED => Outcome::Waited,
            outcome::TIMEOUT => Outcome::Timeout,
            outcome::CONNECT_FAILURE => Outcome::ConnectFailure,
            outcome::RESET => Outcome::Reset,
            outcome::EXCEPTION => Outcome::Exception,
            outcome::RESPONSE => {
                let (hint, load) = self.input.extra(extra);
                Outcome::Response {
                    status: u16::try_from(status).unwrap_or(0),
                    retry_after: hint.and_then(|value| RetryAfter::parse(value, now)),
                    grpc: u8::try_from(grpc).ok(),
                    load: load.and_then(LoadReport::parse),
                }
            }
            _ => Outcome::Cancelled,
        }
    }

    fn hand_out(&mut self, next: Step) -> u32 {
        match next {
            Step::Deliver => step::DELIVER,
            Step::Respond(answer) => self.respond(answer),
            Step::Wait(wait) => {
                self.set(out::TICKET, wait.ticket.into_raw());
                self.set(out::DELAY_MS, millis(wait.delay.as_millis_ceil()));
                step::WAIT
            }
            Step::Send(send) => {
                let mut flags = if send.rewritten { flag::TARGET } else { 0 };
                flags |= if send.keep_body { flag::BUFFER_BODY } else { 0 };
                flags |= describe::send_flags(self.machine.snapshot(), &send);
                // floored: a host's timer must not end after the deadline
                self.set(out::TIMEOUT_MS, millis(send.timeout.0 / 1_000));
                self.set(out::REMAINING_MS, millis(send.remaining.0 / 1_000));
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
        let text = if answer.location { self.machine.text() } else { &[] };
        let (at, len) = (text.as_ptr() as usize, text.len());
        self.set_text(at, len);
        step::RESPOND
    }

    fn method_not_allowed(&mut self) -> u32 {
        self.set(out::STATUS, 405);
        self.set(out::REASON, mesh_core::reason::Reason::MethodNotAllowed as u32);
        let (at, len) = (self.text.as_ptr() as usize, self.text.len());
        self.set_text(at, len);
        step::RESPOND
    }

    #[expect(clippy::cast_possible_wrap, reason = "slots carry 32 bits either way")]
    fn set(&mut self, slot: usize, value: u32) {
        if let Some(place) = self.out.get_mut(slot) {
            *place = value as i32;
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float-to-integer cast saturates, and NaN is 0"
)]
fn micros(ms: f64) -> Micros {
    Micros((ms * 1_000.0) as u64)
}

//! The engine as the host sees it: numbers in, numbers out, bytes through two kept areas.
//!
//! The host writes a request's bytes into the input area, calls with their lengths, and reads the
//! step's fields from the output area. Nothing is allocated per request, and no JavaScript object
//! is held.

pub mod abi;
mod ask;
pub mod exports;
mod handlers;
mod input;
mod ring;
mod stats;
mod tell;

use alloc::vec::Vec;

use mesh_core::{
    balance::load_report::LoadReport,
    machine::{Machine, Outcome, Respond, Step, Ticket},
    method::MethodSet,
    reason::Reason,
    route::HandlerList,
    time::{Micros, Timestamp},
};

use self::{
    abi::{flag, out, outcome, step},
    input::Input,
    ring::Ring,
};

/// One mesh's brain in an isolate.
#[derive(Debug)]
pub(crate) struct Engine {
    machine: Machine,
    tables: Vec<HandlerList>,
    input: Input,
    out: [i32; abi::OUT_LEN],
    /// Text that a call hands out, where it is not the machine's.
    text: Vec<u8>,
    events: Ring,
    /// Drained events, or counters.
    words: Vec<u32>,
}

/// The arguments of `engine_begin`.
pub(crate) struct Begin {
    pub(crate) target: i32,
    pub(crate) method: u32,
    pub(crate) host: usize,
    pub(crate) path: usize,
    pub(crate) query: usize,
    pub(crate) body: i32,
    pub(crate) caller: u32,
    pub(crate) remaining_ms: f64,
    pub(crate) now_ms: f64,
}

/// The arguments of `engine_resume`.
pub(crate) struct Ended {
    pub(crate) outcome: u32,
    pub(crate) status: u32,
    pub(crate) grpc: i32,
    pub(crate) retry_after_ms: f64,
    pub(crate) load: usize,
    pub(crate) waiting: u32,
    pub(crate) now_ms: f64,
}

impl Engine {
    /// An engine with an empty Snapshot: handler tables work, every call by name has no service.
    pub(crate) const fn new() -> Self {
        Self {
            machine: Machine::empty(),
            tables: Vec::new(),
            input: Input::empty(),
            out: [0; abi::OUT_LEN],
            text: Vec::new(),
            events: Ring::empty(),
            words: Vec::new(),
        }
    }

    pub(crate) fn load(&mut self, len: usize, now_ms: f64) -> u32 {
        let bytes = self.input.bytes(len);
        match self.machine.load(bytes, timestamp(now_ms), &mut self.events) {
            Ok(()) => 0,
            Err(error) => error.number() + 1,
        }
    }

    pub(crate) fn input(&mut self, len: usize) -> usize {
        self.input.reserve(len)
    }

    pub(crate) fn out(&self) -> usize {
        self.out.as_ptr() as usize
    }

    pub(crate) fn begin(&mut self, begin: &Begin) -> u32 {
        let needed = self.machine.snapshot().routes().header_count();
        let read = self.input.request(begin, needed);
        let request = read.request();
        let now = timestamp(begin.now_ms);
        if let Some(service) = abi::service_of(begin.target) {
            let step = self.machine.begin_service(service, &request, now, &mut self.events);
            return self.hand_out(step);
        }
        let mut allow = MethodSet::NONE;
        let table = usize::try_from(begin.target).ok().and_then(|at| self.tables.get(at));
        if let Some(table) = table {
            match handlers::find(&mut self.machine, table, &request, &mut self.out) {
                handlers::Hit::Local => return step::LOCAL,
                handlers::Hit::Answer(answer) => return self.respond(answer),
                handlers::Hit::Miss(methods) => allow = methods,
            }
        }
        let step = self.machine.begin(&request, now, &mut self.events);
        if allow != MethodSet::NONE
            && matches!(step, Step::Respond(Respond { reason: Reason::NoRoute, .. }))
        {
            return self.method_not_allowed(allow);
        }
        self.hand_out(step)
    }

    pub(crate) fn resume(&mut self, ticket: u32, ended: &Ended) -> u32 {
        let now = timestamp(ended.now_ms);
        let outcome = self.outcome(ended);
        let waiting = u8::try_from(ended.waiting).unwrap_or(u8::MAX);
        let ticket = Ticket::from_raw(ticket);
        let step = self.machine.resume(ticket, outcome, waiting, now, &mut self.events);
        self.hand_out(step)
    }

    fn outcome(&self, ended: &Ended) -> Outcome {
        match ended.outcome {
            outcome::WAITED => Outcome::Waited,
            outcome::TIMEOUT => Outcome::Timeout,
            outcome::CONNECT_FAILURE => Outcome::ConnectFailure,
            outcome::RESET => Outcome::Reset,
            outcome::EXCEPTION => Outcome::Exception,
            outcome::RESPONSE => Outcome::Response {
                status: u16::try_from(ended.status).unwrap_or(0),
                retry_after: (ended.retry_after_ms >= 0.0).then(|| micros(ended.retry_after_ms)),
                grpc: u8::try_from(ended.grpc).ok(),
                load: match ended.load {
                    0 => None,
                    len => LoadReport::parse(self.input.bytes(len)),
                },
            },
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
                flags |= ask::send_flags(self.machine.snapshot(), &send);
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

    fn method_not_allowed(&mut self, methods: MethodSet) -> u32 {
        handlers::allow(methods, &mut self.text);
        let reason = Reason::MethodNotAllowed;
        let step = self.respond(Respond { status: 405, reason, location: false });
        self.own_text();
        step
    }

    /// Hands out the engine's own text; its length.
    fn own_text(&mut self) -> usize {
        let (at, len) = (self.text.as_ptr() as usize, self.text.len());
        self.set_text(at, len);
        len
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

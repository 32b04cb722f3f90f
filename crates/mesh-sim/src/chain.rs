//! A chain of services that call each other: gateway, then a service per layer, then the bottom.
//! Each layer that calls has isolates of its own, and each isolate its own machine.
//!
//! A layer passes on the answer that it got, as a gateway rule does and as most handlers do with an
//! error. The deadline and the depth travel as hosts send them between Workers of one mesh.

use mesh_core::{
    dice::{Dice, SeededDice},
    machine::{Caller, Machine, Outcome, Send, Step, Ticket},
    retry::retry_after::RetryAfter,
    time::{Micros, Timestamp},
};

use crate::{
    distribution::{exponential, seconds},
    event_queue::EventQueue,
    mesh::{self, DocumentError, SERVICE, START},
    server::Server,
};

/// One way over the network, and the bottom's work for one call.
const HOP: Micros = Micros::from_millis(1);
const WORK: Micros = Micros::from_millis(5);
/// Calls that the bottom lets wait where its capacity is bounded.
const WAITING_MAX: u32 = 20;

/// Why calls at the bottom fail.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the model of a failing service")]
pub enum Failure {
    /// Each call by itself, with this probability.
    Calls(f64),
    /// This share of the requests, in every call that is made for them: what they ask for is broken.
    Requests(f64),
    /// It serves so many calls per second, and refuses what does not fit its short queue.
    Capacity(f64),
}

/// What hosts do with [`Machine::is_last_word`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "told or not")]
pub enum LastWords {
    /// They tell their callers.
    Told,
    /// They do not, so that each layer takes every answer for a first one.
    Untold,
}

/// A chain, and how it is used.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Settings of the service below, for each layer that calls, the gateway first; as
    /// [`mesh::machine`] takes them.
    pub layers: Vec<String>,
    /// Isolates of each layer. Each call comes to one of them at random.
    pub isolates: u32,
    /// Requests per second to the gateway: Poisson arrivals.
    pub requests_per_second: f64,
    /// How long they come.
    pub duration_s: f64,
    /// Why calls at the bottom fail.
    pub failure: Failure,
    /// Whether a layer tells the one above that an answer is its last word.
    pub last_words: LastWords,
}

/// What came of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Load {
    /// Requests to the gateway.
    pub requests: u32,
    /// Requests that it answered with 500 or more.
    pub failed: u32,
    /// Calls that came to each service, the one below the gateway first, the bottom last.
    pub calls: Vec<u32>,
    /// Calls that failed at the bottom.
    pub bottom_failures: u32,
}

impl Load {
    /// Calls at the bottom for each request.
    #[must_use]
    pub fn at_the_bottom(&self) -> f64 {
        f64::from(self.calls.last().copied().unwrap_or(0)) / f64::from(self.requests)
    }

    /// Share of the requests that failed.
    #[must_use]
    pub fn failed_share(&self) -> f64 {
        f64::from(self.failed) / f64::from(self.requests)
    }
}

impl Chain {
    /// Runs it until the last request is answered.
    ///
    /// # Errors
    /// Where the settings of a layer do not compile.
    pub fn run(&self, seed: u64) -> Result<Load, DocumentError> {
        let mut seeds = SeededDice::new(seed);
        let mut layers = Vec::new();
        for settings in &self.layers {
            let isolates = (0..self.isolates).map(|_| mesh::machine(settings, 1, seeds.roll()));
            layers.push(isolates.collect::<Result<Vec<Machine>, DocumentError>>()?);
        }
        let mut run = Run {
            chain: self,
            layers,
            frames: Vec::new(),
            queue: EventQueue::new(),
            bottom: Server::default(),
            dice: SeededDice::new(seeds.roll()),
            until: START.saturating_add(seconds(self.duration_s)),
            load: Load { calls: vec![0; self.layers.len()], ..Load::default() },
        };
        run.queue.schedule(START, Event::Arrival);
        while let Some((now, event)) = run.queue.pop() {
            run.handle(event, now);
        }
        Ok(run.load)
    }
}

/// One request as one layer serves it.
#[derive(Debug)]
struct Frame {
    layer: usize,
    isolate: usize,
    /// Time left when it came, and mesh hops so far.
    caller: Caller,
    /// True where every call for it fails.
    broken: bool,
    /// The attempt of the layer above that it is; none at the gateway.
    parent: Option<(usize, Ticket)>,
}

#[derive(Debug)]
enum Event {
    Arrival,
    Begin { frame: usize },
    Told { frame: usize, ticket: Ticket, outcome: Outcome },
}

struct Run<'c> {
    chain: &'c Chain,
    layers: Vec<Vec<Machine>>,
    /// Every call that was ever made to a layer.
    frames: Vec<Frame>,
    queue: EventQueue<Event>,
    bottom: Server,
    dice: SeededDice,
    until: Timestamp,
    load: Load,
}

impl Run<'_> {
    fn handle(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Arrival => self.arrive(now),
            Event::Begin { frame } => {
                let Some(caller) = self.frames.get(frame).map(|frame| frame.caller) else { return };
                let Some(machine) = self.machine(frame) else { return };
                let request = mesh::request(caller);
                let step = machine.begin_service(SERVICE, &request, now, &mut ());
                self.go_on(frame, step, 0, now);
            }
            Event::Told { frame, ticket, outcome } => {
                let status = match outcome {
                    Outcome::Response { status, .. } => status,
                    Outcome::Waited
                    | Outcome::Timeout
                    | Outcome::ConnectFailure
                    | Outcome::Reset
                    | Outcome::Exception
                    | Outcome::Cancelled => 0,
                };
                let Some(machine) = self.machine(frame) else { return };
                let step = machine.resume(ticket, outcome, 0, now, &mut ());
                self.go_on(frame, step, status, now);
            }
        }
    }

    fn arrive(&mut self, now: Timestamp) {
        self.load.requests += 1;
        let broken = match self.chain.failure {
            Failure::Requests(share) => self.dice.unit() < share,
            Failure::Calls(_) | Failure::Capacity(_) => false,
        };
        self.call(0, Caller::default(), broken, None, now);
        let gap = exponential(&mut self.dice, 1.0 / self.chain.requests_per_second);
        let next = now.saturating_add(gap);
        if next < self.until {
            self.queue.schedule(next, Event::Arrival);
        }
    }

    /// Brings a request to one isolate of a layer.
    fn call(
        &mut self,
        layer: usize,
        caller: Caller,
        broken: bool,
        parent: Option<(usize, Ticket)>,
        at: Timestamp,
    ) {
        let isolate = self.dice.below(self.chain.isolates) as usize;
        let frame = self.frames.len();
        self.frames.push(Frame { layer, isolate, caller, broken, parent });
        self.queue.schedule(at, Event::Begin { frame });
    }

    /// `status` is that of the response that was just told.
    fn go_on(&mut self, frame: usize, step: Step, status: u16, now: Timestamp) {
        match step {
            Step::Send(send) => self.send(frame, send, now),
            Step::Wait(wait) => {
                let told = Event::Told { frame, ticket: wait.ticket, outcome: Outcome::Waited };
                self.queue.schedule(now.saturating_add(wait.delay), told);
            }
            Step::Deliver => self.answer(frame, status, now),
            Step::Respond(respond) => self.answer(frame, respond.status, now),
            // nothing here hedges
            Step::Pending => {}
        }
    }

    fn send(&mut self, frame: usize, send: Send, now: Timestamp) {
        let Some(&Frame { layer, caller, broken, .. }) = self.frames.get(frame) else { return };
        let arrives = now.saturating_add(HOP);
        if let Some(calls) = self.load.calls.get_mut(layer) {
            *calls += 1;
        }
        let below = layer.saturating_add(1);
        if below < self.layers.len() {
            let remaining = (send.remaining != Micros::MAX).then_some(send.remaining);
            let caller = Caller { remaining, depth: caller.depth.saturating_add(1), ..caller };
            return self.call(below, caller, broken, Some((frame, send.ticket)), arrives);
        }
        let (fails, leaves) = self.bottom(broken, arrives);
        self.load.bottom_failures += u32::from(fails);
        let outcome = Outcome::status(if fails { 503 } else { 200 });
        let told = Event::Told { frame, ticket: send.ticket, outcome };
        self.queue.schedule(leaves.saturating_add(HOP), told);
    }

    /// Whether a call fails at the bottom, and when its answer leaves.
    fn bottom(&mut self, broken: bool, arrives: Timestamp) -> (bool, Timestamp) {
        let done = arrives.saturating_add(WORK);
        match self.chain.failure {
            Failure::Requests(_) => (broken, done),
            Failure::Calls(share) => (self.dice.unit() < share, done),
            // calls reach it in the order in which they were sent: every hop takes the same time
            Failure::Capacity(_) if self.bottom.jobs(arrives) >= WAITING_MAX => (true, arrives),
            Failure::Capacity(per_second) => {
                (false, self.bottom.accept(arrives, seconds(1.0 / per_second)))
            }
        }
    }

    /// Hands a layer's answer to the layer above.
    fn answer(&mut self, frame: usize, status: u16, now: Timestamp) {
        let told = self.chain.last_words == LastWords::Told;
        let last_word = told && self.machine(frame).is_some_and(|machine| machine.is_last_word());
        let parent = self.frames.get_mut(frame).and_then(|frame| frame.parent.take());
        match parent {
            Some((frame, ticket)) => {
                let retry_after = last_word.then_some(RetryAfter::NEVER);
                let (grpc, load) = (None, None);
                let outcome = Outcome::Response { status, retry_after, grpc, load, again: false };
                let told = Event::Told { frame, ticket, outcome };
                self.queue.schedule(now.saturating_add(HOP), told);
            }
            None => self.load.failed += u32::from(status >= 500),
        }
    }

    fn machine(&mut self, frame: usize) -> Option<&mut Machine> {
        let &Frame { layer, isolate, .. } = self.frames.get(frame)?;
        self.layers.get_mut(layer)?.get_mut(isolate)
    }
}

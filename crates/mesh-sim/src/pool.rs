//! One isolate before a pool of servers: open Poisson arrivals, each request through the machine.

use mesh_core::{
    dice::SeededDice,
    machine::{Caller, Machine, Outcome, Send, Step, Ticket},
    time::Timestamp,
};

use crate::{
    distribution::exponential,
    event_queue::EventQueue,
    mesh::{self, DocumentError, SERVICE, START},
    samples::Samples,
    server::Server,
};

/// A pool, and how it is used.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Settings of the service, as [`mesh::machine`] takes them.
    pub settings: String,
    /// Mean of the exponential service time of each server, in seconds.
    pub service_s: Vec<f64>,
    /// Mean gap between two arrivals, in seconds.
    pub gap_s: f64,
    /// Requests that are measured.
    pub requests: u32,
    /// Requests before them: an empty pool is faster than a settled one.
    pub warm_up: u32,
}

/// What came of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Measured {
    /// Time from arrival to answer of the measured requests, failed ones too.
    pub times: Samples,
    /// Measured requests that the mesh answered itself.
    pub failed: u32,
    /// Attempts at each server, those of the warm-up among them.
    pub attempts: Vec<u32>,
}

impl Pool {
    /// Runs it to the end.
    ///
    /// # Errors
    /// Where the settings do not compile.
    pub fn run(&self, seed: u64) -> Result<Measured, DocumentError> {
        let machine = mesh::machine(&self.settings, self.service_s.len(), seed)?;
        let mut run = Run {
            pool: self,
            machine,
            servers: vec![Server::default(); self.service_s.len()],
            queue: EventQueue::new(),
            arrivals: SeededDice::new(seed ^ 0xa11),
            services: SeededDice::new(seed ^ 0x5e7),
            arrived: 0,
            measured: Measured { attempts: vec![0; self.service_s.len()], ..Measured::default() },
        };
        run.queue.schedule(START, Event::Arrival);
        while let Some((now, event)) = run.queue.pop() {
            run.handle(event, now);
        }
        Ok(run.measured)
    }
}

/// A request on its way.
#[derive(Clone, Copy, Debug)]
struct Journey {
    began: Timestamp,
    measured: bool,
}

#[derive(Debug)]
enum Event {
    Arrival,
    Told { ticket: Ticket, outcome: Outcome, journey: Journey },
}

struct Run<'p> {
    pool: &'p Pool,
    machine: Machine,
    servers: Vec<Server>,
    queue: EventQueue<Event>,
    arrivals: SeededDice,
    services: SeededDice,
    arrived: u32,
    measured: Measured,
}

impl Run<'_> {
    fn handle(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Arrival => {
                let journey = Journey { began: now, measured: self.arrived >= self.pool.warm_up };
                self.arrived += 1;
                if self.arrived < self.pool.warm_up.saturating_add(self.pool.requests) {
                    let gap = exponential(&mut self.arrivals, self.pool.gap_s);
                    self.queue.schedule(now.saturating_add(gap), Event::Arrival);
                }
                let request = mesh::request(Caller::default());
                let step = self.machine.begin_service(SERVICE, &request, now, &mut ());
                self.go_on(step, journey, now);
            }
            Event::Told { ticket, outcome, journey } => {
                let step = self.machine.resume(ticket, outcome, 0, now, &mut ());
                self.go_on(step, journey, now);
            }
        }
    }

    fn go_on(&mut self, step: Step, journey: Journey, now: Timestamp) {
        match step {
            Step::Send(send) => self.send(send, journey, now),
            Step::Wait(wait) => {
                let told = Event::Told { ticket: wait.ticket, outcome: Outcome::Waited, journey };
                self.queue.schedule(now.saturating_add(wait.delay), told);
            }
            Step::Deliver => self.end(journey, now),
            // nothing here hedges
            Step::Pending => {}
            Step::Respond(_) => {
                self.measured.failed += u32::from(journey.measured);
                self.end(journey, now);
            }
        }
    }

    fn send(&mut self, send: Send, journey: Journey, now: Timestamp) {
        let at = send.endpoint as usize;
        let work = self.pool.service_s.get(at).copied().unwrap_or(0.0);
        let work = exponential(&mut self.services, work);
        let leaves = self.servers.get_mut(at).map_or(now, |server| server.accept(now, work));
        if let Some(attempts) = self.measured.attempts.get_mut(at) {
            *attempts += 1;
        }
        let given_up = now.saturating_add(send.timeout);
        let (at, outcome) = if leaves <= given_up {
            (leaves, Outcome::status(200))
        } else {
            (given_up, Outcome::Timeout)
        };
        self.queue.schedule(at, Event::Told { ticket: send.ticket, outcome, journey });
    }

    fn end(&mut self, journey: Journey, now: Timestamp) {
        if journey.measured {
            self.measured.times.add(now.saturating_since(journey.began));
        }
    }
}

//! A limit that fifty isolates hold together, by parts of it that they lease.
//!
//! Each isolate is a machine with the same Snapshot: 1000 requests/s for all. Requests come to them
//! very unevenly (to the n-th in proportion to 1/n), at random. After a request, an isolate of whose
//! parts four fifths are over asks for new ones, and hears 50 ms later; no request waits. Every
//! ten seconds one isolate ends and a cold one takes its place. Halfway the order of the isolates is
//! turned round, so that every part is wrong at once.

use mesh_core::{
    dice::{Dice as _, SeededDice},
    machine::{Caller, Machine, Outcome, Step},
    rate_limit::{Guarantee, leased::Demand},
    time::{Micros, Timestamp},
};
use mesh_registry::allowance::{Allowance, Grant};

use crate::{
    distribution::exponential,
    event_queue::EventQueue,
    figure::{Bound, Figure},
    mesh::{self, DocumentError, SERVICE, START},
};

/// Its name among the scenarios.
pub const NAME: &str = "global limit";

const ISOLATES: u32 = 50;
const RATE: f64 = 1_000.0;
const SECONDS: u32 = 120;
const WARM_UP_S: usize = 10;
/// One that refuses a request although there was enough for all asks again after so long.
const SOON: Micros = Micros::from_millis(500);
/// An isolate that hears nothing asks again after so long.
const PATIENCE: Micros = Micros::from_secs(2);
const ROUND_TRIP: Micros = Micros::from_millis(50);
const RESTART_EVERY: Micros = Micros::from_secs(10);
/// How far what passes may be off, as a share of the limit.
const TOLERANCE: f64 = 0.05;
/// Questions for each thousand requests: fifty isolates ask every four seconds.
const CALLS_PER_1000: f64 = 20.0;

/// What came of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what is measured")]
pub struct Measured {
    /// Requests per second that passed.
    pub passed: f64,
    /// The ten seconds in which most passed, per second.
    pub most: f64,
    /// The ten seconds in which least did.
    pub least: f64,
    /// Share of the requests of which the answer said that the limit was counted for all.
    pub global: f64,
    /// Questions for each thousand requests.
    pub calls: f64,
}

/// The figures at twice the limit, just above it, and below.
///
/// # Errors
/// Where the document does not compile.
pub fn figures(seed: u64) -> Result<Vec<Figure>, DocumentError> {
    let mut figures = Vec::new();
    for load in [2.0, 1.1, 0.8] {
        let measured = run(load, seed)?;
        let mut add = |name: &str, value: f64, bound| {
            let name = format!("{load} of the limit: {name}");
            figures.push(Figure { scenario: NAME, name, value, bound });
        };
        let target = RATE * load.min(1.0);
        let near = Bound::Near { target, tolerance: TOLERANCE };
        add("requests/s that passed", measured.passed, Some(near));
        add("most of 10 s, requests/s", measured.most, None);
        add("least of 10 s, requests/s", measured.least, None);
        add("percent counted for all", 100.0 * measured.global, Some(Bound::AtLeast(95.0)));
        add("questions in 1000 requests", measured.calls, Some(Bound::AtMost(CALLS_PER_1000)));
    }
    Ok(figures)
}

/// One run at that share of the limit.
///
/// # Errors
/// Where the document does not compile.
pub fn run(load: f64, seed: u64) -> Result<Measured, DocumentError> {
    let settings =
        "\"retries\": false, \"rateLimits\": [{ \"requests\": 1000, \"tier\": \"global\" }],";
    let machine = |number: u64| mesh::machine(settings, 1, seed.wrapping_add(number));
    let isolates = (0..u64::from(ISOLATES))
        .map(|number| {
            Ok(Isolate {
                machine: machine(number)?,
                id: number,
                ask_at: START,
                ask_refused_at: START,
            })
        })
        .collect::<Result<Vec<Isolate>, DocumentError>>()?;
    let mut run = Run {
        isolates,
        allowance: None,
        queue: EventQueue::new(),
        dice: SeededDice::new(seed),
        gap_s: 1.0 / (RATE * load),
        counts: vec![0; SECONDS as usize],
        requests: 0,
        global: 0,
        calls: 0,
    };
    run.queue.schedule(START, Event::Arrival);
    run.queue.schedule(START.saturating_add(RESTART_EVERY), Event::Restart(0));
    let end = START.saturating_add(Micros::from_secs(SECONDS.into()));
    while let Some((now, event)) = run.queue.pop() {
        if now >= end {
            break;
        }
        if let Event::Restart(number) = event {
            run.queue.schedule(now.saturating_add(RESTART_EVERY), Event::Restart(number + 1));
            let at = (number * 7 % ISOLATES) as usize;
            let id = u64::from(ISOLATES) + u64::from(number);
            if let Some(isolate) = run.isolates.get_mut(at) {
                *isolate =
                    Isolate { machine: machine(id)?, id, ask_at: START, ask_refused_at: START };
            }
        } else {
            run.handle(event, now);
        }
    }
    Ok(run.measured())
}

struct Isolate {
    machine: Machine,
    id: u64,
    /// From when on a request makes it ask, and one that is refused.
    ask_at: Timestamp,
    ask_refused_at: Timestamp,
}

enum Event {
    Arrival,
    Restart(u32),
    Granted { at: usize, id: u64, key: u64, grant: Grant, until: Timestamp },
}

struct Run {
    isolates: Vec<Isolate>,
    allowance: Option<Allowance>,
    queue: EventQueue<Event>,
    dice: SeededDice,
    gap_s: f64,
    /// What passed, by second.
    counts: Vec<u32>,
    requests: u32,
    global: u32,
    calls: u32,
}

impl Run {
    fn handle(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Arrival => {
                let gap = exponential(&mut self.dice, self.gap_s);
                self.queue.schedule(now.saturating_add(gap), Event::Arrival);
                let at = self.drawn(now);
                self.arrive(at, now);
            }
            Event::Granted { at, id, key, grant, until } => {
                // an isolate that ended hears nothing
                if let Some(isolate) = self.isolates.get_mut(at).filter(|one| one.id == id) {
                    isolate.machine.leases().grant(key, grant.interval, until);
                    isolate.ask_at = now.saturating_add(Micros(grant.ttl.0 / 5 * 4));
                    let soon = now.saturating_add(SOON);
                    isolate.ask_refused_at = if grant.plenty { soon } else { isolate.ask_at };
                }
            }
            Event::Restart(_) => {}
        }
    }

    /// An isolate, the n-th in proportion to 1/n; in the second half they stand the other way round.
    fn drawn(&mut self, now: Timestamp) -> usize {
        let whole: f64 = (1..=ISOLATES).map(|n| 1.0 / f64::from(n)).sum();
        let mut left = self.dice.unit() * whole;
        let mut at = 0;
        while at + 1 < ISOLATES {
            left -= 1.0 / f64::from(at + 1);
            if left <= 0.0 {
                break;
            }
            at += 1;
        }
        let half = START.saturating_add(Micros::from_secs((SECONDS / 2).into()));
        (if now < half { at } else { ISOLATES - 1 - at }) as usize
    }

    fn arrive(&mut self, at: usize, now: Timestamp) {
        let second = usize::try_from(now.saturating_since(START).0 / 1_000_000).unwrap_or(0);
        let measured = second >= WARM_UP_S;
        let Some(isolate) = self.isolates.get_mut(at) else { return };
        let request = mesh::request(Caller::default());
        let step = isolate.machine.begin_service(SERVICE, &request, now, &mut ());
        self.requests += u32::from(measured);
        let global = isolate.machine.notes().guarantee == Guarantee::Global;
        self.global += u32::from(measured && global);
        let due = now >= isolate.ask_at;
        let due = due || matches!(step, Step::Respond(_)) && now >= isolate.ask_refused_at;
        if let Step::Send(send) = step {
            if let Some(count) = self.counts.get_mut(second) {
                *count += 1;
            }
            let done = Outcome::status(200);
            let _delivered = isolate.machine.resume(send.ticket, done, 0, now, &mut ());
        }
        if due {
            isolate.ask_at = now.saturating_add(PATIENCE);
            isolate.ask_refused_at = isolate.ask_at;
            let (id, demands) =
                (isolate.id, isolate.machine.leases().demand(now).collect::<Vec<Demand>>());
            self.calls += u32::from(measured);
            let asked = now.saturating_add(ROUND_TRIP);
            for Demand { key, rate, seen, taken, .. } in demands {
                let allowance = self.allowance.get_or_insert_with(|| Allowance::new(rate));
                let grant = allowance.ask(id, rate, seen, taken, now);
                let until = asked.saturating_add(grant.ttl);
                self.queue.schedule(asked, Event::Granted { at, id, key, grant, until });
            }
        }
    }

    fn measured(&self) -> Measured {
        let counts = self.counts.get(WARM_UP_S..).unwrap_or_default();
        let tens: Vec<f64> = counts
            .chunks_exact(10)
            .map(|seconds| f64::from(seconds.iter().sum::<u32>()) / 10.0)
            .collect();
        let requests = f64::from(self.requests.max(1));
        Measured {
            passed: tens.iter().sum::<f64>() / f64::from(u32::try_from(tens.len()).unwrap_or(1)),
            most: tens.iter().copied().fold(0.0, f64::max),
            least: tens.iter().copied().fold(f64::INFINITY, f64::min),
            global: f64::from(self.global) / requests,
            calls: 1_000.0 * f64::from(self.calls) / requests,
        }
    }
}

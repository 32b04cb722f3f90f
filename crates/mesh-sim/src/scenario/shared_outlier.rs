//! An endpoint that fails half of its answers, behind fifty isolates with a request per second each.
//!
//! In ten seconds an isolate sends two requests to an endpoint, so its breaker, which wants five
//! answers before a share says anything, hardly ever opens. What all of them see together is plenty.
//! Each isolate tells the registry every thirty seconds, at a time of its own, and hears with the
//! answer who is ejected; there is no other way by which it hears.

use mesh_config::{document::Document, node::Node, shared::SharedState};
use mesh_core::{
    breaker::BreakerState,
    dice::{Dice as _, SeededDice},
    machine::{Caller, Machine, Outcome, Step, state::EndpointCounters},
    snapshot::tables::Health,
    time::{Micros, Timestamp},
};
use mesh_registry::{
    record::Record,
    registry::Registry,
    shared::{Change, EndpointReport, Reporter, ServiceReport, SharedConfig},
};

use crate::{
    distribution::exponential,
    event_queue::EventQueue,
    figure::{Bound, Figure},
    mesh::{self, DocumentError, SERVICE, START},
};

/// Its name among the scenarios.
pub const NAME: &str = "shared outlier";

const ISOLATES: u32 = 50;
const ENDPOINTS: u32 = 5;
/// The one that fails, and the share of its answers that do.
const BAD: u32 = 3;
const FAILS: f64 = 0.5;
/// How often an isolate tells.
const EVERY: Micros = Micros::from_secs(30);
const SECONDS: u32 = 600;
/// Failures are counted from here on: all isolates may have heard once.
const WARM_UP_S: u64 = 60;
/// After so long no isolate sends to it any more, s: each has told once since the first ejection.
const OUT_S: f64 = 75.0;

/// Of a service's settings; the document is the same otherwise. The interval is that of reports, as an
/// endpoint gets ten requests a second of all isolates.
const SHORT: &str = "\"outlierDetection\": { \"interval\": \"30s\" },";
/// The same with an ejection that lasts four times as long as all isolates take to hear of it.
const LONG: &str = "\"outlierDetection\": { \"interval\": \"30s\", \"baseEjectionTime\": \"2m\" },";

/// What came of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what is measured")]
pub struct Measured {
    /// Percentage of the requests that failed.
    pub failed: f64,
    /// After so many seconds no isolate sent to the bad endpoint; infinite where that never was.
    pub out_s: f64,
    /// Ejections of good ones.
    pub mistakes: u32,
}

/// The figures without and with sharing.
///
/// # Errors
/// Where the document does not compile.
pub fn figures(seed: u64) -> Result<Vec<Figure>, DocumentError> {
    let (alone, short, long) = (run("", seed)?, run(SHORT, seed)?, run(LONG, seed)?);
    let figure = |name: &str, value: f64, bound: Option<Bound>| Figure {
        scenario: NAME,
        name: name.to_owned(),
        value,
        bound,
    };
    let few = |bound| Some(Bound::AtMost(bound));
    Ok(vec![
        figure("alone: percent of requests that failed", alone.failed, Some(Bound::AtLeast(8.0))),
        figure("ejected for 30 s and longer: percent that failed", short.failed, few(7.5)),
        figure("for 30 s and longer: good endpoints ejected", f64::from(short.mistakes), few(0.0)),
        figure("ejected for 2 min and longer: percent that failed", long.failed, few(4.0)),
        figure("for 2 min and longer: seconds until nobody sends to it", long.out_s, few(OUT_S)),
        figure("for 2 min and longer: good endpoints ejected", f64::from(long.mistakes), few(0.0)),
    ])
}

/// One run with these settings of the service.
///
/// # Errors
/// Where the document does not compile.
pub fn run(settings: &str, seed: u64) -> Result<Measured, DocumentError> {
    let own = format!("\"retries\": false, \"loadBalancer\": \"roundRobin\", {settings}");
    let isolates = (0..u64::from(ISOLATES))
        .map(|number| {
            let machine = mesh::machine(&own, ENDPOINTS as usize, seed.wrapping_add(number))?;
            Ok(Isolate { machine, told: [EndpointCounters::default(); ENDPOINTS as usize] })
        })
        .collect::<Result<Vec<Isolate>, DocumentError>>()?;
    let mut run = Run {
        isolates,
        registry: registry(settings),
        dice: SeededDice::new(seed),
        queue: EventQueue::new(),
        requests: 0,
        failed: 0,
        last_sent: START,
        measured: Measured { out_s: f64::INFINITY, ..Measured::default() },
    };
    run.queue.schedule(START, Event::Arrival);
    for number in 0..ISOLATES {
        let phase = run.dice.below_u64(EVERY.0);
        run.queue.schedule(START.saturating_add(Micros(phase)), Event::Report(number));
    }
    let end = START.saturating_add(Micros::from_secs(SECONDS.into()));
    while let Some((now, event)) = run.queue.pop() {
        if now >= end {
            break;
        }
        run.handle(event, now);
    }
    run.measured.failed = 100.0 * f64::from(run.failed) / f64::from(run.requests.max(1));
    Ok(run.measured)
}

fn endpoint(number: u32) -> Record {
    Record { service: "users".into(), address: format!("binding:E{number}"), ..Record::default() }
}

/// The registry of that document.
fn registry(settings: &str) -> Registry {
    let mut registry = Registry::new();
    registry.configure((0..ENDPOINTS).map(endpoint).collect());
    let settings = settings.trim_end_matches(',');
    let text = format!("{{\"services\":{{\"users\":{{{settings}}}}}}}");
    let document = Node::parse_json(&text).and_then(|node| Document::decode(&node));
    let state = document.map(|document| SharedState::of(&document, "users")).unwrap_or_default();
    registry.share(core::iter::empty(), |_| SharedConfig {
        outliers: state.outliers,
        open_isolates_percent: state.open_isolates_percent,
        hints: state.state,
    });
    registry
}

struct Isolate {
    machine: Machine,
    /// What it told of each endpoint.
    told: [EndpointCounters; ENDPOINTS as usize],
}

enum Event {
    Arrival,
    Report(u32),
}

struct Run {
    isolates: Vec<Isolate>,
    registry: Registry,
    dice: SeededDice,
    queue: EventQueue<Event>,
    requests: u32,
    failed: u32,
    /// When the bad endpoint was sent to last.
    last_sent: Timestamp,
    measured: Measured,
}

impl Run {
    fn handle(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Arrival => {
                let gap = exponential(&mut self.dice, 1.0 / f64::from(ISOLATES));
                self.queue.schedule(now.saturating_add(gap), Event::Arrival);
                let at = self.dice.below(ISOLATES) as usize;
                self.arrive(at, now);
            }
            Event::Report(number) => {
                self.queue.schedule(now.saturating_add(EVERY), Event::Report(number));
                self.report(number, now);
            }
        }
    }

    fn arrive(&mut self, at: usize, now: Timestamp) {
        let Some(isolate) = self.isolates.get_mut(at) else { return };
        let request = mesh::request(Caller::default());
        let step = isolate.machine.begin_service(SERVICE, &request, now, &mut ());
        let Step::Send(send) = step else { return };
        let bad = send.endpoint == BAD;
        let fails = bad && self.dice.unit() < FAILS;
        let outcome = Outcome::status(if fails { 500 } else { 200 });
        let _delivered = isolate.machine.resume(send.ticket, outcome, 0, now, &mut ());
        if now.saturating_since(START) >= Micros::from_secs(WARM_UP_S) {
            self.requests += 1;
            self.failed += u32::from(fails);
        }
        // twenty seconds without one of ten requests a second mean that nobody sends any
        let quiet = now.saturating_since(self.last_sent) >= Micros::from_secs(20);
        if quiet && self.measured.out_s.is_infinite() {
            self.measured.out_s = self.last_sent.saturating_since(START).as_secs_f64();
        }
        if bad {
            self.last_sent = now;
        }
    }

    fn report(&mut self, number: u32, now: Timestamp) {
        let _returned = self.registry.wake(now, &mut self.dice);
        let Some(isolate) = self.isolates.get_mut(number as usize) else { return };
        let mut report = ServiceReport { requests: 1, ..ServiceReport::default() };
        for (at, told) in (0u32..).zip(&mut isolate.told) {
            let Some(state) = isolate.machine.endpoint_state(at) else { continue };
            let (counters, open) = (state.counters, state.breaker.state());
            report.endpoints.push(EndpointReport {
                endpoint: endpoint(at).identity(),
                attempts: counters.attempts.wrapping_sub(told.attempts),
                failures: counters.failures.wrapping_sub(told.failures),
                opened: counters.opened.wrapping_sub(told.opened),
                open: open != BreakerState::Closed,
            });
            *told = counters;
        }
        let reporter = Reporter { isolate: number.into(), every: EVERY };
        let measured = &mut self.measured;
        let bad = endpoint(BAD).identity();
        let sink = &mut |change| match change {
            Change::Ejected(one, _) => measured.mistakes += u32::from(one != bad),
            Change::Returned(_) => {}
        };
        self.registry.report(reporter, "users", &report, now, &mut self.dice, sink);
        for at in 0..ENDPOINTS {
            let health = self.registry.health(endpoint(at).identity()).unwrap_or(Health::Healthy);
            isolate.machine.set_health(at, health, now);
        }
    }
}

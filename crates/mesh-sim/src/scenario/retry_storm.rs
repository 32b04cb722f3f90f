//! A retry storm: a gateway calls a service, which calls a service, which calls one that fails three
//! times in ten. Each of the three that call retries every 5xx twice.
//!
//! What counts is the load at the bottom: its calls for each request to the gateway, 1 without any
//! retries. Breakers are off: there is one for each endpoint, and the bottom's would open and hide
//! what retries do. `docs/simulation.md` has the arithmetic.
//!
//! Three ways of failing, since it matters what a retry meets. Where each call fails by itself, a
//! retry mostly succeeds and there is no storm at all. Where a request is broken in every call, each
//! layer multiplies. Where the bottom has too little capacity, retries are what it cannot serve.

use crate::{
    chain::{
        Chain, Failure,
        LastWords::{self, Told, Untold},
        Load,
    },
    figure::{Bound, Figure},
    mesh::DocumentError,
};

/// Its name among the scenarios.
pub const NAME: &str = "retry storm";

/// Layers that call.
const LAYERS: usize = 3;
/// Share of the calls at the bottom that fail when nobody retries.
const FAILING: f64 = 0.3;
/// Retries of each layer after its first attempt.
const RETRIES: i32 = 2;
/// The default budget: retries for each request, or per second and isolate where that is more.
const BUDGET_SHARE: f64 = 0.2;
const BUDGET_FLOOR: f64 = 1.0;
/// Of what theory gives, where it gives one number.
const TOLERANCE: f64 = 0.05;
/// Load at which nobody needs the floor.
const BUSY: Traffic = Traffic { requests_per_second: 200.0, isolates: 1, duration_s: 30.0 };
/// The same in so many isolates that each lives on its floor.
const SPREAD: Traffic = Traffic { requests_per_second: 200.0, isolates: 100, duration_s: 30.0 };
/// One isolate with few requests, likewise.
const QUIET: Traffic = Traffic { requests_per_second: 2.0, isolates: 1, duration_s: 300.0 };

/// How many requests there are, and in how many isolates of each layer.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// Requests per second to the gateway.
    pub requests_per_second: f64,
    /// Isolates of each layer.
    pub isolates: u32,
    /// Seconds of it.
    pub duration_s: f64,
}

/// What the layers do about a 5xx.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the ways that are compared")]
pub enum Retries {
    /// Nothing.
    Off,
    /// They retry, whatever it costs.
    Unbounded,
    /// They retry within the default budget.
    Budgeted,
    /// Only the lowest of them does so; the others retry what never reached the layer below.
    LowestOnly,
}

impl Retries {
    fn settings(self, lowest: bool) -> String {
        let retries = match self {
            Self::Off => "false".to_owned(),
            Self::Unbounded => format!("{{\"attempts\":{RETRIES},\"budget\":false}}"),
            Self::LowestOnly if !lowest => {
                format!("{{\"attempts\":{RETRIES},\"on\":[\"connectFailure\"]}}")
            }
            Self::Budgeted | Self::LowestOnly => format!("{RETRIES}"),
        };
        format!("\"breaker\":false,\"retries\":{retries},")
    }
}

/// One run.
///
/// # Errors
/// Where a layer's document does not compile.
pub fn run(
    failure: Failure,
    retries: Retries,
    last_words: LastWords,
    traffic: Traffic,
    seed: u64,
) -> Result<Load, DocumentError> {
    let Traffic { requests_per_second, isolates, duration_s } = traffic;
    let layers = (1..=LAYERS).map(|layer| retries.settings(layer == LAYERS)).collect();
    Chain { layers, isolates, requests_per_second, duration_s, failure, last_words }.run(seed)
}

/// The figures.
///
/// # Errors
/// Where a document does not compile.
pub fn figures(seed: u64) -> Result<Vec<Figure>, DocumentError> {
    let mut figures = Vec::new();
    let mut add = |what: &str, failure, retries, last_words, traffic, bound| {
        let load = run(failure, retries, last_words, traffic, seed)?;
        let name = format!("{what}: calls per request at the bottom");
        figures.push(Figure::bounded(NAME, name, load.at_the_bottom(), bound));
        if failure == Failure::Calls(FAILING) {
            // what a retry can heal: elsewhere as many requests fail as without any
            let name = format!("{what}: percent of requests that fail");
            figures.push(Figure::shown(NAME, name, load.failed_share() * 100.0));
        }
        Ok::<(), DocumentError>(())
    };
    let near = |target| Bound::Near { target, tolerance: TOLERANCE };
    let twice = Bound::AtLeast(2.0);
    let one_layer = Bound::AtMost(compounded(BUSY, 1));

    let calls = Failure::Calls(FAILING);
    let until_one_succeeds = near(1.0 / (1.0 - FAILING));
    for (what, retries, last_words, bound) in [
        ("no retries", Retries::Off, Untold, near(1.0)),
        ("no budget", Retries::Unbounded, Untold, until_one_succeeds),
        ("budget", Retries::Budgeted, Untold, until_one_succeeds),
        ("budget, last words", Retries::Budgeted, Told, one_layer),
    ] {
        add(&format!("calls fail, {what}"), calls, retries, last_words, BUSY, bound)?;
    }

    let requests = Failure::Requests(FAILING);
    let capacity = Failure::Capacity(BUSY.requests_per_second * (1.0 - FAILING));
    for (name, failure) in [("requests fail", requests), ("too small", capacity)] {
        for (what, retries, last_words, bound) in [
            ("no retries", Retries::Off, Untold, near(1.0)),
            ("no budget", Retries::Unbounded, Untold, twice),
            ("budget", Retries::Budgeted, Untold, near(compounded(BUSY, LAYERS))),
            ("budget, only the lowest layer", Retries::LowestOnly, Untold, one_layer),
            ("budget, last words", Retries::Budgeted, Told, one_layer),
        ] {
            add(&format!("{name}, {what}"), failure, retries, last_words, BUSY, bound)?;
        }
    }

    // the floor pays for most retries here, and the share bounds nothing
    let beyond_share = Bound::AtLeast(1.0 + 1.5 * BUDGET_SHARE);
    let compounds = Bound::AtLeast(1.1 * compounded(BUSY, LAYERS));
    for (what, traffic) in [("100 isolates", SPREAD), ("2 per second", QUIET)] {
        let name = format!("requests fail, budget, {what}");
        add(&name, requests, Retries::Budgeted, Untold, traffic, compounds)?;
        let name = format!("requests fail, budget, last words, {what}");
        add(&name, requests, Retries::Budgeted, Told, traffic, beyond_share)?;
    }
    Ok(figures)
}

/// Calls per request at the bottom where so many layers use up their budgets.
fn compounded(traffic: Traffic, layers: usize) -> f64 {
    let floor = BUDGET_FLOOR * f64::from(traffic.isolates);
    let arriving = traffic.requests_per_second;
    let load = (0..layers).fold(arriving, |load, _| load + (load * BUDGET_SHARE).max(floor));
    load / arriving
}

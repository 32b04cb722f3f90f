//! The supermarket model: Poisson arrivals, exponential service, first come first served, 100
//! servers; the mean time in the system against the known limit for many servers (Mitzenmacher, The
//! Power of Two Choices in Randomized Load Balancing).
//!
//! First as the paper has it, with the bare balancers in a naive loop, which is the reference; then
//! the same pool behind the machine. `leastRequest` is the model there: one isolate sees every
//! request, so its count of requests in flight is the length of the queue. `p2c` is another one, as
//! it multiplies that count with a latency that holds peaks, and so now and then takes the longer
//! queue; its mean may be a tenth above the model's.

use mesh_core::{
    balance::{
        least_request::{self, Load},
        p2c,
    },
    dice::{Dice, SeededDice},
};

use crate::{
    distribution::exponential,
    figure::{Bound, Figure},
    mesh::{DocumentError, START},
    pool::Pool,
    samples::Samples,
    server::Server,
};

/// Its name among the scenarios.
pub const NAME: &str = "supermarket";

const SERVERS: u32 = 100;
/// Mean service time; times are told in it. Long enough that microseconds do not round it.
const SERVICE_S: f64 = 0.1;
/// What is known of three loads.
pub const THEORY: [Theory; 3] = [
    Theory { load: 0.5, random: 2.0, two_choices: 1.2657 },
    Theory { load: 0.7, random: 3.3333, two_choices: 1.6145 },
    Theory { load: BUSIEST, random: 10.0, two_choices: 2.6141 },
];
/// Slow to settle at high load, as its queues are long.
const TOLERANCE_RANDOM: f64 = 0.10;
const TOLERANCE_TWO: f64 = 0.05;
/// How far above two choices by jobs alone the mean may be where latency is looked at too.
const PEAKS: f64 = 0.10;
/// The load at which choices count most, and how much better than random two of them must be there:
/// 3.8 times in theory.
const BUSIEST: f64 = 0.9;
const ADVANTAGE: f64 = 3.5;

/// The mean time in the system for very many servers, in mean service times.
#[derive(Clone, Copy, Debug)]
pub struct Theory {
    /// Share of the time that a server works.
    pub load: f64,
    /// Without a choice.
    pub random: f64,
    /// With the shorter of two queues.
    pub two_choices: f64,
}

/// How many requests a run has.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Measured ones.
    pub requests: u32,
    /// Those before: an empty supermarket is faster than a settled one.
    pub warm_up: u32,
}

impl Length {
    /// As many as the tolerances are stated for.
    pub const FULL: Self = Self { requests: 300_000, warm_up: 100_000 };
}

/// A bare balancer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the model knows one choice and two")]
pub enum Choice {
    /// Any server.
    Random,
    /// [`p2c`] over the number of jobs.
    TwoChoices,
    /// [`least_request`], likewise.
    LeastRequest,
}

impl Choice {
    fn pick(self, dice: &mut SeededDice, mut jobs: impl FnMut(u32) -> u32) -> u32 {
        let at = match self {
            Self::Random => Some(dice.below(SERVERS)),
            Self::TwoChoices => p2c::pick(SERVERS, dice, jobs),
            Self::LeastRequest => {
                least_request::pick(SERVERS, dice, |at| Load { active: jobs(at), weight: 1 })
            }
        };
        at.unwrap_or(0)
    }
}

/// The mean time in the system, in mean service times, by a bare balancer that sees every queue.
#[must_use]
pub fn bare(choice: Choice, load: f64, length: Length, seed: u64) -> f64 {
    let mut arrivals = SeededDice::new(seed ^ 0xa11);
    let mut services = SeededDice::new(seed ^ 0x5e7);
    let mut picks = SeededDice::new(seed);
    let mut servers = vec![Server::default(); SERVERS as usize];
    let mut times = Samples::default();
    let mut now = START;
    for request in 0..length.warm_up.saturating_add(length.requests) {
        now = now.saturating_add(exponential(&mut arrivals, gap_s(load)));
        let jobs = |at: u32| servers.get_mut(at as usize).map_or(0, |server| server.jobs(now));
        let at = choice.pick(&mut picks, jobs);
        let work = exponential(&mut services, SERVICE_S);
        let Some(server) = servers.get_mut(at as usize) else { continue };
        // a balancer that does not look at the queue leaves its past there
        server.jobs(now);
        let leaves = server.accept(now, work);
        if request >= length.warm_up {
            times.add(leaves.saturating_since(now));
        }
    }
    times.mean_s() / SERVICE_S
}

/// The same by the machine, with that load balancer.
///
/// # Errors
/// Where its document does not compile.
pub fn machine(balancer: &str, load: f64, length: Length, seed: u64) -> Result<f64, DocumentError> {
    let pool = Pool {
        settings: format!(
            "\"loadBalancer\": \"{balancer}\", \"timeout\": 0, \"retries\": false, \
             \"breaker\": false,"
        ),
        service_s: vec![SERVICE_S; SERVERS as usize],
        gap_s: gap_s(load),
        requests: length.requests,
        warm_up: length.warm_up,
    };
    Ok(pool.run(seed)?.times.mean_s() / SERVICE_S)
}

fn gap_s(load: f64) -> f64 {
    SERVICE_S / (load * f64::from(SERVERS))
}

/// The figures of all loads, by runs of that length.
///
/// # Errors
/// Where a document does not compile.
pub fn figures(seed: u64, length: Length) -> Result<Vec<Figure>, DocumentError> {
    let mut figures = Vec::new();
    for theory in THEORY {
        figures.extend(figures_at(theory, seed, length)?);
    }
    Ok(figures)
}

/// The figures of one load.
///
/// # Errors
/// Where a document does not compile.
pub fn figures_at(theory: Theory, seed: u64, length: Length) -> Result<Vec<Figure>, DocumentError> {
    let load = theory.load;
    let random = bare(Choice::Random, load, length, seed);
    let two_choices = bare(Choice::TwoChoices, load, length, seed);
    let least = bare(Choice::LeastRequest, load, length, seed);
    let machine_least = machine("leastRequest", load, length, seed)?;
    let machine_p2c = machine("p2c", load, length, seed)?;
    let near_random = Bound::Near { target: theory.random, tolerance: TOLERANCE_RANDOM };
    let near_two = Bound::Near { target: theory.two_choices, tolerance: TOLERANCE_TWO };
    let with_peaks = Bound::AtMost(theory.two_choices * (1.0 + PEAKS));
    let mut figures: Vec<Figure> = [
        ("random", random, near_random),
        ("p2c by jobs", two_choices, near_two),
        ("least request", least, near_two),
        ("machine, leastRequest", machine_least, near_two),
        ("machine, p2c", machine_p2c, with_peaks),
    ]
    .map(|(name, value, bound)| {
        let name = format!("load {load}, {name}: mean time in system");
        Figure::bounded(NAME, name, value, bound)
    })
    .into();
    if load >= BUSIEST {
        let advantage = Some(Bound::AtLeast(ADVANTAGE));
        figures.extend(
            [
                ("p2c by jobs", two_choices, advantage),
                ("machine, leastRequest", machine_least, advantage),
                ("machine, p2c", machine_p2c, None),
            ]
            .map(|(name, mean, bound)| {
                let name = format!("load {load}, {name}: times better than random");
                Figure { scenario: NAME, name, value: random / mean, bound }
            }),
        );
    }
    Ok(figures)
}

//! Ten endpoints, one of which is ten times slower: the default balancer against round robin.
//!
//! Services of 10 ms and 100 ms in the mean, exponential, first come first served; 50 requests/s
//! through the machine. The slow endpoint could do 10 requests/s, and round robin brings it 5: it is
//! half busy, not overloaded, so this is the tail of a pool that works. Retries and breakers are off,
//! so that only the choice differs; a second run has them on, with a timeout per attempt.

use crate::{
    figure::{Bound, Figure},
    mesh::DocumentError,
    pool::{Measured, Pool},
};

/// Its name among the scenarios.
pub const NAME: &str = "slow endpoint";

/// Runs of a figure, each with the next seed; the figure is the worst of them.
pub const SEEDS: u64 = 10;

const FAST_S: f64 = 0.010;
const SLOW_S: f64 = 0.100;
const ENDPOINTS: usize = 10;
const REQUESTS_PER_SECOND: f64 = 50.0;
/// 200 s.
const REQUESTS: u32 = 10_000;
const WARM_UP: u32 = 1_000;
/// How much better the default's p99 must be with every seed. With the first 69 of them it was at
/// least 5.0 times.
const ADVANTAGE: f64 = 4.0;

/// What protects the calls beside the balancer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "bare, or with everything")]
pub enum Protection {
    /// Nothing.
    Off,
    /// A timeout of 250 ms per attempt, with retries and breaker as they are by default.
    On,
}

/// One run.
///
/// # Errors
/// Where its document does not compile.
pub fn run(balancer: &str, protection: Protection, seed: u64) -> Result<Measured, DocumentError> {
    let protection = match protection {
        Protection::Off => "\"retries\": false, \"breaker\": false,",
        Protection::On => "\"timeout\": { \"attempt\": \"250ms\" },",
    };
    let mut service_s = vec![FAST_S; ENDPOINTS];
    if let Some(last) = service_s.last_mut() {
        *last = SLOW_S;
    }
    let pool = Pool {
        settings: format!("\"loadBalancer\": \"{balancer}\", {protection}"),
        service_s,
        gap_s: 1.0 / REQUESTS_PER_SECOND,
        requests: REQUESTS,
        warm_up: WARM_UP,
    };
    pool.run(seed)
}

/// The figures over that many seeds, from `seed` on.
///
/// # Errors
/// Where a document does not compile.
pub fn figures(seed: u64, seeds: u64) -> Result<Vec<Figure>, DocumentError> {
    let mut figures = Vec::new();
    for (title, protection) in [("bare", Protection::Off), ("protected", Protection::On)] {
        let mut worst = Worst::default();
        for step in 0..seeds {
            let seed = seed.wrapping_add(step);
            let in_turn = run("roundRobin", protection, seed)?;
            let by_latency = run("p2c", protection, seed)?;
            worst.add(&in_turn, &by_latency);
        }
        let mut add = |name: &str, value, bound| {
            let name = format!("{title}, {name}");
            figures.push(Figure { scenario: NAME, name, value, bound });
        };
        add("roundRobin: p99 in ms, the least", worst.in_turn_s * 1e3, None);
        add("p2c: p99 in ms, the greatest", worst.by_latency_s * 1e3, None);
        add("p2c: percent of attempts at the slow one", worst.slow_share * 100.0, None);
        let advantage = Some(Bound::AtLeast(ADVANTAGE));
        add("times better at p99, the least", worst.advantage, advantage);
        add("requests that failed", worst.failed.into(), Some(Bound::AtMost(0.0)));
    }
    Ok(figures)
}

/// The worst of several runs.
struct Worst {
    in_turn_s: f64,
    by_latency_s: f64,
    advantage: f64,
    slow_share: f64,
    failed: u32,
}

impl Default for Worst {
    fn default() -> Self {
        Self {
            in_turn_s: f64::INFINITY,
            by_latency_s: 0.0,
            advantage: f64::INFINITY,
            slow_share: 0.0,
            failed: 0,
        }
    }
}

impl Worst {
    fn add(&mut self, in_turn: &Measured, by_latency: &Measured) {
        let (ours, theirs) = (by_latency.times.quantile_s(990), in_turn.times.quantile_s(990));
        let attempts: u32 = by_latency.attempts.iter().sum();
        let slow = by_latency.attempts.last().copied().unwrap_or(0);
        self.in_turn_s = self.in_turn_s.min(theirs);
        self.by_latency_s = self.by_latency_s.max(ours);
        self.advantage = self.advantage.min(theirs / ours);
        self.slow_share = self.slow_share.max(f64::from(slow) / f64::from(attempts));
        self.failed += in_turn.failed + by_latency.failed;
    }
}

//! What the machine learns of endpoints and services; it outlives a Snapshot.

use alloc::boxed::Box;

use crate::{
    balance::{adaptive::ReportedWeight, peak_ewma::PeakEwma, round_robin},
    breaker::{Breaker, BreakerState, Transition},
    concurrency::gradient2::Gradient2,
    dice::Dice,
    event::{Event, EventKind},
    latency::LatencyHistogram,
    retry::budget::RetryBudget,
    snapshot::tables::Health,
    time::Timestamp,
};

/// What is known of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointState {
    pub(super) key: u64,
    pub(super) weight: u32,
    /// Order of failover.
    pub(super) priority: u8,
    /// Latency, with failures counted as their penalty.
    pub latency: PeakEwma,
    /// Its breaker.
    pub breaker: Breaker,
    /// Weight from its own load reports.
    pub load: ReportedWeight,
    /// Attempts begun and not ended.
    pub in_flight: u32,
    /// When it last became ready; zero = it always was.
    pub ready_since: Timestamp,
    /// What health sources say.
    pub health: Health,
    /// False where this host has no way to it.
    pub reachable: bool,
    /// Totals since the isolate began.
    pub counters: EndpointCounters,
}

/// Totals of one endpoint; each wraps at 2^32.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct EndpointCounters {
    /// Attempts begun.
    pub attempts: u32,
    /// Attempts that failed: server errors, timeouts, resets, exceptions.
    pub failures: u32,
    /// Times the breaker opened.
    pub opened: u32,
}

impl Default for EndpointState {
    fn default() -> Self {
        Self {
            key: 0,
            weight: 1,
            priority: 0,
            latency: PeakEwma::default(),
            breaker: Breaker::new(),
            load: ReportedWeight::default(),
            in_flight: 0,
            ready_since: Timestamp::ZERO,
            health: Health::Healthy,
            reachable: true,
            counters: EndpointCounters::default(),
        }
    }
}

impl EndpointState {
    /// Takes traffic as far as health and reach go.
    pub(super) fn is_up(&self) -> bool {
        self.reachable && self.health == Health::Healthy
    }

    pub(super) fn set_health(&mut self, health: Health, now: Timestamp) {
        if health == Health::Healthy && self.health != Health::Healthy {
            self.ready_since = now;
        }
        self.health = health;
    }

    pub(super) const fn note(&mut self, transition: Transition, now: Timestamp) {
        match transition.to {
            BreakerState::Open { .. } => {
                self.counters.opened = self.counters.opened.wrapping_add(1);
            }
            BreakerState::Closed => self.ready_since = now,
            BreakerState::HalfOpen { .. } => {}
        }
    }
}

pub(super) const fn breaker_event(transition: Transition, now: Timestamp) -> Event {
    let kind = match transition.to {
        BreakerState::Open { .. } => EventKind::BreakerOpened,
        BreakerState::HalfOpen { .. } => EventKind::BreakerHalfOpen,
        BreakerState::Closed => EventKind::BreakerClosed,
    };
    let mut event = Event::new(kind, now);
    event.code = transition.reason as u8;
    event
}

/// What is known of one service.
#[derive(Clone, Debug, Default)]
pub struct ServiceState {
    /// Hash of its name.
    pub(super) key: u64,
    /// Its retries are paid from here.
    pub budget: RetryBudget,
    /// Place of the round-robin balancers.
    pub(super) sequence: u32,
    /// What only some services have; `None` before it is needed.
    pub load: Option<Box<ServiceLoad>>,
    /// Totals since the isolate began.
    pub counters: ServiceCounters,
}

/// What is known of the load of a service that limits it or hedges.
#[derive(Clone, Debug, Default)]
pub struct ServiceLoad {
    /// Latencies of late, where hedges go by a percentile.
    pub latencies: LatencyHistogram,
    /// Requests in flight, where a limit on them is set.
    pub in_flight: u32,
    /// How many there may be; `None` before the first.
    pub limiter: Option<Gradient2>,
}

/// Totals of one service; each wraps at 2^32.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServiceCounters {
    /// Requests begun.
    pub requests: u32,
    /// Requests answered by the service with a status below 500.
    pub successes: u32,
    /// Requests that ended otherwise.
    pub failures: u32,
    /// Further attempts made.
    pub retries: u32,
    /// Further attempts denied.
    pub retries_denied: u32,
}

impl ServiceState {
    /// Requests in flight, where a limit on them is set.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.load.as_ref().map_or(0, |load| load.in_flight)
    }

    /// The concurrency limit that it learned; 0 = none.
    #[must_use]
    pub fn concurrency(&self) -> u32 {
        let limiter = self.load.as_ref().and_then(|load| load.limiter.as_ref());
        limiter.map_or(0, Gradient2::learned)
    }

    /// A random place to start, so that cold isolates do not all begin with the first endpoint.
    pub(super) fn start_sequence(&mut self, dice: &mut impl Dice) {
        self.sequence = round_robin::start(dice);
    }
}

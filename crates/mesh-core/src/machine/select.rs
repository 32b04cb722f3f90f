//! Which endpoint takes the attempt.
//!
//! Health and breakers come before load: an endpoint that is refused is no candidate however idle
//! it is. An endpoint that waits for its probe goes first when the request could be retried, so
//! that recovery does not wait until the balancer forgets the failure's penalty.

use super::{
    BALANCERS, Machine, TRAFFIC, Terms, row,
    slots::Live,
    state::{EndpointState, ServiceState},
    state_mut,
};
use crate::{
    balance::{
        Algorithm, adaptive, geographic, least_request, least_request::Load, p2c,
        priority::OVERPROVISIONING, rendezvous, round_robin, slow_start, stride,
    },
    breaker::{Admission, BreakerConfig, BreakerMode},
    dice::Dice,
    event::{Event, EventKind, EventSink},
    limits::TRIED_ENDPOINTS_MAX,
    reason::Reason,
    snapshot::{
        Snapshot,
        row::View,
        tables::{Health, Service},
    },
    time::Timestamp,
};

/// The endpoint of an attempt, and how its breaker let it in.
pub(super) struct Pick {
    pub(super) endpoint: u32,
    pub(super) admission: Admission,
}

impl Machine {
    /// Picks an endpoint for a request that has one attempt more to make.
    #[inline(always)]
    pub(super) fn select(
        &mut self,
        live: &Live,
        terms: Terms<'_>,
        retryable: bool,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Result<Pick, Reason> {
        let service = terms.service;
        let config = &service.breaker();
        let mut census = Census::default();
        self.candidates.clear();
        for (place, endpoint) in (0u32..).zip(service.endpoints().numbers()) {
            // a run that leaves its table is not walked to its end
            let Some(state) = state_mut(&mut self.endpoints, endpoint) else { break };
            if TRAFFIC && !live.may_use(place) {
                continue;
            }
            let tried = place < TRIED_ENDPOINTS_MAX && live.tried >> place & 1 == 1;
            match census.count(state, config, now) {
                Some(Admission::Probe) if retryable && !tried => {
                    return Ok(Pick { endpoint, admission: Admission::Probe });
                }
                Some(Admission::Normal | Admission::Probe) if !tried => {
                    state.latency.start(now);
                    self.candidates.push(endpoint);
                }
                Some(_) | None => {}
            }
        }
        let panic = census.reachable > 0
            && census.ready.saturating_mul(100)
                < census.reachable.saturating_mul(u32::from(service.panic_percent()));
        if panic || self.candidates.is_empty() {
            self.widen(live, service.endpoints().numbers(), panic, config, now);
            if panic {
                sink.event(Event { service: live.service, ..Event::new(EventKind::Panic, now) });
            }
        }
        if TRAFFIC && !panic && census.failover {
            self.fail_over(live, service.endpoints().numbers());
        }
        let chosen = self.balance(live, terms, now).ok_or_else(|| census.reason())?;
        let admission = match self.endpoint_state(chosen) {
            Some(state) => state.breaker.admits(config, now),
            None => Admission::Normal,
        };
        Ok(Pick { endpoint: chosen, admission })
    }

    /// Second choice: endpoints that were tried already, or in panic all but those that somebody
    /// took out on purpose.
    #[cold]
    #[inline(never)]
    fn widen(
        &mut self,
        live: &Live,
        numbers: core::ops::Range<u32>,
        panic: bool,
        config: &BreakerConfig,
        now: Timestamp,
    ) {
        self.candidates.clear();
        for (place, endpoint) in (0u32..).zip(numbers) {
            let Some(state) = row(&self.endpoints, endpoint) else { break };
            if TRAFFIC && !live.may_use(place) {
                continue;
            }
            let admitted = state.is_up() && state.breaker.admits(config, now) != Admission::Refused;
            let usable = panic
                && state.reachable
                && state.health != Health::Draining
                && state.breaker.mode() != BreakerMode::ForceOpen;
            if usable || admitted {
                self.candidates.push(endpoint);
            }
        }
    }

    /// Leaves the candidates of one level: the first takes all while 100/140 of it is ready, then
    /// spills to the next, as Envoy's priorities do.
    #[inline(never)]
    fn fail_over(&mut self, live: &Live, numbers: core::ops::Range<u32>) {
        let Self { endpoints, candidates, dice, .. } = self;
        let level = |number: u32| row(endpoints, number).map_or(0, |state| state.priority);
        let mut draw = dice.below(100);
        let mut above = None;
        loop {
            let levels = candidates.iter().map(|&number| level(number));
            // the levels above the last one that was looked at
            let Some(at) = levels.filter(|&one| above.is_none_or(|last| one > last)).min() else {
                break;
            };
            above = Some(at);
            let states = numbers.clone().map_while(|number| row(endpoints, number));
            let all = (0u32..).zip(states).filter(|(place, state)| {
                live.may_use(*place) && state.priority == at && state.reachable
            });
            let all = all.count();
            let ready = candidates.iter().filter(|&&number| level(number) == at).count();
            let share = ready.saturating_mul(OVERPROVISIONING as usize).checked_div(all);
            let share = share.and_then(|share| u32::try_from(share).ok()).unwrap_or(100);
            if draw < share {
                break;
            }
            draw = draw.saturating_sub(share);
        }
        candidates.retain(|&number| above == Some(level(number)));
    }

    /// The balancer's choice among the candidates.
    #[inline(always)]
    fn balance(&mut self, live: &Live, terms: Terms<'_>, now: Timestamp) -> Option<u32> {
        if let [only] = self.candidates.as_slice() {
            return Some(*only);
        }
        let Self { snapshot, endpoints, services, dice, candidates, .. } = self;
        let Terms { service, policy } = terms;
        let ServiceState { sequence, .. } = state_mut(services, live.service)?;
        drop_weightless(candidates, endpoints);
        let pool = Pool { candidates, states: endpoints, snapshot, service, now };
        let n = u32::try_from(pool.candidates.len()).ok()?;
        let at = match Algorithm::from_u8(policy.balancer()) {
            Some(Algorithm::RoundRobin) => round_robin::pick(n, sequence),
            Some(Algorithm::LeastRequest) => least_request::pick(n, dice, |at| pool.load(at)),
            Some(Algorithm::Weighted) => {
                let heaviest = (0..n).map(|at| pool.weight(at)).max().unwrap_or(0);
                stride::pick(n, sequence, heaviest, |at| pool.weight(at))
            }
            Some(Algorithm::Adaptive) if BALANCERS => {
                adaptive::pick(n, sequence, |at| pool.reported(at))
            }
            Some(Algorithm::ConsistentHash) if BALANCERS => {
                rendezvous::pick(live.key, (0..n).map(|at| (pool.key(at), pool.base_weight(at))))
            }
            Some(Algorithm::Geographic) if BALANCERS => live.place.and_then(|place| {
                let tie = geographic::TIE_KM;
                geographic::pick(n, place, tie, dice, |at| pool.place(at), |at| pool.cost(at))
            }),
            Some(
                Algorithm::P2c
                | Algorithm::Adaptive
                | Algorithm::ConsistentHash
                | Algorithm::Geographic
                | Algorithm::Custom,
            )
            | None => None,
        };
        // also where the others come to nothing
        let at = at.or_else(|| p2c::pick(n, dice, |at| pool.cost(at)))?;
        pool.candidates.get(usize::try_from(at).ok()?).copied()
    }
}

/// How many endpoints are in which state.
#[derive(Default)]
struct Census {
    reachable: u32,
    up: u32,
    ready: u32,
    /// Some endpoint is only for when others fail.
    failover: bool,
}

impl Census {
    #[inline(always)]
    fn count(
        &mut self,
        state: &EndpointState,
        config: &BreakerConfig,
        now: Timestamp,
    ) -> Option<Admission> {
        self.reachable += u32::from(state.reachable);
        self.failover |= state.priority > 0;
        if !state.is_up() {
            return None;
        }
        self.up += 1;
        let admission = state.breaker.admits(config, now);
        self.ready += u32::from(admission != Admission::Refused);
        Some(admission)
    }

    /// Why there is no candidate.
    const fn reason(&self) -> Reason {
        match self {
            Self { reachable: 0, .. } => Reason::NoEndpoint,
            Self { up: 0, .. } => Reason::NoHealthyEndpoint,
            Self { .. } => Reason::BreakerOpen,
        }
    }
}

/// Leaves endpoints of weight 0 to the case that nothing else is there.
fn drop_weightless(candidates: &mut alloc::vec::Vec<u32>, states: &[EndpointState]) {
    let weighs = |number: u32| row(states, number).is_some_and(|state| state.weight > 0);
    if candidates.iter().any(|&number| weighs(number)) {
        candidates.retain(|&number| weighs(number));
    }
}

/// The candidates, as the balancers look at them.
struct Pool<'m> {
    candidates: &'m [u32],
    states: &'m [EndpointState],
    snapshot: &'m Snapshot,
    service: View<'m, Service>,
    now: Timestamp,
}

impl Pool<'_> {
    fn number(&self, at: u32) -> u32 {
        self.candidates.get(at as usize).copied().unwrap_or(0)
    }

    fn state(&self, at: u32) -> Option<&EndpointState> {
        row(self.states, self.number(at))
    }

    fn base_weight(&self, at: u32) -> u32 {
        self.state(at).map_or(1, |state| state.weight).max(1)
    }

    /// Share of its weight that a recovered endpoint has by now, in parts of 256.
    fn warmth(&self, at: u32) -> u32 {
        let Some(state) = self.state(at) else { return 256 };
        if self.service.slow_start().is_zero() || state.ready_since == Timestamp::ZERO {
            return 256;
        }
        self.warming(state)
    }

    /// [`Pool::warmth`] of an endpoint that has recovered at some time.
    #[inline(never)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of 256, at least 0"
    )]
    fn warming(&self, state: &EndpointState) -> u32 {
        let since = self.now.saturating_since(state.ready_since);
        let least = f64::from(self.service.slow_start_min_percent()) / 100.0;
        let share = slow_start::factor(since, self.service.slow_start(), least) * 256.0;
        (share as u32).min(256)
    }

    /// Weight by the endpoint's own load reports; 0 = none known.
    fn reported(&self, at: u32) -> f32 {
        self.state(at).map_or(0.0, |state| state.load.weight(self.now))
    }

    #[inline(always)]
    fn weight(&self, at: u32) -> u32 {
        self.base_weight(at).saturating_mul(self.warmth(at)).max(1)
    }

    fn cost(&self, at: u32) -> f64 {
        let Some(state) = self.state(at) else { return f64::MAX };
        state.latency.cost(state.in_flight, self.now) / f64::from(self.weight(at))
    }

    fn load(&self, at: u32) -> Load {
        let active = self.state(at).map_or(0, |state| state.in_flight);
        Load { active, weight: self.weight(at) }
    }

    fn key(&self, at: u32) -> u64 {
        self.state(at).map_or(0, |state| state.key)
    }

    fn place(&self, at: u32) -> Option<geographic::Location> {
        let row = self.snapshot.endpoints().get(self.number(at)).filter(|row| row.located == 1)?;
        geographic::Location::from_degrees(row.latitude.into(), row.longitude.into())
    }
}

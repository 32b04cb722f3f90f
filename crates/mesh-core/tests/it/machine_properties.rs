//! Random meshes, random outcomes and random clock steps against what must hold of every step.
//!
//! The reference is naive on purpose: it looks at the machine's endpoints before each call and at
//! the events after it, and keeps its own list of what is in flight.

use alloc::collections::BTreeMap;

use mesh_core::{
    balance::{Algorithm, geographic::Location},
    breaker::{Admission, BreakerConfig, BreakerMode, BreakerState},
    event::{Event, EventKind},
    limits::LEASE_SECONDS_MAX,
    machine::{Body, Caller, Machine, Outcome, Request, Send, Step, Ticket},
    method::Method,
    reason::{Denial, Reason},
    retry::{
        RetryPolicy,
        backoff::RetryBackoff,
        budget::RetryBudgetConfig,
        conditions::{RetryConditions, StatusSet},
    },
    snapshot::{
        Snapshot,
        draft::SnapshotDraft,
        tables::{Endpoint, Health, Key, KeySource, Policy, Rows, Service},
    },
    time::{Micros, Timestamp},
};
use proptest::prelude::*;

const LEASE_MAX: Micros = Micros::from_secs(LEASE_SECONDS_MAX);

/// A service, as far as the properties vary it.
#[derive(Clone, Debug)]
struct Plan {
    weights: Vec<u16>,
    balancer: u8,
    retries: u8,
    backoff: Micros,
    request_timeout: Micros,
    attempt_timeout: Micros,
    budget: RetryBudgetConfig,
    breaker: BreakerConfig,
    min_ready: u16,
    panic_percent: u8,
    slow_start: Micros,
}

impl Plan {
    fn snapshot(&self) -> Snapshot {
        let mut draft = SnapshotDraft::default();
        let name = draft.text("users");
        let len = u32::try_from(self.weights.len()).unwrap();
        draft.services.push(Service {
            name,
            endpoints: Rows { start: 0, len },
            breaker: self.breaker,
            min_ready: self.min_ready,
            panic_percent: self.panic_percent,
            slow_start: self.slow_start,
            slow_start_min_percent: 10,
            ..Service::default()
        });
        for (key, &weight) in (1u8..).zip(&self.weights) {
            let latitude = f32::from(key) * 10.0;
            let key = u64::from(key);
            let located = u8::from(key % 3 > 0);
            draft.endpoints.push(Endpoint {
                key,
                weight,
                latitude,
                located,
                ..Endpoint::default()
            });
        }
        let conditions =
            RetryConditions { statuses: StatusSet::range(500, 599), ..RetryConditions::default() };
        draft.policies.push(Policy {
            request_timeout: self.request_timeout,
            attempt_timeout: self.attempt_timeout,
            retry: RetryPolicy {
                retries: self.retries,
                conditions,
                backoff: RetryBackoff { base: self.backoff, max: Micros::from_millis(250) },
                ..RetryPolicy::default()
            },
            retry_after_max: Micros::from_secs(10),
            body_max: 100,
            budget: self.budget,
            balancer: self.balancer,
            hash: Key { source: KeySource::Path as u8, ..Key::default() },
            ..Policy::default()
        });
        Snapshot::decode(&draft.encode()).unwrap()
    }
}

fn millis(range: core::ops::Range<u64>) -> impl Strategy<Value = Micros> {
    range.prop_map(Micros::from_millis)
}

fn plans() -> impl Strategy<Value = Plan> {
    let breaker = (0u32..4, 0u16..1_000, 1u64..5, 0u8..4, 0u16..1_000).prop_map(
        |(consecutive_failures, success_ratio_permille, open, probes, jitter_permille)| {
            let open_min = Micros::from_millis(open * 100);
            BreakerConfig {
                consecutive_failures,
                success_ratio_permille,
                open_min,
                probes,
                jitter_permille,
                ..BreakerConfig::DEFAULT
            }
        },
    );
    let budget = (0u16..1_200, 0u16..3, 1u64..20).prop_map(|(permille, floor_per_second, ttl)| {
        RetryBudgetConfig { ttl: Micros::from_secs(ttl), permille, floor_per_second }
    });
    let times = (millis(0..3), millis(0..3_000), millis(0..2_000));
    let service = (0u16..3, prop_oneof![Just(0u8), Just(50)], millis(0..5_000));
    (prop::collection::vec(0u16..5, 2..=8), 0u8..=7, 0u8..5, times, budget, breaker, service)
        .prop_map(|(weights, balancer, retries, times, budget, breaker, service)| Plan {
            weights,
            balancer,
            retries,
            backoff: times.0,
            request_timeout: times.1,
            attempt_timeout: times.2,
            budget,
            breaker,
            min_ready: service.0,
            panic_percent: service.1,
            slow_start: service.2,
        })
}

/// What happens next.
#[derive(Clone, Debug)]
enum Act {
    Begin { post: bool, body: Body, key: bool, remaining: Option<Micros> },
    Resume { which: prop::sample::Index, outcome: Outcome, waiting: u8 },
    Abandon { which: prop::sample::Index },
    Stale { raw: u32 },
    Pass(Micros),
    Health { which: prop::sample::Index, health: u8 },
    Reach { which: prop::sample::Index, reachable: bool },
    Mode { which: prop::sample::Index, mode: u8 },
    Swap,
}

fn acts() -> impl Strategy<Value = Act> {
    let hint = prop::option::weighted(0.2, millis(0..4_000));
    let status = prop_oneof![Just(200u16), Just(404), Just(429), Just(500), Just(503)];
    let outcome = prop_oneof![
        4 => Just(Outcome::status(200)),
        4 => (status, hint).prop_map(|(status, retry_after)| Outcome::Response {
            status, retry_after, grpc: None, load: None, again: false
        }),
        1 => Just(Outcome::Timeout),
        1 => Just(Outcome::Reset),
        1 => Just(Outcome::ConnectFailure),
        1 => Just(Outcome::Exception),
        1 => Just(Outcome::Cancelled),
    ];
    let body = prop_oneof![4 => Just(Body::None), 1 => (0u32..200).prop_map(Body::Sized), 1 => Just(Body::Stream)];
    let which = any::<prop::sample::Index>;
    let caller = prop::option::weighted(0.2, millis(0..2_000));
    prop_oneof![
        20 => (any::<bool>(), body, any::<bool>(), caller)
            .prop_map(|(post, body, key, remaining)| Act::Begin { post, body, key, remaining }),
        30 => (which(), outcome, 0u8..8)
            .prop_map(|(which, outcome, waiting)| Act::Resume { which, outcome, waiting }),
        1 => which().prop_map(|which| Act::Abandon { which }),
        1 => any::<u32>().prop_map(|raw| Act::Stale { raw }),
        // half of the time the clock stands still
        8 => prop_oneof![millis(0..1), millis(0..20), millis(0..2_000)].prop_map(Act::Pass),
        2 => (which(), 0u8..3).prop_map(|(which, health)| Act::Health { which, health }),
        2 => (which(), any::<bool>()).prop_map(|(which, reachable)| Act::Reach { which, reachable }),
        1 => (which(), 0u8..3).prop_map(|(which, mode)| Act::Mode { which, mode }),
        1 => Just(Act::Swap),
    ]
}

/// One open ticket, as the reference knows it.
#[derive(Debug)]
struct Open {
    /// None while it waits.
    endpoint: Option<u32>,
    deadline: Option<Timestamp>,
    post: bool,
    retries: u8,
    lease_until: Timestamp,
}

struct World {
    plan: Plan,
    machine: Machine,
    now: Timestamp,
    open: BTreeMap<u32, Open>,
    events: Vec<Event>,
    /// When each request that reached the service began, and when each retry was granted.
    begun: Vec<Timestamp>,
    retried: Vec<Timestamp>,
    ended: usize,
}

impl World {
    fn new(plan: Plan, seed: u64) -> Self {
        let machine = Machine::new(plan.snapshot(), seed);
        Self {
            plan,
            machine,
            now: Timestamp::from_millis(1_000_000),
            open: BTreeMap::new(),
            events: Vec::new(),
            begun: Vec::new(),
            retried: Vec::new(),
            ended: 0,
        }
    }

    fn number(&self, which: prop::sample::Index) -> u32 {
        u32::try_from(which.index(self.plan.weights.len())).unwrap()
    }

    fn ticket(&self, which: prop::sample::Index) -> Option<u32> {
        let count = self.open.len();
        (count > 0).then(|| *self.open.keys().nth(which.index(count)).unwrap())
    }

    fn act(&mut self, act: Act) {
        self.events.clear();
        match act {
            Act::Begin { post, body, key, remaining } => self.begin(post, body, key, remaining),
            Act::Resume { which, outcome, waiting } => {
                if let Some(raw) = self.ticket(which) {
                    self.resume(raw, outcome, waiting);
                }
            }
            Act::Abandon { which } => {
                if let Some(raw) = self.ticket(which) {
                    self.open.remove(&raw);
                    self.machine.abandon(Ticket::from_raw(raw), self.now, &mut self.events);
                }
            }
            Act::Stale { raw } => {
                if !self.open.contains_key(&raw) {
                    let (ticket, now) = (Ticket::from_raw(raw), self.now);
                    let step =
                        self.machine.resume(ticket, Outcome::Reset, 0, now, &mut self.events);
                    assert!(
                        matches!(step, Step::Respond(answer) if answer.reason == Reason::Internal)
                    );
                    assert!(self.events.is_empty());
                }
            }
            Act::Pass(span) => self.now = self.now.saturating_add(span),
            Act::Health { which, health } => {
                let number = self.number(which);
                self.machine.set_health(number, Health::from_number(health), self.now);
            }
            Act::Reach { which, reachable } => {
                let number = self.number(which);
                self.machine.set_reachable(number, reachable);
            }
            Act::Mode { which, mode } => {
                let (number, mode) = (self.number(which), BreakerMode::from_u8(mode));
                self.machine.set_breaker_mode(number, mode, self.now, &mut self.events);
            }
            Act::Swap => self.machine.swap(self.plan.snapshot(), self.now),
        }
        self.ended +=
            self.events.iter().filter(|event| event.kind == EventKind::RequestEnd).count();
        self.check();
    }

    fn begin(&mut self, post: bool, body: Body, key: bool, remaining: Option<Micros>) {
        let method = if post { Method::Post } else { Method::Get };
        let path = format!("/{}", self.begun.len());
        let place =
            Location::from_degrees(f64::from(u8::try_from(self.begun.len() % 80).unwrap()), 5.0);
        let caller = Caller { remaining, idempotency_key: key, place, ..Caller::default() };
        let path = path.as_bytes();
        let request = Request { host: b"", path, query: b"", method, headers: &[], body, caller };
        let before = self.admissions();
        let own = (!self.plan.request_timeout.is_zero()).then_some(self.plan.request_timeout);
        let time = own.unwrap_or(Micros::MAX).min(remaining.unwrap_or(Micros::MAX));
        let deadline = (time < Micros::MAX).then(|| self.now.saturating_add(time));
        self.begun.push(self.now);
        let step = self.machine.begin_service(0, &request, self.now, &mut self.events);
        self.expire();
        let open = Open {
            endpoint: None,
            deadline,
            post: post && !key,
            retries: 0,
            lease_until: self.now,
        };
        self.took(step, open, &before, None);
    }

    fn resume(&mut self, raw: u32, outcome: Outcome, waiting: u8) {
        let mut open = self.open.remove(&raw).unwrap();
        let outcome = if open.endpoint.is_some() { outcome } else { Outcome::Waited };
        // the attempt's own end may open its breaker, so this is what held at least
        let before = self.admissions();
        let ticket = Ticket::from_raw(raw);
        let failed = open.endpoint.take();
        let step = self.machine.resume(ticket, outcome, waiting, self.now, &mut self.events);
        if self.events.iter().any(|event| event.kind == EventKind::Retry) {
            self.retried.push(self.now);
            open.retries += 1;
            assert!(open.retries <= self.plan.retries);
            let unsent = outcome == Outcome::ConnectFailure;
            assert!(!open.post || unsent, "a POST that was sent is not sent again");
        }
        if let Some(event) = self.events.iter().find(|event| event.kind == EventKind::RetryDenied) {
            assert!(event.code > Denial::None as u8);
            assert!(matches!(step, Step::Deliver | Step::Respond(_)));
        }
        self.took(step, open, &before, failed);
    }

    /// What each endpoint's breaker says, and whether it may take traffic at all.
    fn admissions(&self) -> Vec<(bool, Admission)> {
        (0..)
            .map_while(|number| self.machine.endpoint_state(number))
            .map(|state| {
                let up = state.reachable && state.health == Health::Healthy;
                (up, state.breaker.admits(&self.plan.breaker, self.now))
            })
            .collect()
    }

    fn took(
        &mut self,
        step: Step,
        mut open: Open,
        before: &[(bool, Admission)],
        failed: Option<u32>,
    ) {
        match step {
            Step::Send(send) => {
                self.check_send(&send, &open, before, failed);
                open.endpoint = Some(send.endpoint);
                let lease = send.timeout.saturating_mul(2).min(LEASE_MAX);
                open.lease_until = self.now.saturating_add(lease);
                assert!(self.open.insert(send.ticket.into_raw(), open).is_none());
            }
            Step::Wait(wait) => {
                if let Some(deadline) = open.deadline {
                    assert!(self.now.saturating_add(wait.delay) < deadline);
                }
                open.lease_until = self.now.saturating_add(wait.delay).saturating_add(LEASE_MAX);
                assert!(self.open.insert(wait.ticket.into_raw(), open).is_none());
            }
            Step::Deliver | Step::Pending => {}
            Step::Respond(answer) => {
                assert_ne!(answer.reason, Reason::Internal);
                assert_ne!(answer.reason, Reason::None);
            }
        }
    }

    fn check_send(
        &self,
        send: &Send,
        open: &Open,
        before: &[(bool, Admission)],
        failed: Option<u32>,
    ) {
        assert!(send.attempt <= self.plan.retries.saturating_add(1));
        assert_eq!(send.attempt, open.retries + 1);
        assert!(
            send.timeout <= send.remaining
                && send.timeout >= Micros::from_millis(1).min(send.remaining)
        );
        match open.deadline {
            Some(deadline) => {
                assert!(send.remaining >= Micros::from_millis(1));
                assert_eq!(self.now.saturating_add(send.remaining), deadline);
            }
            None => assert_eq!(send.remaining, Micros::MAX),
        }
        if !self.plan.attempt_timeout.is_zero() {
            assert!(send.timeout <= self.plan.attempt_timeout);
        }
        let state = self.machine.endpoint_state(send.endpoint).unwrap();
        let (up, admission) = before[send.endpoint as usize];
        if self.events.iter().any(|event| event.kind == EventKind::Panic) {
            assert!(self.plan.panic_percent > 0);
            assert!(state.reachable && state.health != Health::Draining);
            assert_ne!(state.breaker.mode(), BreakerMode::ForceOpen);
        } else {
            assert!(up, "down or out of reach");
            // a probe that this very call ended may have freed its endpoint
            let freed = failed == Some(send.endpoint)
                || self.events.iter().any(|event| event.kind == EventKind::LeaseExpired);
            assert!(admission != Admission::Refused || freed, "refused");
        }
    }

    /// Tickets whose leases ran out are open no more.
    fn expire(&mut self) {
        let told = self.events.iter().filter(|event| event.kind == EventKind::LeaseExpired).count();
        if told > 0 {
            let (before, now) = (self.open.len(), self.now);
            self.open.retain(|_, open| open.lease_until >= now);
            assert_eq!(before - self.open.len(), told, "one sweep ends them all");
            self.ended += told;
        }
    }

    fn check(&self) {
        assert_eq!(self.machine.in_flight(), self.open.len());
        assert_eq!(self.begun.len(), self.ended + self.open.len(), "each request ends once");
        let probes = self.plan.breaker.probes.max(1);
        for (number, state) in (0..).map_while(|n| Some((n, self.machine.endpoint_state(n)?))) {
            let open = self.open.values().filter(|open| open.endpoint == Some(number)).count();
            assert_eq!(state.in_flight as usize, open);
            if let BreakerState::HalfOpen { in_flight, succeeded, .. } = state.breaker.state() {
                assert!(in_flight <= probes && succeeded < probes);
            }
        }
        let counters = self.machine.service_state(0).unwrap().counters;
        assert_eq!(counters.requests as usize, self.begun.len());
        assert_eq!(counters.retries as usize, self.retried.len());
        if self.retried.last() == Some(&self.now) {
            self.check_budget();
        }
    }

    /// At a retry: no more of them in a ttl than the floor and the share of what the ring can remember.
    fn check_budget(&self) {
        let budget = &self.plan.budget;
        let within = |moments: &[Timestamp], span: Micros| {
            moments.iter().rev().take_while(|at| self.now.saturating_since(**at) < span).count()
                as u64
        };
        let ttl = budget.ttl;
        let memory = Micros(ttl.0 / 10 * 11);
        let paid = within(&self.begun, memory) * u64::from(budget.permille.min(1_000)) / 1_000;
        let free = ttl.0 * u64::from(budget.floor_per_second) / 1_000_000;
        assert!(within(&self.retried, ttl) <= free.max(paid));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_happens_the_machine_keeps_its_promises(
        plan in plans(),
        seed in any::<u64>(),
        acts in prop::collection::vec(acts(), 1..250),
    ) {
        let mut world = World::new(plan, seed);
        for act in acts {
            world.act(act);
        }
        // the rest is told, and nothing stays
        while let Some(&raw) = world.open.keys().next() {
            world.events.clear();
            world.resume(raw, Outcome::status(200), 0);
            world.ended += world.events.iter().filter(|event| event.kind == EventKind::RequestEnd).count();
            world.check();
        }
        prop_assert_eq!(world.machine.in_flight(), 0);
    }

    #[test]
    fn weights_hold_within_a_twentieth(
        mut plan in plans(),
        weights in prop::collection::vec(1u16..20, 2..=8),
        seed in any::<u64>(),
    ) {
        plan.weights = weights;
        plan.balancer = Algorithm::Weighted.as_u8();
        plan.request_timeout = Micros::ZERO;
        let mut machine = Machine::new(plan.snapshot(), seed);
        let mut seen = vec![0u32; plan.weights.len()];
        let sum: u32 = plan.weights.iter().map(|&weight| u32::from(weight)).sum();
        let caller = Caller::default();
        let request = Request {
            host: b"", path: b"/", query: b"", method: Method::Get, headers: &[], body: Body::None, caller,
        };
        // a clock that stands still
        let now = Timestamp::from_millis(77);
        for _ in 0..sum * 40 {
            let Step::Send(send) = machine.begin_service(0, &request, now, &mut ()) else {
                return Err(TestCaseError::fail("not sent"));
            };
            seen[send.endpoint as usize] += 1;
            let step = machine.resume(send.ticket, Outcome::status(200), 0, now, &mut ());
            prop_assert_eq!(step, Step::Deliver);
        }
        for (count, weight) in seen.iter().zip(&plan.weights) {
            let want = u32::from(*weight) * 40;
            prop_assert!(count.abs_diff(want) <= want / 20 + 1, "{:?} {:?}", seen, plan.weights);
        }
    }
}

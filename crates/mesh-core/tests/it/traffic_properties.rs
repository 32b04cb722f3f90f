//! Random rules with limits, faults, copies, splits, hedges, fallbacks, failover and concurrency
//! limits, under random outcomes, clocks and swaps.
//!
//! The reference knows only which tickets are open and to which request each belongs. What it checks:
//! a request ends once, what is counted in flight is what is open, an attempt goes where it may, and
//! nothing stays behind.

use alloc::collections::BTreeMap;

use mesh_core::{
    event::{Event, EventKind},
    limits::LEASE_SECONDS_MAX,
    machine::{Body, Caller, Machine, Outcome, Request, Step, Ticket},
    method::{Method, MethodSet},
    path,
    reason::Reason,
    retry::{
        RetryPolicy,
        backoff::RetryBackoff,
        budget::RetryBudgetConfig,
        conditions::{RetryConditions, StatusSet},
    },
    route::{MatchSpec, PathKind, PathTemplate, RouteTableBuilder, builder::PathSpec},
    snapshot::{
        Snapshot,
        draft::SnapshotDraft,
        tables::{
            Backend, Endpoint, Fault, Health, Key, KeySource, Limit, Mirror, NONE, Policy,
            RESTRICTED, Rows, Rule, Service,
        },
    },
    time::{Micros, Timestamp},
};
use proptest::prelude::*;

/// What varies of the rule and its service, number 0. Service 1 is its fallback, 2 gets its copies.
#[derive(Clone, Debug)]
struct Plan {
    priorities: Vec<u8>,
    subset: u64,
    balancer: u8,
    retries: u8,
    backoff: Micros,
    hedge: (Micros, u8),
    fallback: Option<bool>,
    fault: Fault,
    mirrors: Vec<u32>,
    limit: Option<u64>,
    room: u16,
    panic_percent: u8,
    request_timeout: Micros,
}

const ENDPOINTS_ELSEWHERE: u32 = 2;
const FALLBACK: u32 = 1;
const SHADOW: u32 = 2;

impl Plan {
    /// Services, their endpoints and policies.
    fn services(&self, draft: &mut SnapshotDraft) {
        let own = u32::try_from(self.priorities.len()).unwrap();
        let mut start = 0;
        for (number, name) in (0..).zip(["users", "spare", "shadow"]) {
            let len = if number == 0 { own } else { ENDPOINTS_ELSEWHERE };
            let service = Service {
                name: draft.text(name),
                endpoints: Rows { start, len },
                policy: number,
                panic_percent: self.panic_percent,
                concurrency_initial: self.room,
                concurrency_min: self.room,
                concurrency_max: self.room,
                ..Service::default()
            };
            draft.services.push(service);
            for place in 0..len {
                let priority = self.priorities[if number == 0 { place as usize } else { 0 }];
                let key = u64::from(number * 100 + place + 1);
                let row =
                    Endpoint { service: number, key, weight: 1, priority, ..Endpoint::default() };
                draft.endpoints.push(row);
            }
            start += len;
            let conditions = RetryConditions {
                statuses: StatusSet::range(429, 599),
                ..RetryConditions::default()
            };
            draft.policies.push(Policy {
                request_timeout: self.request_timeout,
                retry: RetryPolicy {
                    retries: self.retries,
                    conditions,
                    backoff: RetryBackoff { base: self.backoff, max: self.backoff },
                    ..RetryPolicy::default()
                },
                body_max: 100,
                budget: RetryBudgetConfig { floor_per_second: 20, ..RetryBudgetConfig::DEFAULT },
                balancer: self.balancer,
                hedge_after: self.hedge.0,
                hedge_percentile: self.hedge.1,
                hash: Key { source: KeySource::Path as u8, ..Key::default() },
                ..Policy::default()
            });
        }
    }

    fn snapshot(&self) -> Snapshot {
        let mut draft = SnapshotDraft::default();
        self.services(&mut draft);
        let backend = |service| Backend {
            service,
            policy: service,
            weight: 1,
            rewrite: NONE,
            ..Backend::default()
        };
        let (faults, mirrors) =
            (Rows { start: 0, len: 1 }, Rows { start: 0, len: number(self.mirrors.len()) });
        draft.backends = vec![
            Backend { subset: self.subset, faults, mirrors, key: 1, ..backend(0) },
            Backend { faults, mirrors, key: 2, ..backend(0) },
            backend(SHADOW),
            backend(FALLBACK),
            Backend { service: NONE, status: 200, ..backend(0) },
        ];
        // the fallback would fall back to the first one, and so would the copies
        draft.policies[1].fallback = Rows { start: 1, len: 1 };
        draft.policies[2].fallback = Rows { start: 1, len: 1 };
        if let Some(direct) = self.fallback {
            draft.policies[0].fallback = Rows { start: if direct { 4 } else { 3 }, len: 1 };
        }
        draft.faults.push(self.fault);
        draft.mirrors =
            self.mirrors.iter().map(|&millionths| Mirror { backend: 2, millionths }).collect();
        let interval = Micros::from_millis(100);
        if let Some(burst) = self.limit {
            let burst = Micros(interval.0 * burst);
            draft.limits =
                [1, 2].map(|seed| Limit { seed, interval, burst, ..Limit::default() }).to_vec();
            draft.services[0].limits = Rows { start: 1, len: 1 };
        }
        let name = draft.text("split");
        let rule = Rule {
            backends: Rows { start: 0, len: 2 },
            redirect: NONE,
            limits: Rows { start: 0, len: u32::from(self.limit.is_some()) },
            sticky: Key { source: KeySource::Cookie as u8, header: 9, name },
            sticky_cookie: draft.text("; Path=/"),
            priority_percent: 50,
            ..Rule::default()
        };
        draft.rules.push(rule);
        let mut routes = RouteTableBuilder::new();
        let path = PathSpec::Template(PathTemplate::parse(PathKind::Template, b"/api/*").unwrap());
        let (headers, query) = (vec![], vec![]);
        routes
            .add(&MatchSpec { host: "", path, methods: MethodSet::NONE, headers, query, target: 0 })
            .unwrap();
        draft.routes = routes.finish();
        Snapshot::decode(&draft.encode()).unwrap()
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap()
}

fn millis(range: core::ops::Range<u64>) -> impl Strategy<Value = Micros> {
    range.prop_map(Micros::from_millis)
}

fn plans() -> impl Strategy<Value = Plan> {
    let shares = || prop_oneof![Just(0u32), Just(1_000_000), 0u32..1_000_000];
    let fault = (millis(0..500), shares(), shares(), 0u16..4).prop_map(
        |(delay, late, abort, active_max)| Fault {
            delay,
            delay_millionths: late,
            abort_status: 503,
            abort_millionths: abort / 4,
            active_max,
            ..Fault::default()
        },
    );
    let split = (
        prop::collection::vec(0u8..3, 1..=6),
        prop_oneof![Just(0u64), (0u64..64).prop_map(|bits| RESTRICTED | bits)],
    );
    let hedge = prop_oneof![
        Just((Micros::ZERO, 0u8)),
        millis(1..300).prop_map(|after| (after, 0)),
        Just((Micros::ZERO, 90))
    ];
    let retries = (0u8..4, millis(0..3), hedge, prop::option::of(any::<bool>()));
    let rest = (
        prop::option::of(1u64..40),
        prop_oneof![Just(0u16), 1u16..12],
        prop_oneof![Just(0u8), Just(50)],
        millis(0..3_000),
    );
    (split, 0u8..7, retries, fault, prop::collection::vec(shares(), 0..3), rest).prop_map(
        |((priorities, subset), balancer, retries, fault, mirrors, rest)| Plan {
            priorities,
            subset,
            balancer,
            retries: retries.0,
            backoff: retries.1,
            hedge: retries.2,
            fallback: retries.3,
            fault,
            mirrors,
            limit: rest.0,
            room: rest.1,
            panic_percent: rest.2,
            request_timeout: rest.3,
        },
    )
}

/// What happens next.
#[derive(Clone, Debug)]
enum Act {
    Begin { by_name: bool, post: bool, body: Body },
    Resume { which: prop::sample::Index, outcome: Outcome },
    Hedge { which: prop::sample::Index, waiting: u8 },
    Abandon { which: prop::sample::Index },
    Pass(Micros),
    Health { which: prop::sample::Index, health: u8 },
    Reach { which: prop::sample::Index, reachable: bool },
    Swap,
}

fn acts() -> impl Strategy<Value = Act> {
    let outcome = prop_oneof![
        6 => prop_oneof![Just(200u16), Just(404), Just(429), Just(503)].prop_map(Outcome::status),
        1 => Just(Outcome::Timeout),
        1 => Just(Outcome::Reset),
        1 => Just(Outcome::ConnectFailure),
        1 => Just(Outcome::Exception),
        1 => Just(Outcome::Cancelled),
        1 => Just(Outcome::Waited),
    ];
    let body = prop_oneof![4 => Just(Body::None), 1 => (0u32..200).prop_map(Body::Sized), 1 => Just(Body::Stream)];
    let which = any::<prop::sample::Index>;
    prop_oneof![
        20 => (prop::bool::weighted(0.2), any::<bool>(), body).prop_map(|(by_name, post, body)| Act::Begin { by_name, post, body }),
        30 => (which(), outcome).prop_map(|(which, outcome)| Act::Resume { which, outcome }),
        12 => (which(), 0u8..8).prop_map(|(which, waiting)| Act::Hedge { which, waiting }),
        2 => which().prop_map(|which| Act::Abandon { which }),
        8 => prop_oneof![millis(0..1), millis(0..200), millis(0..3_000), Just(Micros::from_secs(400))].prop_map(Act::Pass),
        2 => (which(), 0u8..3).prop_map(|(which, health)| Act::Health { which, health }),
        2 => (which(), any::<bool>()).prop_map(|(which, reachable)| Act::Reach { which, reachable }),
        1 => Just(Act::Swap),
    ]
}

/// An open ticket.
#[derive(Clone, Debug)]
struct Open {
    request: usize,
    /// None while it waits.
    endpoint: Option<u32>,
    lease_until: Timestamp,
    hedge: bool,
}

/// What is known of a request.
#[derive(Clone, Debug)]
struct Known {
    mirror: bool,
    hedged: bool,
    /// Endpoints that it may use.
    subset: u64,
}

struct World {
    plan: Plan,
    machine: Machine,
    now: Timestamp,
    open: BTreeMap<u32, Open>,
    requests: Vec<Known>,
    events: Vec<Event>,
}

impl World {
    fn count(&self, kind: EventKind) -> usize {
        self.events.iter().filter(|event| event.kind == kind).count()
    }

    fn pick(&self, which: prop::sample::Index) -> Option<u32> {
        let count = self.open.len();
        (count > 0).then(|| *self.open.keys().nth(which.index(count)).unwrap())
    }

    fn act(&mut self, act: Act) {
        self.events.clear();
        let endpoints = self.machine.snapshot().endpoints().len() as usize;
        match act {
            Act::Begin { by_name, post, body } => self.begin(by_name, post, body),
            Act::Resume { which, outcome } => {
                if let Some(raw) = self.pick(which) {
                    self.resume(raw, outcome);
                }
            }
            Act::Hedge { which, waiting } => {
                if let Some(raw) = self.pick(which) {
                    self.hedge(raw, waiting);
                }
            }
            Act::Abandon { which } => {
                if let Some(raw) = self.pick(which) {
                    let gone = self.open.remove(&raw).unwrap();
                    self.machine.abandon(Ticket::from_raw(raw), self.now, &mut self.events);
                    self.ended(gone.request, !self.is_open(gone.request));
                }
            }
            Act::Pass(span) => self.now = self.now.saturating_add(span),
            Act::Health { which, health } => {
                let number = number(which.index(endpoints));
                self.machine.set_health(number, Health::from_number(health), self.now);
            }
            Act::Reach { which, reachable } => {
                self.machine.set_reachable(number(which.index(endpoints)), reachable);
            }
            Act::Swap => {
                self.machine.swap(self.plan.snapshot(), self.now);
                // which version range it was is forgotten
                self.requests.iter_mut().for_each(|known| known.subset = 0);
            }
        }
        self.check();
    }

    fn begin(&mut self, by_name: bool, post: bool, body: Body) {
        let method = if post { Method::Post } else { Method::Get };
        let path = format!("/api/{}", self.requests.len());
        let path = path.as_bytes();
        let caller = Caller::default();
        let request = Request { host: b"", path, query: b"", method, headers: &[], body, caller };
        let step = if by_name {
            self.machine.begin_service(0, &request, self.now, &mut self.events)
        } else {
            self.machine.begin(&request, self.now, &mut self.events)
        };
        let notes = *self.machine.notes();
        assert!(!by_name || notes.cookie.is_none());
        assert_eq!(notes.limit == NONE, self.plan.limit.is_none());
        assert!(notes.mirrors >> self.plan.mirrors.len() == 0);
        let mirrors = if by_name { 0 } else { notes.mirrors };
        self.began(step, false, if by_name { 0 } else { self.plan.subset });
        for bit in 0..8 {
            if mirrors >> bit & 1 == 1 {
                self.events.clear();
                let mut scratch = Vec::new();
                let path = path::normal(path, &mut scratch).unwrap();
                let number = notes.first_mirror + bit;
                let step = self.machine.begin_mirror_at(
                    number,
                    &request,
                    path,
                    self.now,
                    &mut self.events,
                );
                assert!(!matches!(step, Step::Wait(_)));
                self.began(step, true, 0);
            }
        }
    }

    /// `subset` is that of the first backend, and the second one has none: a request that went to an
    /// endpoint outside of it has gone to the second.
    fn began(&mut self, step: Step, mirror: bool, subset: u64) {
        self.expire();
        let outside = |endpoint: u32| subset != 0 && subset >> endpoint & 1 == 0;
        let subset = match &step {
            Step::Send(send) if send.backend == 0 && !send.fallback => {
                assert!(!outside(send.endpoint), "outside of the version range");
                subset
            }
            Step::Send(_) | Step::Wait(_) | Step::Deliver | Step::Respond(_) | Step::Pending => 0,
        };
        self.requests.push(Known { mirror, hedged: false, subset });
        let refused = matches!(
            &step,
            Step::Respond(found) if matches!(found.reason, Reason::RateLimited | Reason::ConcurrencyLimit | Reason::Overloaded)
        );
        self.took(self.requests.len() - 1, step, refused);
    }

    fn resume(&mut self, raw: u32, outcome: Outcome) {
        let open = self.open.remove(&raw).unwrap();
        let outcome = if open.endpoint.is_some() { outcome } else { Outcome::Waited };
        let ticket = Ticket::from_raw(raw);
        let step = self.machine.resume(ticket, outcome, 0, self.now, &mut self.events);
        if matches!(step, Step::Pending) {
            assert!(self.is_open(open.request), "nothing is under way");
            assert_eq!(self.count(EventKind::RequestEnd), 0);
            return;
        }
        if matches!(step, Step::Deliver | Step::Respond(_)) {
            // the other attempt is given up, and its ticket with it
            self.open.retain(|_, other| other.request != open.request);
        }
        self.took(open.request, step, false);
    }

    fn hedge(&mut self, raw: u32, waiting: u8) {
        let open = self.open[&raw].clone();
        let step = self.machine.hedge(raw, waiting, self.now, &mut self.events);
        let Step::Send(send) = step else {
            assert!(
                matches!(step, Step::Pending)
                    && self.events.iter().all(|event| event.kind == EventKind::Panic
                        || event.kind == EventKind::BreakerHalfOpen),
                "{step:?}"
            );
            return;
        };
        let known = &mut self.requests[open.request];
        assert!(!known.hedged && !known.mirror && open.endpoint.is_some());
        known.hedged = true;
        assert_eq!((self.count(EventKind::Hedge), send.hedge), (1, Micros::ZERO));
        self.took(open.request, Step::Send(send), false);
    }

    fn is_open(&self, request: usize) -> bool {
        self.open.values().any(|open| open.request == request)
    }

    /// Whether the events say that the request ended in this call.
    fn ended(&self, request: usize, ends: bool) {
        let (own, other) = if self.requests[request].mirror {
            (EventKind::MirrorEnd, EventKind::RequestEnd)
        } else {
            (EventKind::RequestEnd, EventKind::MirrorEnd)
        };
        assert_eq!(
            (self.count(own), self.count(other)),
            (usize::from(ends), 0),
            "{:?}",
            self.events
        );
    }

    fn took(&mut self, request: usize, step: Step, refused: bool) {
        let known = self.requests[request].clone();
        let lease_max = Micros::from_secs(LEASE_SECONDS_MAX);
        match step {
            Step::Send(send) => {
                let row = self.machine.snapshot().endpoints().get(send.endpoint).unwrap();
                let goes = if known.mirror {
                    SHADOW
                } else if send.fallback {
                    FALLBACK
                } else {
                    0
                };
                assert_eq!(row.service, goes);
                let state = self.machine.endpoint_state(send.endpoint).unwrap();
                assert!(state.reachable && state.health != Health::Draining);
                if !send.fallback && known.subset != 0 {
                    assert_eq!(
                        known.subset >> send.endpoint & 1,
                        1,
                        "outside of the version range"
                    );
                }
                assert!(!known.mirror || send.attempt == 1 && send.hedge.is_zero());
                let lease_until =
                    self.now.saturating_add(send.timeout.saturating_mul(2).min(lease_max));
                let hedge = !send.hedge.is_zero();
                let open = Open { request, endpoint: Some(send.endpoint), lease_until, hedge };
                assert!(self.open.insert(send.ticket.into_raw(), open).is_none());
                self.ended(request, false);
            }
            Step::Wait(wait) => {
                let lease_until = self.now.saturating_add(wait.delay).saturating_add(lease_max);
                let open = Open { request, endpoint: None, lease_until, hedge: false };
                assert!(self.open.insert(wait.ticket.into_raw(), open).is_none());
                self.ended(request, false);
            }
            Step::Deliver | Step::Respond(_) => self.ended(request, !refused),
            Step::Pending => unreachable!("handled where it may come"),
        }
    }

    /// Tickets whose leases ran out are open no more.
    fn expire(&mut self) {
        let told = self.count(EventKind::LeaseExpired);
        if told > 0 {
            let (before, now) = (self.open.len(), self.now);
            self.open.retain(|_, open| open.lease_until >= now);
            assert_eq!(before - self.open.len(), told, "one sweep ends them all");
        }
    }

    fn check(&self) {
        assert_eq!(self.machine.in_flight(), self.open.len());
        for (number, state) in (0..).map_while(|n| Some((n, self.machine.endpoint_state(n)?))) {
            let open = self.open.values().filter(|open| open.endpoint == Some(number)).count();
            assert_eq!(state.in_flight as usize, open);
        }
        for number in 0..3 {
            let held = self.machine.service_state(number).unwrap().in_flight;
            assert!(held <= u32::from(self.plan.room), "{held} at a time");
            assert!(held as usize <= self.open.len());
        }
        let hedged = self.open.values().filter(|open| open.hedge).count();
        assert!(hedged == 0 || self.plan.hedge != (Micros::ZERO, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_rules_do_a_request_ends_once_and_leaves_nothing(
        plan in plans(),
        seed in any::<u64>(),
        acts in prop::collection::vec(acts(), 1..200),
        last in prop_oneof![Just(200u16), Just(500)],
    ) {
        let machine = Machine::new(plan.snapshot(), seed);
        let now = Timestamp::from_millis(1_000_000);
        let (open, requests, events) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut world = World { plan, machine, now, open, requests, events };
        for act in acts {
            world.act(act);
        }
        // the rest is told, in bounded time
        for _ in 0..100 * (world.open.len() + 1) {
            let Some(&raw) = world.open.keys().next() else { break };
            world.events.clear();
            world.resume(raw, Outcome::status(last));
            world.check();
        }
        prop_assert_eq!(world.machine.in_flight(), 0);
        for number in 0..3 {
            prop_assert_eq!(world.machine.service_state(number).unwrap().in_flight, 0);
        }
    }
}

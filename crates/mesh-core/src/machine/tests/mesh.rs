//! A mesh of one service, a clock that moves when told, and the events so far.

use alloc::{format, vec::Vec};

use crate::{
    event::{Event, EventKind},
    hash::xxh64,
    machine::{Body, Caller, Machine, Outcome, Request, Respond, Send, Step, Ticket, Wait},
    method::{Method, MethodSet},
    reason::{Denial, Reason},
    retry::{
        RetryPolicy,
        backoff::RetryBackoff,
        budget::RetryBudgetConfig,
        conditions::{RetryConditions, StatusSet},
    },
    route::{
        PathKind, PathTemplate, RouteTableBuilder,
        builder::{ConditionSpec, MatchSpec, PathSpec, ValueSpec},
    },
    snapshot::{
        Snapshot,
        draft::{Mesh, SnapshotDraft},
        tables::{Backend, Endpoint, NONE, Policy, Rows, Rule, Service},
    },
    time::{Micros, Timestamp},
};

pub(super) const SECOND: Micros = Micros::from_secs(1);

/// What the mesh's one service, its endpoints and its one rule are like.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) service: Service,
    pub(super) policy: Policy,
    /// Their keys, texts and service are filled in by their place.
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) version: u64,
}

impl Plan {
    /// `n` endpoints, retries at once for every 5xx, and no `minReady` or panic.
    pub(super) fn of(n: usize) -> Self {
        let conditions =
            RetryConditions { statuses: StatusSet::range(500, 599), ..RetryConditions::default() };
        Self {
            service: Service { policy: 0, ..Service::default() },
            policy: Policy {
                request_timeout: Micros::from_secs(15),
                retry: RetryPolicy {
                    retries: 1,
                    conditions,
                    backoff: RetryBackoff { base: Micros::ZERO, max: Micros::ZERO },
                    ..RetryPolicy::default()
                },
                retry_after_max: Micros::from_secs(300),
                body_max: 65_536,
                budget: RetryBudgetConfig { floor_per_second: 100, ..RetryBudgetConfig::DEFAULT },
                ..Policy::default()
            },
            endpoints: alloc::vec![Endpoint { weight: 1, ..Endpoint::default() }; n],
            version: 1,
        }
    }

    /// As [`Plan::of`], with breakers that open at the first failure for one second exactly.
    pub(super) fn brittle(n: usize) -> Self {
        let mut plan = Self::of(n);
        plan.service.breaker.consecutive_failures = 1;
        plan.service.breaker.jitter_permille = 0;
        plan
    }

    pub(super) fn draft(&self) -> SnapshotDraft {
        let mut draft = SnapshotDraft::default();
        draft.mesh = Mesh { version: self.version, name: draft.text("test"), needs: 0 };
        let name = draft.text("users");
        let len = u32::try_from(self.endpoints.len()).unwrap();
        draft.services.push(Service { name, endpoints: Rows { start: 0, len }, ..self.service });
        for (place, endpoint) in self.endpoints.iter().enumerate() {
            let address = format!("binding:USERS_{place}");
            let key = if endpoint.key == 0 { xxh64(address.as_bytes(), 0) } else { endpoint.key };
            let address = draft.text(&address);
            draft.endpoints.push(Endpoint { service: 0, address, key, ..*endpoint });
        }
        draft.policies.push(self.policy);
        let backend =
            Backend { service: 0, weight: 1, policy: 0, rewrite: NONE, ..Backend::default() };
        draft.backends.push(backend);
        let name = draft.text("rules[0]");
        draft.rules.push(Rule {
            name,
            backends: Rows { start: 0, len: 1 },
            redirect: NONE,
            ..Rule::default()
        });
        draft.routes = routes(&["/api/*"]);
        draft
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::decode(&self.draft().encode()).unwrap()
    }

    pub(super) fn run(&self) -> Running {
        Running::new(self.snapshot())
    }
}

/// A route table whose paths lead to rules 0, 1 and so on.
pub(super) fn routes(paths: &[&str]) -> crate::route::RouteRows {
    let mut builder = RouteTableBuilder::new();
    add_paths(&mut builder, paths);
    builder.finish()
}

fn add_paths(builder: &mut RouteTableBuilder, paths: &[&str]) {
    for (target, path) in (0..).zip(paths) {
        let template = PathTemplate::parse(PathKind::Template, path.as_bytes()).unwrap();
        let path = PathSpec::Template(template);
        let (headers, query) = (Vec::new(), Vec::new());
        let methods = MethodSet::NONE;
        builder.add(&MatchSpec { host: "", path, methods, headers, query, target }).unwrap();
    }
}

/// The same, for requests that hand in the values of `headers` in that order. For each of `asks` a
/// run of conditions: that a header is there, or has a value.
pub(super) fn asking<const N: usize>(
    draft: &mut SnapshotDraft,
    paths: &[&str],
    headers: &[&str],
    asks: [&[(&str, ValueSpec<'_>)]; N],
) -> [Rows; N] {
    let mut builder = RouteTableBuilder::new();
    for name in headers {
        builder.header(name).unwrap();
    }
    let runs = asks.map(|asks| {
        let specs = asks.iter().map(|(name, value)| ConditionSpec { name, value: value.clone() });
        builder.conditions(&specs.collect::<Vec<_>>(), &[]).unwrap()
    });
    add_paths(&mut builder, paths);
    draft.routes = builder.finish();
    runs
}

/// A further service with `n` endpoints and its policy; the service's number.
pub(super) fn add_service(draft: &mut SnapshotDraft, name: &str, n: u32, policy: Policy) -> u32 {
    let number = u32::try_from(draft.services.len()).unwrap();
    let start = u32::try_from(draft.endpoints.len()).unwrap();
    let endpoints = Rows { start, len: n };
    draft.policies.push(policy);
    let policy = u32::try_from(draft.policies.len()).unwrap() - 1;
    let name = draft.text(name);
    draft.services.push(Service { name, endpoints, policy, ..Service::default() });
    for place in 0..n {
        let key = xxh64(&[place as u8], u64::from(number) + 1);
        draft.endpoints.push(Endpoint { service: number, key, weight: 1, ..Endpoint::default() });
    }
    number
}

/// A further backend to a service, with that service's policy.
pub(super) fn add_backend(draft: &mut SnapshotDraft, service: u32) -> Rows {
    let start = u32::try_from(draft.backends.len()).unwrap();
    let policy = draft.services[service as usize].policy;
    let backend = Backend { service, policy, weight: 1, rewrite: NONE, ..Backend::default() };
    draft.backends.push(backend);
    Rows { start, len: 1 }
}

/// A machine at work.
pub(super) struct Running {
    pub(super) machine: Machine,
    pub(super) now: Timestamp,
    pub(super) events: Vec<Event>,
}

pub(super) const GET: Request<'static> = Request {
    host: b"shop.example",
    path: b"/api/users",
    query: b"",
    method: Method::Get,
    headers: &[],
    body: Body::None,
    caller: Caller { remaining: None, place: None, depth: 0, https: false, idempotency_key: false },
};

pub(super) const POST: Request<'static> = Request { method: Method::Post, ..GET };

impl Running {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        let now = Timestamp::from_millis(1_700_000_000_000);
        Self { machine: Machine::new(snapshot, 7), now, events: Vec::new() }
    }

    pub(super) fn of(draft: &SnapshotDraft) -> Self {
        Self::new(Snapshot::decode(&draft.encode()).unwrap())
    }

    pub(super) fn wait(&mut self, span: Micros) {
        self.now = self.now.saturating_add(span);
    }

    pub(super) fn begin(&mut self, request: &Request<'_>) -> Step {
        self.machine.begin(request, self.now, &mut self.events)
    }

    pub(super) fn resume(&mut self, ticket: Ticket, outcome: Outcome) -> Step {
        self.machine.resume(ticket, outcome, 0, self.now, &mut self.events)
    }

    /// Begins a request that must be sent.
    pub(super) fn send(&mut self, request: &Request<'_>) -> Send {
        self.begin(request).sent()
    }

    /// Begins a request that the mesh must answer.
    pub(super) fn refused(&mut self, request: &Request<'_>) -> Respond {
        self.begin(request).answered()
    }

    /// Sends a request and fails or ends its first attempt; what follows.
    pub(super) fn first(&mut self, request: &Request<'_>, outcome: Outcome) -> Step {
        let send = self.send(request);
        self.resume(send.ticket, outcome)
    }

    /// One whole request without retries; the endpoint that took it.
    pub(super) fn served(&mut self, request: &Request<'_>, status: u16) -> u32 {
        let send = self.send(request);
        assert_eq!(self.resume(send.ticket, Outcome::status(status)), Step::Deliver);
        send.endpoint
    }

    pub(super) fn count(&self, kind: EventKind) -> usize {
        self.events.iter().filter(|event| event.kind == kind).count()
    }

    pub(super) fn last(&self, kind: EventKind) -> Event {
        *self.events.iter().rev().find(|event| event.kind == kind).unwrap()
    }

    /// Why the last further attempt was denied.
    pub(super) fn denial(&self) -> &'static str {
        Denial::NAMES[usize::from(self.last(EventKind::RetryDenied).code)]
    }

    /// How the last request ended.
    pub(super) fn ending(&self) -> &'static str {
        Reason::NAMES[usize::from(self.last(EventKind::RequestEnd).code)]
    }

    pub(super) fn in_flight(&self, endpoint: u32) -> u32 {
        self.machine.endpoint_state(endpoint).unwrap().in_flight
    }

    /// Names of the events since the last call.
    pub(super) fn told(&mut self) -> Vec<&'static str> {
        self.events.drain(..).map(|event| EventKind::NAMES[event.kind as usize]).collect()
    }

    /// That nothing is held any more, at the machine, an endpoint or a service.
    pub(super) fn assert_idle(&self) {
        assert_eq!(self.machine.in_flight(), 0);
        let endpoints = (0..).map_while(|number| self.machine.endpoint_state(number));
        assert!(endpoints.map(|state| state.in_flight).all(|count| count == 0));
        let services = (0..).map_while(|number| self.machine.service_state(number));
        assert!(services.map(|state| state.in_flight).all(|count| count == 0));
        assert_eq!(self.machine.delayed, 0);
    }
}

impl Step {
    pub(super) fn sent(self) -> Send {
        match self {
            Self::Send(send) => send,
            Self::Wait(_) | Self::Deliver | Self::Respond(_) | Self::Pending => {
                panic!("not sent: {self:?}")
            }
        }
    }

    pub(super) fn waited(self) -> Wait {
        match self {
            Self::Wait(wait) => wait,
            Self::Send(_) | Self::Deliver | Self::Respond(_) | Self::Pending => {
                panic!("no wait: {self:?}")
            }
        }
    }

    pub(super) fn answered(self) -> Respond {
        match self {
            Self::Respond(respond) => respond,
            Self::Send(_) | Self::Wait(_) | Self::Deliver | Self::Pending => {
                panic!("no answer: {self:?}")
            }
        }
    }
}

/// An answer that is no redirect.
pub(super) const fn answer(status: u16, reason: Reason) -> Respond {
    Respond { status, reason, location: false, backend: NONE }
}

//! The start of a request: its path's normal form, its rule, its backend.

use super::{
    Machine, Notes, TRAFFIC, respond,
    slots::Live,
    state_mut,
    step::{Respond, Step},
};
use crate::{
    balance::{Algorithm, geographic::Location},
    breaker::BreakerTicket,
    dice::Dice,
    event::{Event, EventKind, EventSink},
    filter::{self, Origin},
    hash::xxh64,
    method::Method,
    path::{self, NormalPath},
    reason::Reason,
    route::{RequestHead, condition},
    snapshot::{
        row::{Row, Table},
        tables::{Backend, Key, KeySource, NONE, Policy, Rows},
    },
    time::{Micros, Timestamp},
};

/// Whether a request's body can be sent again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a body is one of these")]
pub enum Body {
    /// There is none.
    None,
    /// Its length in bytes is known before it is read.
    Sized(u32),
    /// A stream of unknown length.
    Stream,
}

/// What the host knows of the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller {
    /// What the caller says is left of its time.
    pub remaining: Option<Micros>,
    /// Where the caller is.
    pub place: Option<Location>,
    /// Mesh hops so far.
    pub depth: u8,
    /// True where the request came over TLS.
    pub https: bool,
    /// True where it carries an `Idempotency-Key`.
    pub idempotency_key: bool,
}

/// A request as it comes in. Bytes are as the wire had them; the machine normalises the path.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Host with or without port.
    pub host: &'a [u8],
    /// Path without query.
    pub path: &'a [u8],
    /// After the `?`.
    pub query: &'a [u8],
    /// Method.
    pub method: Method,
    /// Values of `snapshot.routes().headers`, in that order.
    pub headers: &'a [Option<&'a [u8]>],
    /// The body.
    pub body: Body,
    /// The caller.
    pub caller: Caller,
}

impl Machine {
    /// Begins a request by the routing rules.
    pub fn begin(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.with_path(request, |machine, path| machine.begin_at(request, path, now, sink))
    }

    /// Begins a call to a service by its number, past the routing rules.
    pub fn begin_service(
        &mut self,
        service: u32,
        request: &Request<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.with_path(request, |machine, path| {
            machine.begin_service_at(service, request, path, now, sink)
        })
    }

    fn with_path(
        &mut self,
        request: &Request<'_>,
        begin: impl FnOnce(&mut Self, NormalPath<'_>) -> Step,
    ) -> Step {
        let mut scratch = core::mem::take(&mut self.path);
        let step = match path::normal(request.path, &mut scratch) {
            Ok(path) => begin(self, path),
            Err(error) => {
                self.forget();
                Step::Respond(error.into())
            }
        };
        self.path = scratch;
        step
    }

    /// Nothing that was found of the request before is told of the next one.
    #[inline(always)]
    const fn forget(&mut self) {
        self.last_word = false;
        if TRAFFIC {
            self.notes = Notes::NONE;
        }
    }

    /// [`Machine::begin`] for hosts that have brought the path to its normal form already; that of
    /// the request is not looked at.
    pub fn begin_at(
        &mut self,
        request: &Request<'_>,
        path: NormalPath<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.forget();
        let Some(found) = self.snapshot.routes().find(&head(request, path)) else {
            return respond(404, Reason::NoRoute);
        };
        let Some(rule) = self.snapshot.rules().get(found.target) else {
            return respond(500, Reason::Internal);
        };
        if TRAFFIC && let Some(step) = self.admit(&rule, &head(request, path), now) {
            return step;
        }
        let bytes = path.as_bytes();
        self.text.clear();
        let redirect = named(self.snapshot.redirects(), rule.redirect);
        if let Some(redirect) = redirect {
            let Request { host, query, caller, .. } = *request;
            let from = Origin { https: caller.https, host, path: bytes, query, depth: found.depth };
            filter::location(&self.snapshot, &redirect, &from, &mut self.text);
            return Step::Respond(Respond {
                status: redirect.status,
                reason: Reason::None,
                location: true,
                backend: NONE,
            });
        }
        let held = if TRAFFIC {
            self.held(&rule, found.target, &head(request, path))
        } else {
            None
        };
        let chosen =
            held.or_else(|| weighted(self.snapshot.backends(), rule.backends, &mut self.dice));
        let Some((number, backend)) = chosen else {
            return respond(500, Reason::NoBackend);
        };
        let way = Way { rule: found.target, priority: rule.priority_percent, ..Way::to(number) };
        self.start_at(request, path, found.depth, &backend, way, now, sink)
    }

    /// Begins a copy of a request that a rule mirrors, with that request as it came. Its answer is
    /// told like any other and then thrown away.
    pub fn begin_mirror_at(
        &mut self,
        mirror: u32,
        request: &Request<'_>,
        path: NormalPath<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.forget();
        let found = self.snapshot.routes().find(&head(request, path));
        let mirror = self.snapshot.mirrors().get(mirror);
        let (Some(found), Some(mirror)) = (found, mirror) else {
            return respond(404, Reason::NoRoute);
        };
        let Some(backend) = self.snapshot.backends().get(mirror.backend) else {
            return respond(500, Reason::NoBackend);
        };
        let way = Way { rule: found.target, mirror: true, ..Way::to(mirror.backend) };
        self.start_at(request, path, found.depth, &backend, way, now, sink)
    }

    #[expect(clippy::too_many_arguments, reason = "a call of its own keeps the engine small")]
    fn start_at(
        &mut self,
        request: &Request<'_>,
        path: NormalPath<'_>,
        depth: u16,
        backend: &Backend,
        way: Way,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        if backend.service == NONE {
            return if backend.status > 0 {
                direct(backend, way.backend)
            } else {
                respond(500, Reason::NoBackend)
            };
        }
        self.text.clear();
        let rewritten = named(self.snapshot.rewrites(), backend.rewrite).is_some_and(|rewrite| {
            let bytes = path.as_bytes();
            filter::rewrite_path(&self.snapshot, &rewrite, bytes, depth, &mut self.text)
        });
        let way = Way {
            service: backend.service,
            policy: backend.policy,
            rewritten,
            subset: backend.subset,
            mirrors: backend.mirrors,
            faults: backend.faults,
            ..way
        };
        self.start(request, path, way, now, sink)
    }

    /// [`Machine::begin_service`], likewise.
    pub fn begin_service_at(
        &mut self,
        service: u32,
        request: &Request<'_>,
        path: NormalPath<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.forget();
        let Some(policy) = self.snapshot.services().get(service).map(|row| row.policy) else {
            return respond(503, Reason::NoService);
        };
        let way = Way { service, policy, ..Way::to(NONE) };
        self.start(request, path, way, now, sink)
    }

    fn start(
        &mut self,
        request: &Request<'_>,
        path: NormalPath<'_>,
        way: Way,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        if request.caller.depth >= crate::limits::DEPTH_MAX {
            return respond(508, Reason::DepthExceeded);
        }
        self.expire_leases(now, sink);
        if self.slots.is_full() {
            return respond(503, Reason::Overloaded);
        }
        let Some(terms) = self.terms(way.service, way.policy) else {
            return respond(500, Reason::Internal);
        };
        if TRAFFIC {
            if let Some(step) = self.limited(terms.service.limits, &head(request, path), now) {
                return step;
            }
            let limited = terms.service.concurrency_initial > 0;
            if limited && !self.has_room(way.service, &terms.service, way.priority) {
                return respond(503, Reason::ConcurrencyLimit);
            }
            self.copies(way.mirrors);
        }
        let policy = &terms.policy;
        let own = (!policy.request_timeout.is_zero()).then_some(policy.request_timeout);
        let time = match (own, request.caller.remaining) {
            (Some(own), Some(callers)) => Some(own.min(callers)),
            (own, callers) => own.or(callers),
        };
        let mut rewritten = way.rewritten;
        if !rewritten && path.changed() {
            self.text.clear();
            self.text.extend_from_slice(path.as_bytes());
            rewritten = true;
        }
        let mut live = Live {
            service: way.service,
            policy: way.policy,
            rule: way.rule,
            backend: way.backend,
            started: now,
            deadline: time.map(|time| now.saturating_add(time)),
            attempt_started: now,
            endpoint: NONE,
            breaker: None::<BreakerTicket>,
            attempt: 0,
            full_time: true,
            tried: 0,
            key: hash_key(policy, &head(request, path), &self.snapshot, &mut self.dice),
            place: request.caller.place,
            method: request.method,
            idempotency_key: request.caller.idempotency_key,
            body: request.body,
            rewritten,
            lease_until: now,
            subset: way.subset,
            mirror: way.mirror,
            roomed: TRAFFIC && terms.service.concurrency_initial > 0,
            delayed: false,
            abort: 0,
            own: None,
            partner: NONE,
        };
        self.arrive(way.service, policy, now);
        if TRAFFIC && way.faults.len > 0 {
            let injected = self.faults(way.faults, &head(request, path));
            live.abort = injected.status;
            if !injected.delay.is_zero() {
                live.delayed = true;
                self.delayed = self.delayed.saturating_add(1);
                let left = time.unwrap_or(Micros::MAX);
                return self.pause(live, injected.delay.min(left), now);
            }
        }
        self.attempt(live, Some(&terms), None, now, sink)
    }
}

/// Where a request goes.
struct Way {
    service: u32,
    policy: u32,
    rule: u32,
    backend: u32,
    rewritten: bool,
    subset: u64,
    mirrors: Rows,
    faults: Rows,
    mirror: bool,
    priority: u8,
}

impl Way {
    /// To a backend, whose row says the rest.
    const fn to(backend: u32) -> Self {
        let nothing = Rows { start: NONE, len: 0 };
        Self {
            service: NONE,
            policy: NONE,
            rule: NONE,
            backend,
            rewritten: false,
            subset: 0,
            mirrors: nothing,
            faults: nothing,
            mirror: false,
            priority: 0,
        }
    }
}

/// The answer that a backend without a service is.
pub(super) const fn direct(backend: &Backend, number: u32) -> Step {
    Step::Respond(Respond {
        status: backend.status,
        reason: Reason::None,
        location: false,
        backend: number,
    })
}

const fn head<'a>(request: &Request<'a>, path: NormalPath<'a>) -> RequestHead<'a> {
    let Request { host, query, method, headers, .. } = *request;
    RequestHead { host, path: path.as_bytes(), query, method, headers }
}

/// The row of that number, where there is one to look for.
#[inline(always)]
fn named<T: Row>(table: Table<'_, T>, number: u32) -> Option<T> {
    if number == NONE { None } else { table.get(number) }
}

/// One of a rule's backends, by weight; `None` where no weight is above 0.
fn weighted(table: Table<'_, Backend>, rows: Rows, dice: &mut impl Dice) -> Option<(u32, Backend)> {
    let mut draw = match rows.len {
        0 | 1 => 0,
        _ => {
            let weights = table.run(rows).map(|backend| backend.weight);
            dice.below(weights.fold(0, u32::saturating_add))
        }
    };
    for number in rows.numbers() {
        let backend = table.get(number)?;
        if draw < backend.weight {
            return Some((number, backend));
        }
        draw = draw.saturating_sub(backend.weight);
    }
    None
}

/// What `consistentHash` goes by; a draw where the request has none, so that such requests spread.
fn hash_key(
    policy: &Policy,
    head: &RequestHead<'_>,
    snapshot: &crate::snapshot::Snapshot,
    dice: &mut impl Dice,
) -> u64 {
    let hashes = Algorithm::ConsistentHash.as_u8();
    if policy.balancer != hashes || !Algorithm::is_linked(hashes) {
        return 0;
    }
    let value = key_value(&policy.hash, head, snapshot);
    value.map_or_else(|| dice.roll(), |value| xxh64(value, 0))
}

/// The value of a key in a request, where it has one.
pub(super) fn key_value<'a>(
    key: &Key,
    head: &RequestHead<'a>,
    snapshot: &crate::snapshot::Snapshot,
) -> Option<&'a [u8]> {
    let name = snapshot.text(key.name);
    let header = || head.headers.get(usize::from(key.header)).copied().flatten();
    if key.source == KeySource::Path as u8 {
        Some(head.path)
    } else if key.source == KeySource::Query as u8 {
        condition::query_value(head.query, name)
    } else if key.source == KeySource::Cookie as u8 {
        header().and_then(|cookies| condition::cookie_value(cookies, name))
    } else if key.source == KeySource::Nothing as u8 {
        None
    } else {
        header()
    }
}

impl Machine {
    /// Counts a request that comes to a service; it pays for retries.
    pub(super) fn arrive(&mut self, service: u32, policy: &Policy, now: Timestamp) {
        if let Some(service) = state_mut(&mut self.services, service) {
            service.counters.requests = service.counters.requests.wrapping_add(1);
            service.budget.deposit(&policy.budget, now);
        }
    }

    /// Ends attempts whose isolate never reported.
    fn expire_leases(&mut self, now: Timestamp, sink: &mut impl EventSink) {
        while let Some(live) = self.slots.expired(now) {
            self.let_go(&live);
            if !(TRAFFIC && self.leave_to_partner(&live)) {
                self.leave(&live, None);
            }
            sink.event(Event {
                service: live.service,
                endpoint: live.endpoint,
                attempt: live.attempt,
                ..Event::new(EventKind::LeaseExpired, now)
            });
        }
    }
}

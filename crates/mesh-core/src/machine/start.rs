//! A request whose backend is known: its time, its place among those in flight, its first attempt.

use super::{
    Machine, TRAFFIC, key::hash_key, request::Arrival, respond, slots::Live, state_mut, step::Step,
    terms::Terms,
};
use crate::{
    event::{Event, EventKind, EventSink},
    reason::Reason,
    route::RequestHead,
    snapshot::{
        Snapshot,
        row::View,
        tables::{Backend, NONE, Policy},
    },
    time::{Micros, Timestamp},
};

/// Where a request goes.
pub(super) struct Way {
    pub(super) service: u32,
    pub(super) policy: u32,
    pub(super) rule: u32,
    pub(super) backend: u32,
    pub(super) rewritten: bool,
    pub(super) mirror: bool,
    pub(super) priority: u8,
}

impl Way {
    /// To a backend, whose row says the rest.
    pub(super) const fn to(backend: u32) -> Self {
        Self {
            service: NONE,
            policy: NONE,
            rule: NONE,
            backend,
            rewritten: false,
            mirror: false,
            priority: 0,
        }
    }
}

impl Machine {
    /// Starts a request on its way: its time, its place among those in flight, its first attempt.
    pub(super) fn start(
        &mut self,
        snapshot: &Snapshot,
        arrival: &Arrival<'_>,
        way: Way,
        backend: Option<View<'_, Backend>>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        let Arrival { request, path, head } = arrival;
        if request.caller.depth >= crate::limits::DEPTH_MAX {
            return respond(508, Reason::DepthExceeded);
        }
        self.expire_leases(now, sink);
        if self.slots.is_full() {
            return respond(503, Reason::Overloaded);
        }
        let Some(terms) = Terms::of(snapshot, way.service, way.policy) else {
            return respond(500, Reason::Internal);
        };
        if TRAFFIC && let Some(step) = self.room(&way, terms, head, now) {
            return step;
        }
        let backend = backend.filter(|_| TRAFFIC);
        let policy = terms.policy;
        let own = (!policy.request_timeout().is_zero()).then_some(policy.request_timeout());
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
            breaker: None,
            attempt: 0,
            full_time: true,
            tried: 0,
            key: hash_key(policy, head, snapshot, &mut self.dice),
            place: request.caller.place,
            method: request.method,
            idempotency_key: request.caller.idempotency_key,
            body: request.body,
            rewritten,
            lease_until: now,
            subset: backend.map_or(0, |row| row.subset()),
            mirror: way.mirror,
            roomed: TRAFFIC && terms.service.concurrency_initial() > 0,
            delayed: false,
            abort: 0,
            own: None,
            partner: NONE,
        };
        self.arrive(way.service, policy, now);
        if let Some(backend) = backend {
            self.copies(backend.mirrors());
            let faulty = backend.faults().len > 0;
            let injected = faulty.then(|| self.faults(backend.faults(), head));
            let injected = injected.unwrap_or_default();
            live.abort = injected.status;
            if !injected.delay.is_zero() {
                live.delayed = true;
                self.delayed = self.delayed.saturating_add(1);
                let left = time.unwrap_or(Micros::MAX);
                return self.pause(&mut live, injected.delay.min(left), now);
            }
        }
        self.attempt(&mut live, Some(terms), None, now, sink)
    }

    /// Counts a request at its service's limits; an answer where it has no room.
    fn room(
        &mut self,
        way: &Way,
        terms: Terms<'_>,
        head: &RequestHead<'_>,
        now: Timestamp,
    ) -> Option<Step> {
        let service = terms.service;
        if service.limits().len > 0 {
            let refused = self.limited(service.limits(), head, now);
            if refused.is_some() {
                return refused;
            }
        }
        let limited = service.concurrency_initial() > 0;
        let full = limited && !self.has_room(way.service, service, way.priority);
        full.then(|| respond(503, Reason::ConcurrencyLimit))
    }
    /// Counts a request that comes to a service; it pays for retries.
    pub(super) fn arrive(&mut self, service: u32, policy: View<'_, Policy>, now: Timestamp) {
        if let Some(service) = state_mut(&mut self.services, service) {
            service.counters.requests = service.counters.requests.wrapping_add(1);
            service.budget.deposit(&policy.budget(), now);
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

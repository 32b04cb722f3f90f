//! Where a request goes that got no good answer.
//!
//! A fallback is asked once, with the request as its rule would have sent it. Where it has no good
//! answer either, the request's own stands: a fallback never makes a failure look like another one.

use super::{Machine, TRAFFIC, begin, respond, slots::Live, state_mut, step::Step, terms::Terms};
use crate::{
    dice::Dice,
    event::{EventKind, EventSink},
    reason::Reason,
    route::RequestHead,
    snapshot::{
        row::View,
        tables::{NONE, Policy, Service},
    },
    time::Timestamp,
};

/// The answer that a request has without its fallback.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) status: u16,
    pub(super) reason: Reason,
    /// Whether no caller is to try again.
    pub(super) last_word: bool,
}

impl Own {
    /// The step that gives it: delivers what was `told`, or makes an answer.
    const fn stands(self, told: bool) -> Step {
        if told { Step::Deliver } else { respond(self.status, self.reason) }
    }
}

impl Live {
    /// True where its fallback is being asked.
    pub(super) const fn fallen(&self) -> bool {
        self.own.is_some()
    }

    /// True where the request can be sent to another service: it was not sent yet, or it may be
    /// sent twice.
    fn can_fall(&self, policy: View<'_, Policy>, own: Own) -> bool {
        let unsent = own.reason == Reason::ConnectFailure && self.replayable(policy);
        self.attempt == 0 || unsent || self.can_repeat(policy)
    }
}

impl Machine {
    /// Ends a request that failed: its fallback answers, or the answer that was `told` is
    /// delivered, or the mesh makes one.
    pub(super) fn conclude(
        &mut self,
        live: &mut Live,
        own: Own,
        told: bool,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        let mut last = own;
        if TRAFFIC {
            let fallen = self.fall(live, own, now, sink);
            match fallen {
                Fall::Nowhere => {}
                Fall::Back(first) => last = first,
                Fall::Direct(step) => {
                    self.end(live, own.reason, now, sink);
                    return step;
                }
                Fall::Service => {
                    let snapshot = self.snapshot.clone();
                    let terms = Terms::of(&snapshot, live.service, live.policy);
                    if let Some(Terms { policy, service }) = terms {
                        self.arrive(live.service, policy, now);
                        if self.is_full(live, service, now) {
                            let about = self.about(live, EventKind::FallbackFailed, now);
                            sink.event(about.with_reason(Reason::ConcurrencyLimit));
                            self.end(live, own.reason, now, sink);
                            self.last_word = own.last_word;
                            return own.stands(told);
                        }
                        live.roomed = service.concurrency_initial() > 0;
                        if !policy.request_timeout().is_zero() {
                            let until = now.saturating_add(policy.request_timeout());
                            live.deadline = Some(live.deadline.map_or(until, |end| end.min(until)));
                        }
                    }
                    return self.attempt(live, terms, None, now, sink);
                }
            }
        }
        self.end(live, last.reason, now, sink);
        self.last_word = last.last_word;
        last.stands(told && live.own.is_none())
    }

    /// Whether the fallback's service takes no more, by its rate limits or its concurrency limit. All
    /// requests that fall back to it are one caller.
    fn is_full(&mut self, live: &Live, service: View<'_, Service>, now: Timestamp) -> bool {
        let method = live.method;
        let head = RequestHead { host: b"", path: b"", query: b"", method, headers: &[] };
        self.limited(service.limits(), &head, now).is_some()
            || service.concurrency_initial() > 0 && !self.has_room(live.service, service, 0)
    }

    /// Where a failed request goes from here. Turns it to the fallback's service, where that is it.
    fn fall(
        &mut self,
        live: &mut Live,
        own: Own,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Fall {
        if matches!(own.reason, Reason::Cancelled | Reason::Internal) || live.mirror {
            return Fall::Nowhere;
        }
        let mut about = self.about(live, EventKind::FallbackFailed, now).with_reason(own.reason);
        if let Some(first) = live.own {
            sink.event(about);
            return Fall::Back(first);
        }
        about.kind = EventKind::Fallback;
        let snapshot = self.snapshot.clone();
        let terms = Terms::of(&snapshot, live.service, live.policy);
        let Some(Terms { policy, .. }) = terms else {
            return Fall::Nowhere;
        };
        let fallback = policy.fallback();
        let number = fallback.start;
        let Some(backend) = snapshot.backends().view(number).filter(|_| fallback.len > 0) else {
            return Fall::Nowhere;
        };
        if backend.service() == NONE {
            sink.event(about);
            return Fall::Direct(begin::direct(backend, number));
        }
        if !live.can_fall(policy, own) {
            return Fall::Nowhere;
        }
        sink.event(about);
        self.leave(live, None);
        if let Some(service) = state_mut(&mut self.services, live.service) {
            service.counters.failures = service.counters.failures.wrapping_add(1);
        }
        live.service = backend.service();
        live.policy = backend.policy();
        live.backend = number;
        live.subset = backend.subset();
        live.endpoint = NONE;
        live.breaker = None;
        live.attempt = 0;
        live.tried = 0;
        live.roomed = false;
        live.own = Some(own);
        if live.key == 0 {
            // the request that had the key is gone
            live.key = self.dice.roll();
        }
        Fall::Service
    }
}

/// Where a failed request goes.
enum Fall {
    /// It has no fallback, or none that it may go to.
    Nowhere,
    /// It was there, and has its own answer back.
    Back(Own),
    /// Its fallback is an answer.
    Direct(Step),
    /// Its fallback is a service.
    Service,
}

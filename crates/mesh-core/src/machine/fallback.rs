//! Where a request goes that got no good answer.
//!
//! A fallback is asked once, with the request as its rule would have sent it. Where it has no good
//! answer either, the request's own stands: a fallback never makes a failure look like another one.

use super::{Machine, begin, slots::Live, state_mut, step::Step};
use crate::{
    dice::Dice,
    event::{Event, EventKind, EventSink},
    reason::Reason,
    snapshot::tables::{NONE, Policy},
    time::Timestamp,
};

/// The answer that a request has without its fallback.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) status: u16,
    pub(super) reason: Reason,
}

impl Live {
    /// True where its fallback is being asked.
    pub(super) const fn fallen(&self) -> bool {
        self.own.is_some()
    }

    /// True where the request can be sent to another service: it was not sent yet, or it may be
    /// sent twice.
    fn can_fall(&self, policy: &Policy, own: Own) -> bool {
        let unsent = own.reason == Reason::ConnectFailure && self.replayable(policy);
        self.attempt == 0 || unsent || self.can_repeat(policy)
    }
}

impl Machine {
    /// Goes to the fallback, where there is one that has not been asked. Otherwise says what the
    /// request is answered with.
    pub(super) fn fall_back(
        &mut self,
        live: &Live,
        own: Own,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Result<Step, Own> {
        let about = |kind: EventKind, reason: Reason| Event {
            service: live.service,
            endpoint: live.endpoint,
            attempt: live.attempt,
            ..Event::new(kind, now).with_reason(reason)
        };
        if let Some(first) = live.own {
            sink.event(about(EventKind::FallbackFailed, own.reason));
            return Err(if own.reason == Reason::Cancelled { own } else { first });
        }
        let lost = matches!(own.reason, Reason::Cancelled | Reason::Internal);
        let policy = self.snapshot.policies().get(live.policy).unwrap_or_default();
        if lost || live.mirror || policy.fallback.len == 0 {
            return Err(own);
        }
        let number = policy.fallback.start;
        let backend = self.snapshot.backends().get(number).ok_or(own)?;
        if backend.service == NONE {
            sink.event(about(EventKind::Fallback, own.reason));
            self.end(live, own.reason, now, sink);
            return Ok(begin::direct(&backend, number));
        }
        if !live.can_fall(&policy, own) {
            return Err(own);
        }
        sink.event(about(EventKind::Fallback, own.reason));
        self.leave(live, None);
        if let Some(service) = state_mut(&mut self.services, live.service) {
            service.counters.failures = service.counters.failures.wrapping_add(1);
        }
        let terms = self.terms(backend.service, backend.policy);
        let policy = terms.as_ref().map(|terms| terms.policy).unwrap_or_default();
        self.arrive(backend.service, &policy, now);
        let time = policy.request_timeout;
        let until = (!time.is_zero()).then(|| now.saturating_add(time));
        let deadline = match (live.deadline, until) {
            (Some(whole), Some(until)) => Some(whole.min(until)),
            (whole, until) => whole.or(until),
        };
        // the request that had the key is gone
        let key = if live.key == 0 { self.dice.roll() } else { live.key };
        let next = Live {
            service: backend.service,
            policy: backend.policy,
            backend: number,
            endpoint: NONE,
            breaker: None,
            attempt: 0,
            tried: 0,
            deadline,
            key,
            subset: backend.subset,
            roomed: false,
            own: Some(own),
            ..live.clone()
        };
        Ok(self.attempt(next, terms.as_ref(), None, now, sink))
    }
}

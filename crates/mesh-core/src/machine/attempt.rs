//! One attempt: its time, its endpoint, its lease.

use super::{
    Machine, TRAFFIC, Terms,
    fallback::Own,
    respond,
    select::Pick,
    slots::Live,
    state::breaker_event,
    state_mut,
    step::{Outcome, Send, Step, Ticket, Wait, Wants},
};
use crate::{
    event::{Event, EventKind, EventSink},
    limits::{LEASE_SECONDS_MAX, TRIED_ENDPOINTS_MAX},
    reason::Reason,
    snapshot::{
        row::View,
        tables::{NONE, Service},
    },
    time::{Micros, Timestamp},
};

/// The shortest attempt worth starting: hosts time in milliseconds.
const ATTEMPT_MIN: Micros = Micros::from_millis(1);

impl Machine {
    /// Makes the next attempt of a request, or answers where none can be made. `failed` is what a
    /// previous attempt came to; a request without terms has lost its service to a new Snapshot.
    pub(super) fn attempt(
        &mut self,
        live: &mut Live,
        terms: Option<Terms<'_>>,
        failed: Option<&Outcome>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        if TRAFFIC && live.abort > 0 {
            self.end(live, Reason::FaultInjected, now, sink);
            return respond(live.abort, Reason::FaultInjected);
        }
        let remaining = live.deadline.map_or(Micros::MAX, |end| end.saturating_since(now));
        if remaining < ATTEMPT_MIN {
            if TRAFFIC && live.partner != NONE {
                return Step::Pending;
            }
            return self.give_up(live, Reason::Deadline, now, sink);
        }
        let Some(terms) = terms else {
            return self.give_up(live, Reason::NoService, now, sink);
        };
        let policy = terms.policy;
        let own = policy.attempt_timeout();
        let timeout = if own.is_zero() { remaining } else { own.min(remaining) };
        let full = if own.is_zero() { policy.request_timeout() } else { own };
        let given = if full.is_zero() { Micros::MAX } else { full };
        live.full_time = timeout >= Micros(given.0 / 2);
        let again = live.attempt < terms.retries() && live.replayable(policy);
        let retryable = again && live.repeatable(policy);
        let falls = policy.fallback().len > 0 && live.replayable(policy);
        let hedges = policy.hedges();
        let more = TRAFFIC && (falls || hedges && live.can_repeat(policy));
        let keep_body = (again || more) && live.body != super::Body::None;
        let pick = match self.select(live, terms, retryable, now, sink) {
            Ok(pick) => pick,
            Err(reason) => {
                return match failed {
                    _ if TRAFFIC && live.partner != NONE => Step::Pending,
                    Some(outcome) => self.finish(live, outcome, now, sink),
                    None => self.give_up(live, reason, now, sink),
                };
            }
        };
        live.attempt = live.attempt.saturating_add(1);
        live.attempt_started = now;
        self.take(live, terms.service, &pick, timeout, now, sink);
        let fallback = live.fallen();
        let hedge = if TRAFFIC && hedges { self.hedge_after(live, policy) } else { Micros::ZERO };
        let Live { endpoint, attempt, rule, backend, rewritten, policy: number, .. } = *live;
        match self.slots.insert(live) {
            Some(ticket) => Step::Send(Send {
                ticket: Ticket::new(ticket),
                endpoint,
                attempt,
                timeout,
                remaining,
                hedge,
                idle: policy.idle_timeout(),
                rule,
                policy: number,
                backend,
                rewritten,
                keep_body,
                fallback,
                wants: Wants::of(policy),
            }),
            None => respond(503, Reason::Overloaded),
        }
    }

    /// Puts a request aside until its wait is over.
    pub(super) fn pause(&mut self, live: &mut Live, delay: Micros, now: Timestamp) -> Step {
        live.endpoint = NONE;
        live.lease_until = now.saturating_add(delay).saturating_add(lease(Micros::MAX));
        let rewritten = TRAFFIC && live.rewritten;
        match self.slots.insert(live) {
            Some(ticket) => Step::Wait(Wait { ticket: Ticket::new(ticket), delay, rewritten }),
            None => respond(503, Reason::Overloaded),
        }
    }

    /// Books the attempt on its endpoint.
    #[inline]
    pub(super) fn take(
        &mut self,
        live: &mut Live,
        service: View<'_, Service>,
        pick: &Pick,
        timeout: Micros,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) {
        let place = pick.endpoint.saturating_sub(service.endpoints().start);
        if place < TRIED_ENDPOINTS_MAX {
            live.tried |= 1 << place;
        }
        live.endpoint = pick.endpoint;
        live.lease_until = now.saturating_add(lease(timeout));
        let config = &service.breaker();
        let Some(state) = state_mut(&mut self.endpoints, pick.endpoint) else { return };
        let (ticket, transition) =
            state.breaker.on_start(pick.admission, lease(timeout), config, now);
        live.breaker = Some(ticket);
        state.in_flight = state.in_flight.saturating_add(1);
        state.counters.attempts = state.counters.attempts.wrapping_add(1);
        if let Some(transition) = transition {
            let Live { service, endpoint, .. } = *live;
            sink.event(Event { service, endpoint, ..breaker_event(transition, now) });
        }
    }

    /// Ends a request that has no answer, unless its fallback has one.
    pub(super) fn give_up(
        &mut self,
        live: &mut Live,
        reason: Reason,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.conclude(
            live,
            Own { status: status_of(reason), reason, last_word: self.last_word },
            false,
            now,
            sink,
        )
    }

    /// Counts and tells the end of a request.
    pub(super) fn end(
        &mut self,
        live: &Live,
        reason: Reason,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) {
        if let Some(service) = state_mut(&mut self.services, live.service) {
            let counters = &mut service.counters;
            let counter = if reason == Reason::None {
                &mut counters.successes
            } else {
                &mut counters.failures
            };
            *counter = counter.wrapping_add(1);
        }
        let answered = matches!(reason, Reason::None | Reason::UpstreamStatus);
        let latency = now.saturating_since(live.attempt_started);
        self.leave(live, (answered && live.endpoint != NONE).then_some(latency));
        let kind =
            if TRAFFIC && live.mirror { EventKind::MirrorEnd } else { EventKind::RequestEnd };
        sink.event(Event {
            service: live.service,
            endpoint: live.endpoint,
            attempt: live.attempt,
            value: now.saturating_since(live.started).0,
            ..Event::new(kind, now).with_reason(reason)
        });
    }

    /// Gives back what a request holds at its service; `latency` is what its last attempt took.
    #[inline(always)]
    pub(super) fn leave(&mut self, live: &Live, latency: Option<Micros>) {
        if TRAFFIC && live.roomed {
            self.give_room(live.service, latency);
        }
    }

    /// Gives back what an attempt holds without learning from it.
    pub(super) fn let_go(&mut self, live: &Live) {
        if TRAFFIC && live.delayed {
            self.delayed = self.delayed.saturating_sub(1);
        }
        if let Some(state) = state_mut(&mut self.endpoints, live.endpoint) {
            state.in_flight = state.in_flight.saturating_sub(1);
            if let Some(ticket) = live.breaker {
                state.breaker.on_abandon(ticket);
            }
        }
    }
}

/// How long an attempt of that timeout may be silent before it is taken for dead: twice its time.
fn lease(timeout: Micros) -> Micros {
    timeout.saturating_mul(2).min(Micros::from_secs(LEASE_SECONDS_MAX))
}

/// What a failed attempt is called where it is the request's last.
pub(super) const fn reason_of(outcome: &Outcome) -> Reason {
    match outcome {
        Outcome::Response { status, .. } if *status >= 500 => Reason::UpstreamStatus,
        Outcome::Response { .. } | Outcome::Waited => Reason::None,
        Outcome::Timeout => Reason::Timeout,
        Outcome::ConnectFailure => Reason::ConnectFailure,
        Outcome::Reset => Reason::Reset,
        Outcome::Exception => Reason::UpstreamException,
        Outcome::Cancelled => Reason::Cancelled,
    }
}

/// The status of an answer of the mesh's own.
pub(super) const fn status_of(reason: Reason) -> u16 {
    match reason {
        Reason::Timeout | Reason::Deadline => 504,
        Reason::ConnectFailure | Reason::Reset | Reason::UpstreamException => 502,
        Reason::Cancelled => 499,
        Reason::Internal | Reason::NoBackend | Reason::HandlerException => 500,
        Reason::RateLimited => 429,
        Reason::NoRoute => 404,
        Reason::MethodNotAllowed => 405,
        Reason::BadPath => 400,
        Reason::PathTooLong => 414,
        Reason::DepthExceeded => 508,
        Reason::None
        | Reason::NoService
        | Reason::NoEndpoint
        | Reason::NoHealthyEndpoint
        | Reason::BreakerOpen
        | Reason::UpstreamStatus
        | Reason::Overloaded
        | Reason::ConcurrencyLimit
        | Reason::FaultInjected
        | Reason::EngineTrap => 503,
    }
}

//! What came of an attempt: what is learned, and whether there is another.

use super::{
    BALANCERS, Machine, TRAFFIC,
    attempt::reason_of,
    fallback::Own,
    respond, row,
    slots::Live,
    state::breaker_event,
    state_mut,
    step::{Outcome, Step, Ticket},
    terms::Terms,
};
use crate::{
    balance::peak_ewma::PENALTY,
    breaker::{self, Report},
    event::{Event, EventKind, EventSink},
    limits::CONNECTIONS_PER_SCOPE,
    reason::{Denial, Reason},
    retry::{
        FailedAttempt,
        conditions::{Ending, RetryOn},
        retry_after::RetryAfter,
    },
    snapshot::{
        row::View,
        tables::{NONE, Service, Transport},
    },
    time::{Micros, Timestamp},
};

impl Machine {
    /// Goes on with a request after what its ticket was given for: an attempt's outcome, or the
    /// end of a wait. `waiting` is how many connections of the same invocation wait for headers.
    #[inline(always)]
    pub fn resume(
        &mut self,
        ticket: Ticket,
        outcome: Outcome,
        waiting: u8,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.last_word = false;
        let mut removed = self.slots.remove(ticket.into_raw());
        let Some(live) = &mut removed else {
            return respond(500, Reason::Internal);
        };
        let snapshot = self.snapshot.clone();
        let terms = Terms::of(&snapshot, live.service, live.policy);
        if TRAFFIC && live.delayed {
            self.delayed = self.delayed.saturating_sub(1);
            live.delayed = false;
        }
        match outcome {
            Outcome::Waited if live.endpoint == NONE => self.attempt(live, terms, None, now, sink),
            Outcome::Waited | Outcome::Cancelled => {
                self.let_go(live);
                if TRAFFIC && self.leave_to_partner(live) {
                    return Step::Pending;
                }
                let left = matches!(outcome, Outcome::Cancelled);
                let reason = if left { Reason::Cancelled } else { Reason::Internal };
                self.give_up(live, reason, now, sink)
            }
            Outcome::Response { .. }
            | Outcome::Timeout
            | Outcome::ConnectFailure
            | Outcome::Reset
            | Outcome::Exception => self.settle(live, terms, &outcome, waiting, now, sink),
        }
    }

    /// Ends a request that will not report, such as one whose caller went away.
    pub fn abandon(&mut self, ticket: Ticket, now: Timestamp, sink: &mut impl EventSink) {
        if let Some(live) = self.slots.remove(ticket.into_raw()) {
            self.let_go(&live);
            if !(TRAFFIC && self.leave_to_partner(&live)) {
                self.end(&live, Reason::Cancelled, now, sink);
            }
        }
    }

    #[inline(always)]
    fn settle(
        &mut self,
        live: &mut Live,
        terms: Option<Terms<'_>>,
        outcome: &Outcome,
        waiting: u8,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        let seen = Seen::of(outcome);
        if matches!(outcome, Outcome::Timeout) && !live.full_time {
            // whoever left it so little time, it was not the endpoint
            self.let_go(live);
            let ended = self.about(live, EventKind::AttemptEnd, now).with_reason(Reason::Timeout);
            let value = now.saturating_since(live.attempt_started).0;
            sink.event(Event { value, ..ended });
        } else {
            self.learn(live, terms, outcome, &seen, now, sink);
        }
        if TRAFFIC && live.partner != NONE {
            if is_good(outcome, terms) {
                self.drop_partner(live);
            } else if self.leave_to_partner(live) {
                return Step::Pending;
            }
        }
        // passed on, whatever this layer would have done itself
        self.last_word = seen.last_word;
        match self.next_delay(live, terms, outcome, &seen, waiting, now) {
            Ok(None) => {}
            Ok(Some(delay)) => {
                if let Some(service) = state_mut(&mut self.services, live.service) {
                    service.counters.retries = service.counters.retries.wrapping_add(1);
                }
                sink.event(Event { value: delay.0, ..self.about(live, EventKind::Retry, now) });
                if delay.is_zero() {
                    return self.attempt(live, terms, Some(outcome), now, sink);
                }
                return self.pause(live, delay, now);
            }
            Err(denial) => {
                self.last_word |= matches!(denial, Denial::Attempts | Denial::Budget);
                if let Some(service) = state_mut(&mut self.services, live.service) {
                    let denied = &mut service.counters.retries_denied;
                    *denied = denied.wrapping_add(1);
                }
                sink.event(self.about(live, EventKind::RetryDenied, now).with_denial(denial));
            }
        }
        self.finish(live, outcome, now, sink)
    }

    /// Ends a request with what its last attempt came to.
    pub(super) fn finish(
        &mut self,
        live: &mut Live,
        outcome: &Outcome,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        let reason = reason_of(outcome);
        if let Outcome::Response { status, .. } = *outcome {
            if reason == Reason::None {
                self.end(live, reason, now, sink);
                return Step::Deliver;
            }
            return self.conclude(
                live,
                Own { status, reason, last_word: self.last_word },
                true,
                now,
                sink,
            );
        }
        let over = live.deadline.is_some_and(|deadline| deadline <= now);
        let reason = if reason == Reason::Timeout && over { Reason::Deadline } else { reason };
        self.give_up(live, reason, now, sink)
    }

    /// Teaches the endpoint's latency, breaker and load what the attempt came to.
    #[inline(always)]
    fn learn(
        &mut self,
        live: &Live,
        terms: Option<Terms<'_>>,
        outcome: &Outcome,
        seen: &Seen,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) {
        let latency = now.saturating_since(live.attempt_started);
        let may_open = terms.is_some_and(|terms| self.may_open(terms.service, live.endpoint));
        let Some(state) = state_mut(&mut self.endpoints, live.endpoint) else { return };
        state.in_flight = state.in_flight.saturating_sub(1);
        if seen.class == breaker::Outcome::Success {
            state.latency.record(latency, now);
            let hedges = TRAFFIC && terms.is_some_and(|terms| terms.policy.hedge_percentile() > 0);
            if let Some(service) = state_mut(&mut self.services, live.service).filter(|_| hedges) {
                service.load.get_or_insert_default().latencies.record(latency);
            }
        } else {
            state.latency.record_failure(PENALTY, seen.hint, now);
        }
        if seen.class == breaker::Outcome::Failure {
            state.counters.failures = state.counters.failures.wrapping_add(1);
        }
        if BALANCERS && let Outcome::Response { load: Some(report), .. } = outcome {
            state.load.record(report, now);
        }
        let mut moved = None;
        if let (Some(ticket), Some(terms)) = (live.breaker, terms) {
            let report = Report { outcome: seen.class, latency, retry_after: seen.hint, may_open };
            let config = &terms.service.breaker();
            moved = state.breaker.on_result(ticket, &report, config, now, &mut self.dice);
            if let Some(transition) = moved {
                state.note(transition, now);
            }
        }
        let ended = self.about(live, EventKind::AttemptEnd, now).with_reason(reason_of(outcome));
        sink.event(Event { value: latency.0, ..ended });
        if let Some(transition) = moved {
            let Live { service, endpoint, .. } = *live;
            sink.event(Event { service, endpoint, ..breaker_event(transition, now) });
        }
    }

    /// True while other endpoints of the service would still be `minReady`.
    fn may_open(&self, service: View<'_, Service>, endpoint: u32) -> bool {
        let others = service.endpoints().numbers().filter(|&number| number != endpoint);
        let ready = others
            .map_while(|number| row(&self.endpoints, number))
            .filter(|state| state.is_up() && state.breaker.is_ready())
            .count();
        ready >= usize::from(service.min_ready())
    }

    /// How long until the next attempt; `None` where the outcome is the answer.
    fn next_delay(
        &mut self,
        live: &Live,
        terms: Option<Terms<'_>>,
        outcome: &Outcome,
        seen: &Seen,
        waiting: u8,
        now: Timestamp,
    ) -> Result<Option<Micros>, Denial> {
        let Some(terms) = terms else { return Ok(None) };
        let policy = terms.policy;
        let Some(ending) = ending(outcome) else { return Ok(None) };
        let retry = terms.retry();
        if retry.retries == 0 || TRAFFIC && live.mirror {
            return Ok(None);
        }
        let left = live.deadline.map_or(Micros::MAX, |end| end.saturating_since(now));
        let failed = FailedAttempt {
            ending,
            retries_done: live.attempt.saturating_sub(1),
            method: live.method,
            idempotency_key: live.idempotency_key,
            replayable: live.replayable(policy),
            retry_after: seen.hint,
            // hosts wait whole milliseconds and an attempt needs one itself
            remaining: left.saturating_sub(Micros::from_millis(2)),
        };
        match retry.forbids(&failed) {
            Some(Denial::None) => return Ok(None),
            Some(denial) => return Err(denial),
            None if seen.last_word => return Err(Denial::LastWord),
            None => {}
        }
        if self.is_crowded(live.endpoint, waiting).ok_or(Denial::Endpoint)? {
            return Err(Denial::Connections);
        }
        if failed.retry_after.is_some_and(|hint| hint > policy.retry_after_max()) {
            return Err(Denial::RetryAfter);
        }
        let service = state_mut(&mut self.services, live.service).ok_or(Denial::Endpoint)?;
        retry.pay(&failed, &mut service.budget, &policy.budget(), now, &mut self.dice).map(Some)
    }

    /// True where an attempt at such an endpoint would wait for one of the platform's connections;
    /// `None` where there is no such endpoint.
    pub(super) fn is_crowded(&self, endpoint: u32, waiting: u8) -> Option<bool> {
        let endpoint = self.snapshot.endpoints().get(endpoint)?;
        let crowded = waiting >= CONNECTIONS_PER_SCOPE;
        Some(crowded && Transport::takes_connection(endpoint.transport))
    }

    pub(super) const fn about(&self, live: &Live, kind: EventKind, now: Timestamp) -> Event {
        let mut event = Event::new(kind, now);
        event.service = live.service;
        event.endpoint = live.endpoint;
        event.attempt = live.attempt;
        event
    }
}

/// An outcome as breakers and balancers see it.
struct Seen {
    class: breaker::Outcome,
    /// A `Retry-After` where the status gives it meaning.
    hint: Option<Micros>,
    /// True for a failure that a mesh below has retried already.
    last_word: bool,
}

impl Seen {
    fn of(outcome: &Outcome) -> Self {
        let Outcome::Response { status, retry_after, grpc, .. } = *outcome else {
            return Self { class: breaker::Outcome::Failure, hint: None, last_word: false };
        };
        let limited = status == 429 || grpc == Some(8);
        let failed = status >= 500 || matches!(grpc, Some(2 | 4 | 13 | 14 | 15));
        let class = if limited {
            breaker::Outcome::RateLimited
        } else if failed {
            breaker::Outcome::Failure
        } else {
            breaker::Outcome::Success
        };
        let means_it = limited || status == 503 || grpc == Some(14);
        let never = retry_after == Some(RetryAfter::NEVER);
        let hint = retry_after.filter(|_| means_it && !never);
        Self { class, hint, last_word: never && class != breaker::Outcome::Success }
    }
}

/// True for an answer that ends the other attempt of a hedged request: one that is neither a failure
/// nor worth another attempt.
fn is_good(outcome: &Outcome, terms: Option<Terms<'_>>) -> bool {
    let conditions = terms.map(|terms| terms.policy.retry().conditions);
    let again = conditions.zip(ending(outcome)).is_some_and(|(on, ending)| on.matches(&ending));
    reason_of(outcome) == Reason::None && !again
}

/// The outcome as retry conditions see it; `None` where there was no attempt.
const fn ending(outcome: &Outcome) -> Option<Ending> {
    Some(match *outcome {
        Outcome::Response { status, grpc, again, .. } => {
            let host =
                if again { RetryOn::HEADER.union(RetryOn::PREDICATE) } else { RetryOn::NONE };
            Ending::Answered { status, grpc, host }
        }
        // over public fetch a callee that throws is a 500; over a binding it is the same fault
        Outcome::Exception => Ending::Answered { status: 500, grpc: None, host: RetryOn::NONE },
        Outcome::Timeout => Ending::TimedOut,
        Outcome::ConnectFailure => Ending::ConnectFailure,
        Outcome::Reset => Ending::Reset,
        Outcome::Waited | Outcome::Cancelled => return None,
    })
}

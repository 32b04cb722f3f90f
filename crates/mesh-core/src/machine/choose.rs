//! Balancers of a host's own: the machine proposes an endpoint, the host may take another.

use super::{Machine, Terms, row, slots::Live, state::breaker_event, state_mut};
use crate::{
    breaker::Admission,
    event::{Event, EventSink},
    limits::TRIED_ENDPOINTS_MAX,
    time::Timestamp,
};

impl Machine {
    /// Moves an attempt that was just ordered to another endpoint of its service. False where that
    /// takes no traffic now (it cannot be reached, is not healthy, or its breaker is open) or is not
    /// open to the request; then all is as it was.
    pub fn move_to(
        &mut self,
        ticket: u32,
        endpoint: u32,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> bool {
        let snapshot = self.snapshot.clone();
        let Some(live) = self.slots.get(ticket) else { return false };
        let Some(terms) = Terms::of(&snapshot, live.service, live.policy) else { return false };
        let service = terms.service;
        let Some(place) = endpoint.checked_sub(service.endpoints().start) else { return false };
        let config = &service.breaker();
        let admission = row(&self.endpoints, endpoint)
            .filter(|state| state.is_up())
            .map_or(Admission::Refused, |state| state.breaker.admits(config, now));
        let theirs = place >= service.endpoints().len || !live.may_use(place);
        if theirs || admission == Admission::Refused {
            return false;
        }
        let Live { endpoint: before, lease_until, breaker: held, tried, .. } = *live;
        if before == endpoint {
            return true;
        }
        if let Some(state) = state_mut(&mut self.endpoints, before) {
            state.in_flight = state.in_flight.saturating_sub(1);
            state.counters.attempts = state.counters.attempts.wrapping_sub(1);
            if let Some(held) = held {
                state.breaker.on_abandon(held);
            }
        }
        let Some(state) = state_mut(&mut self.endpoints, endpoint) else { return false };
        let lease = lease_until.saturating_since(now);
        let (breaker, transition) = state.breaker.on_start(admission, lease, config, now);
        state.in_flight = state.in_flight.saturating_add(1);
        state.counters.attempts = state.counters.attempts.wrapping_add(1);
        let bit = |place: u32| if place < TRIED_ENDPOINTS_MAX { 1 << place } else { 0 };
        let left = before.saturating_sub(service.endpoints().start);
        let Some(live) = self.slots.get_mut(ticket) else { return false };
        live.endpoint = endpoint;
        live.breaker = Some(breaker);
        live.tried = tried & !bit(left) | bit(place);
        if let Some(transition) = transition {
            let service = live.service;
            sink.event(Event { service, endpoint, ..breaker_event(transition, now) });
        }
        true
    }
}

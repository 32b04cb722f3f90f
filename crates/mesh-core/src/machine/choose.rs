//! Balancers of a host's own: the machine proposes an endpoint, the host may take another.

use super::{Machine, Terms, row, select::Pick, state_mut};
use crate::{
    breaker::Admission,
    event::EventSink,
    limits::TRIED_ENDPOINTS_MAX,
    time::{Micros, Timestamp},
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
        if live.endpoint == endpoint {
            return true;
        }
        let mut live = *live;
        let Some(terms) = Terms::of(&snapshot, live.service, live.policy) else { return false };
        let service = terms.service;
        let first = service.endpoints().start;
        let place = endpoint.wrapping_sub(first);
        if place >= service.endpoints().len || !live.may_use(place) {
            return false;
        }
        let config = &service.breaker();
        let admission = match row(&self.endpoints, endpoint) {
            Some(state) if state.is_up() => state.breaker.admits(config, now),
            Some(_) | None => Admission::Refused,
        };
        if admission == Admission::Refused {
            return false;
        }
        let before = live.endpoint;
        self.let_go(&live);
        if let Some(state) = state_mut(&mut self.endpoints, before) {
            state.counters.attempts = state.counters.attempts.wrapping_sub(1);
        }
        let left = before.wrapping_sub(first);
        if left < TRIED_ENDPOINTS_MAX {
            live.tried &= !(1 << left);
        }
        // as long as it was given with the first choice
        let timeout = Micros(live.lease_until.saturating_since(now).0 / 2);
        self.take(&mut live, service, &Pick { endpoint, admission }, timeout, now, sink);
        if let Some(place) = self.slots.get_mut(ticket) {
            *place = live;
        }
        true
    }
}

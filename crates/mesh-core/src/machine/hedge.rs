//! Hedges: a second attempt beside a first one that is slow, so that one slow endpoint does not
//! make a request slow. The better of the two answers counts.
//!
//! A hedge is paid for like a retry, from the service's budget and the invocation's connections,
//! and there is at most one for each request.

use super::{
    Machine,
    slots::Live,
    state_mut,
    step::{Step, Ticket},
    terms::Terms,
};
use crate::{
    event::{Event, EventKind, EventSink},
    snapshot::{
        row::View,
        tables::{NONE, Policy},
    },
    time::{Micros, Timestamp},
};

impl Machine {
    /// How long an attempt is waited for before a hedge; zero = there is none.
    pub(super) fn hedge_after(&self, live: &Live, policy: View<'_, Policy>) -> Micros {
        let percent = policy.hedge_percentile();
        if !policy.hedges()
            || live.attempt != 1
            || live.fallen()
            || live.mirror
            || !live.can_repeat(policy)
        {
            return Micros::ZERO;
        }
        if percent == 0 {
            return policy.hedge_after();
        }
        let state = super::row(&self.services, live.service);
        let load = state.and_then(|state| state.load.as_ref());
        load.and_then(|load| load.latencies.percentile(percent)).unwrap_or(Micros::ZERO)
    }

    /// Begins the second attempt of a request whose first is slow, where the budget and the
    /// connections that wait, `waiting`, leave room for it; else [`Step::Pending`].
    pub fn hedge(
        &mut self,
        ticket: u32,
        waiting: u8,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        let alone = |first: &&Live| first.partner == NONE && first.endpoint != NONE;
        let Some(first) = self.slots.get(ticket).filter(alone) else { return Step::Pending };
        if self.slots.is_full() {
            return Step::Pending;
        }
        let mut second = *first;
        let snapshot = self.snapshot.clone();
        let terms = Terms::of(&snapshot, second.service, second.policy);
        let Some(terms) = terms else { return Step::Pending };
        if self.hedge_after(&second, terms.policy).is_zero()
            || self.is_crowded(second.endpoint, waiting) != Some(false)
            || !self.pays(&second, terms.policy, now)
        {
            return Step::Pending;
        }
        let waited = now.saturating_since(second.attempt_started);
        second.endpoint = NONE;
        second.breaker = None;
        second.roomed = false;
        second.partner = ticket;
        let step = self.attempt(&mut second, Some(terms), None, now, sink);
        let Step::Send(send) = step else { return Step::Pending };
        let (other, attempt) = (Some(&send.ticket).map_or(NONE, Ticket::raw), send.attempt);
        if let Some(first) = self.slots.get_mut(ticket) {
            first.partner = other;
            first.attempt = attempt;
            let about = Event::new(EventKind::Hedge, now);
            let Live { service, .. } = *first;
            let endpoint = send.endpoint;
            sink.event(Event { service, endpoint, attempt, value: waited.0, ..about });
        }
        Step::Send(send)
    }

    fn pays(&mut self, live: &Live, policy: View<'_, Policy>, now: Timestamp) -> bool {
        state_mut(&mut self.services, live.service)
            .is_some_and(|service| service.budget.withdraw(&policy.budget(), now))
    }

    /// The other attempt of a hedged request goes on alone.
    pub(super) fn leave_to_partner(&mut self, live: &Live) -> bool {
        if live.partner == NONE {
            return false;
        }
        let Some(partner) = self.slots.get_mut(live.partner) else { return false };
        partner.partner = NONE;
        partner.roomed |= live.roomed;
        partner.tried |= live.tried;
        true
    }

    /// The other attempt of a hedged request is given up: this one has the answer.
    pub(super) fn drop_partner(&mut self, live: &mut Live) {
        if let Some(partner) = self.slots.remove(live.partner) {
            self.let_go(&partner);
            live.roomed |= partner.roomed;
        }
        live.partner = NONE;
    }
}

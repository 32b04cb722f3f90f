//! Requests in flight: a bounded slab whose entries are leases.
//!
//! An isolate's request can be killed without its `finally` running, so an attempt that never
//! reports is ended by the slab when its lease is over.

use alloc::vec::Vec;

use super::{Body, fallback::Own};
use crate::{
    balance::geographic::Location,
    breaker::BreakerTicket,
    limits::REQUESTS_IN_FLIGHT_MAX,
    method::Method,
    snapshot::{
        row::View,
        tables::{Policy, SUBSET_ENDPOINTS_MAX},
    },
    time::{Micros, Timestamp},
};

/// Low bits of a ticket that hold the slot; the rest is its generation.
const INDEX_BITS: u32 = 12;
const _: () = assert!(REQUESTS_IN_FLIGHT_MAX <= 1 << INDEX_BITS, "tickets must name every slot");

/// How often expired leases are looked for.
const SWEEP_EVERY: Micros = Micros::from_secs(1);

/// One request between two calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    pub(super) service: u32,
    pub(super) policy: u32,
    pub(super) rule: u32,
    pub(super) backend: u32,
    pub(super) started: Timestamp,
    /// End of the request's time, or `None`.
    pub(super) deadline: Option<Timestamp>,
    pub(super) attempt_started: Timestamp,
    /// The attempt's endpoint, or `NONE` while waiting.
    pub(super) endpoint: u32,
    pub(super) breaker: Option<BreakerTicket>,
    pub(super) attempt: u8,
    /// True where the attempt has at least half of the time that the policy gives one: then being
    /// too late is the endpoint's failure.
    pub(super) full_time: bool,
    /// Endpoints tried, by their place in the service.
    pub(super) tried: u64,
    /// What `consistentHash` goes by.
    pub(super) key: u64,
    pub(super) place: Option<Location>,
    pub(super) method: Method,
    pub(super) idempotency_key: bool,
    pub(super) body: Body,
    pub(super) rewritten: bool,
    /// After this the isolate is taken to be gone.
    pub(super) lease_until: Timestamp,
    /// Endpoints that it may use; see `Backend::subset`.
    pub(super) subset: u64,
    /// A copy, whose answer nobody waits for.
    pub(super) mirror: bool,
    /// Counts among its service's requests in flight.
    pub(super) roomed: bool,
    /// A fault delays it.
    pub(super) delayed: bool,
    /// Status of a fault that ends it; 0 = none.
    pub(super) abort: u16,
    /// While its fallback is asked: the answer that stands where that one fails.
    pub(super) own: Option<Own>,
    /// Ticket of the other attempt of a hedged request, or `NONE`.
    pub(super) partner: u32,
}

impl Live {
    /// True where the endpoint at that place of its service is open to the request.
    pub(super) const fn may_use(&self, place: u32) -> bool {
        self.subset == 0 || place < SUBSET_ENDPOINTS_MAX && self.subset >> place & 1 == 1
    }

    /// True where an attempt that may have done its work can be made again.
    pub(super) fn repeatable(&self, policy: View<'_, Policy>) -> bool {
        policy.retry().methods.contains(self.method) || self.idempotency_key
    }

    /// True where the body can be sent again: there is none, or the host keeps it. It keeps no
    /// bytes for a request whose only retry would be after a connect failure.
    pub(super) fn replayable(&self, policy: View<'_, Policy>) -> bool {
        match self.body {
            Body::None | Body::Sized(0) => true,
            Body::Sized(bytes) => bytes <= policy.body_max() && self.repeatable(policy),
            Body::Stream => false,
        }
    }

    /// True where all of the request can be sent twice, whatever came of it.
    pub(super) fn can_repeat(&self, policy: View<'_, Policy>) -> bool {
        self.repeatable(policy) && self.replayable(policy)
    }
}

#[derive(Clone, Debug, Default)]
struct Slot {
    generation: u32,
    live: Option<Live>,
}

#[derive(Clone, Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    next_sweep: Timestamp,
}

impl Slots {
    pub(super) const fn empty() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), next_sweep: Timestamp::ZERO }
    }

    pub(super) const fn in_use(&self) -> usize {
        self.slots.len().saturating_sub(self.free.len())
    }

    /// True where there is no room for one request more.
    pub(super) const fn is_full(&self) -> bool {
        self.in_use() >= REQUESTS_IN_FLIGHT_MAX
    }

    /// Takes a slot; `None` where all are in use.
    pub(super) fn insert(&mut self, live: &Live) -> Option<u32> {
        if let Some(index) = self.free.pop() {
            let slot = self.slots.get_mut(usize::try_from(index).ok()?)?;
            slot.live = Some(*live);
            return Some(index | slot.generation << INDEX_BITS);
        }
        if self.slots.len() >= REQUESTS_IN_FLIGHT_MAX {
            return None;
        }
        let index = u32::try_from(self.slots.len()).ok()?;
        self.slots.push(Slot { generation: 0, live: Some(*live) });
        Some(index)
    }

    /// Ends a request and frees its slot.
    pub(super) fn remove(&mut self, ticket: u32) -> Option<Live> {
        let slot = self.slots.get_mut(index_of(ticket))?;
        if slot.generation != ticket >> INDEX_BITS {
            return None;
        }
        let live = slot.live.take();
        if live.is_some() {
            slot.generation = slot.generation.wrapping_add(1) & (u32::MAX >> INDEX_BITS);
            self.free.push(ticket & ((1 << INDEX_BITS) - 1));
        }
        live
    }

    /// A request in flight.
    pub(super) fn get(&self, ticket: u32) -> Option<&Live> {
        let slot = self.slots.get(index_of(ticket))?;
        slot.live.as_ref().filter(|_| slot.generation == ticket >> INDEX_BITS)
    }

    /// A request in flight, to change.
    pub(super) fn get_mut(&mut self, ticket: u32) -> Option<&mut Live> {
        let slot = self.slots.get_mut(index_of(ticket))?;
        slot.live.as_mut().filter(|_| slot.generation == ticket >> INDEX_BITS)
    }

    /// Every request in flight.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Live> {
        self.slots.iter_mut().filter_map(|slot| slot.live.as_mut())
    }

    /// Removes one request whose lease is over, at most once in [`SWEEP_EVERY`] per round.
    pub(super) fn expired(&mut self, now: Timestamp) -> Option<Live> {
        if now < self.next_sweep {
            return None;
        }
        let over = (0u32..).zip(&self.slots).find_map(|(index, slot)| {
            let live = slot.live.as_ref()?;
            (live.lease_until < now).then_some(index | slot.generation << INDEX_BITS)
        });
        match over {
            Some(ticket) => self.remove(ticket),
            None => {
                self.next_sweep = now.saturating_add(SWEEP_EVERY);
                None
            }
        }
    }
}

const fn index_of(ticket: u32) -> usize {
    (ticket & ((1 << INDEX_BITS) - 1)) as usize
}

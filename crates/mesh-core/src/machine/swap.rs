//! Taking a new Snapshot into use: what was learned stays with its endpoint and its service, and
//! requests in flight end on the rows of the new one.

use alloc::{vec, vec::Vec};

use super::{
    Machine,
    slots::Live,
    state::{EndpointState, ServiceState},
};
use crate::{
    breaker::BreakerMode,
    hash::xxh64,
    limits::SWAP_LOOKS_MAX,
    snapshot::{
        Snapshot,
        tables::{Health, NONE},
    },
    time::Timestamp,
};

impl Machine {
    /// Takes `snapshot` into use. State follows endpoints by their key and services by name; what
    /// the new one does not hold is forgotten. An endpoint that becomes healthy starts slowly.
    pub fn swap(&mut self, snapshot: Snapshot, now: Timestamp) {
        self.snapshot = snapshot;
        let new = &self.snapshot;

        let mut states = core::mem::take(&mut self.endpoints);
        let mut endpoints = Moves::of(states.iter().map(|state| state.key).collect());
        for (number, row) in (0u32..).zip(new.endpoints().iter()) {
            let known = endpoints.find(number, row.key).and_then(|at| states.get_mut(at));
            let health = Health::from_number(row.health);
            self.endpoints.push(EndpointState::default());
            let Some(state) = self.endpoints.last_mut() else { continue };
            match known {
                Some(known) => {
                    core::mem::swap(state, known);
                    state.set_health(health, now);
                }
                None => state.health = health,
            }
            state.key = row.key;
            state.weight = row.weight.into();
            state.priority = row.priority;
            let mode = new.services().view(row.service).map_or(0, |row| row.breaker_mode());
            // nobody is told: the document says it already
            let _moved = state.breaker.set_mode(BreakerMode::from_u8(mode));
        }

        let mut states = core::mem::take(&mut self.services);
        let mut services = Moves::of(states.iter().map(|state| state.key).collect());
        for (number, row) in (0u32..).zip(new.services().iter()) {
            let key = xxh64(new.text(row.name), 0);
            let known = services.find(number, key);
            self.services.push(ServiceState::default());
            let Some(state) = self.services.last_mut() else { continue };
            match known.and_then(|at| states.get_mut(at)) {
                Some(known) => core::mem::swap(state, known),
                None => state.start_sequence(&mut self.dice),
            }
            state.key = key;
        }

        for live in self.slots.iter_mut() {
            renumber(live, new, &services, &endpoints);
        }
    }
}

/// Points a request in flight at the new rows. One whose service is gone is not retried.
fn renumber(live: &mut Live, new: &Snapshot, services: &Moves, endpoints: &Moves) {
    live.service = services.to(live.service);
    live.endpoint = endpoints.to(live.endpoint);
    live.policy = new.services().view(live.service).map_or(NONE, |service| service.policy());
    live.rule = NONE;
    live.backend = NONE;
    live.tried = 0;
    live.subset = 0;
}

/// Which old row became which new one.
struct Moves {
    /// Of the old rows.
    keys: Vec<u64>,
    to: Vec<u32>,
    cursor: usize,
    /// Rows that may still be looked at.
    looks: usize,
}

impl Moves {
    fn of(keys: Vec<u64>) -> Self {
        Self { to: vec![NONE; keys.len()], keys, cursor: 0, looks: SWAP_LOOKS_MAX }
    }

    /// The old row of the key that new row `number` has, looked for from the cursor on and then
    /// from the front. Two Snapshots mostly hold the same keys in the same order, so the search
    /// mostly ends at once; that needs no map, whose code would be larger than all of this file.
    /// What does not is given up after [`SWAP_LOOKS_MAX`] rows: the rest is taken for new.
    #[inline(never)]
    fn find(&mut self, number: u32, key: u64) -> Option<usize> {
        let mut at = self.cursor;
        for _ in 0..self.keys.len().min(self.looks) {
            if at >= self.keys.len() {
                at = 0;
            }
            self.looks = self.looks.saturating_sub(1);
            let found = self.keys.get(at) == Some(&key);
            let next = at.saturating_add(1);
            if found {
                *self.to.get_mut(at)? = number;
                self.cursor = next;
                return Some(at);
            }
            at = next;
        }
        None
    }

    fn to(&self, old: u32) -> u32 {
        super::row(&self.to, old).copied().unwrap_or(NONE)
    }
}

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
        let endpoints = core::mem::take(&mut self.endpoints);
        self.endpoints.reserve_exact(new.endpoints().len() as usize);
        for row in new.endpoints().iter() {
            let mut state = EndpointState {
                key: row.key,
                weight: row.weight.into(),
                priority: row.priority,
                health: Health::from_number(row.health),
                ..EndpointState::default()
            };
            let mode = new.services().view(row.service).map_or(0, |row| row.breaker_mode());
            if mode != BreakerMode::Automatic as u8 {
                // nobody is told: the document says it already
                let _moved = state.breaker.set_mode(BreakerMode::from_u8(mode));
            }
            self.endpoints.push(state);
        }
        let services = core::mem::take(&mut self.services);
        self.services.reserve_exact(new.services().len() as usize);
        for row in new.services().iter() {
            let key = xxh64(new.text(row.name), 0);
            let mut state = ServiceState { key, ..ServiceState::default() };
            state.start_sequence(&mut self.dice);
            self.services.push(state);
        }
        if !services.is_empty() {
            self.carry_over(services, endpoints, now);
        }
    }

    /// Gives what was learned to the new rows. Apart from the rest, which is all that a first load
    /// needs.
    #[inline(never)]
    fn carry_over(
        &mut self,
        mut services: Vec<ServiceState>,
        mut endpoints: Vec<EndpointState>,
        now: Timestamp,
    ) {
        let mut moves = Moves::of(endpoints.iter().map(|state| state.key).collect());
        for (number, state) in (0u32..).zip(&mut self.endpoints) {
            let known = moves.find(number, state.key).and_then(|at| endpoints.get_mut(at));
            let Some(known) = known else { continue };
            core::mem::swap(state, known);
            state.weight = known.weight;
            state.priority = known.priority;
            state.set_health(known.health, now);
            let _moved = state.breaker.set_mode(known.breaker.mode());
        }
        let endpoints = moves;

        let mut moves = Moves::of(services.iter().map(|state| state.key).collect());
        for (number, state) in (0u32..).zip(&mut self.services) {
            let known = moves.find(number, state.key).and_then(|at| services.get_mut(at));
            if let Some(known) = known {
                core::mem::swap(state, known);
            }
        }
        for live in self.slots.iter_mut() {
            renumber(live, &self.snapshot, &moves, &endpoints);
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

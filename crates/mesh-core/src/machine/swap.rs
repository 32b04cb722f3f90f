//! Taking a new Snapshot into use: what was learned stays with its endpoint and its service, and
//! requests in flight end on the rows of the new one.

use alloc::vec::Vec;

use super::{
    Machine,
    state::{EndpointState, ServiceState},
};
use crate::{
    balance::geographic::Location,
    breaker::BreakerMode,
    hash::xxh64,
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
        let mut endpoints = Kept::new(core::mem::take(&mut self.endpoints), |state| state.key);
        let mut services = Kept::new(core::mem::take(&mut self.services), |state| state.key);
        for row in snapshot.endpoints().iter() {
            let health = Health::from_number(row.health);
            let mut state = match endpoints.take(row.key) {
                Some(state) => state,
                None => EndpointState::new(row.key, health),
            };
            state.set_health(health, now);
            state.place = (row.located == 1)
                .then(|| Location::from_degrees(row.latitude.into(), row.longitude.into()))
                .flatten();
            self.endpoints.push(state);
        }
        for row in snapshot.services().iter() {
            let key = xxh64(snapshot.text(row.name), 0);
            let state = services.take(key);
            self.services.push(state.unwrap_or_else(|| ServiceState::new(key, &mut self.dice)));
        }
        let old = core::mem::replace(&mut self.snapshot, snapshot);
        self.renumber(&old);
        self.apply_modes();
    }

    /// Points requests in flight at the new rows. One whose service is gone is not retried.
    fn renumber(&mut self, old: &Snapshot) {
        let new = &self.snapshot;
        for live in self.slots.iter_mut() {
            live.service = old.services().get(live.service)
                .and_then(|service| new.service_number(old.text(service.name)))
                .unwrap_or(NONE);
            live.endpoint = old.endpoints().get(live.endpoint)
                .and_then(|old| {
                    let mut rows = (0u32..).zip(new.endpoints().iter());
                    rows.find(|(_, row)| row.key == old.key)
                })
                .map_or(NONE, |(number, _)| number);
            live.policy = new.services().get(live.service).map_or(NONE, |service| service.policy);
            live.rule = NONE;
            live.backend = NONE;
            live.tried = 0;
        }
    }

    /// Breaker modes that the document sets.
    fn apply_modes(&mut self) {
        for (state, endpoint) in self.endpoints.iter_mut().zip(self.snapshot.endpoints().iter()) {
            let service = self.snapshot.services().get(endpoint.service);
            let breaker = service.and_then(|service| self.snapshot.breakers().get(service.breaker));
            let mode = match breaker.map_or(0, |breaker| breaker.mode) {
                1 => BreakerMode::ForceOpen,
                2 => BreakerMode::Disabled,
                _ => BreakerMode::Automatic,
            };
            // nobody is told: the document says it already
            let _moved = state.breaker.set_mode(mode);
        }
    }
}

/// State of the old Snapshot, looked up by key. Two Snapshots mostly hold the same keys in the
/// same order, so the search goes on from where the last one ended; that needs no map, whose code
/// would be larger than all of this file.
struct Kept<T> {
    rows: Vec<Option<T>>,
    key_of: fn(&T) -> u64,
    cursor: usize,
}

impl<T> Kept<T> {
    fn new(rows: Vec<T>, key_of: fn(&T) -> u64) -> Self {
        Self { rows: rows.into_iter().map(Some).collect(), key_of, cursor: 0 }
    }

    fn take(&mut self, key: u64) -> Option<T> {
        let key_of = self.key_of;
        let has = |state: &Option<T>| state.as_ref().is_some_and(|state| key_of(state) == key);
        let ahead = self.rows.iter().skip(self.cursor).position(has).map(|at| at + self.cursor);
        let at = ahead.or_else(|| self.rows.iter().position(has))?;
        self.cursor = at.saturating_add(1);
        self.rows.get_mut(at)?.take()
    }
}

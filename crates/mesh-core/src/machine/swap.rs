//! Taking a new Snapshot into use: what was learned stays with its endpoint and its service, and
//! requests in flight end on the rows of the new one.

use alloc::vec::Vec;

use super::Machine;
use crate::{
    balance::geographic::Location,
    breaker::BreakerMode,
    hash::xxh64,
    limits::ATTEMPTS_MAX,
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
        let mut old = core::mem::take(&mut self.endpoints);
        let mut cursor = 0;
        for row in snapshot.endpoints().iter() {
            let known = find(&old, &mut cursor, |state| state.key == row.key);
            let old = known.and_then(|at| old.get_mut(at));
            let Some(state) = carry(&mut self.endpoints, old) else { continue };
            let health = Health::from_number(row.health);
            if known.is_some() {
                state.set_health(health, now);
            }
            state.health = health;
            state.key = row.key;
            state.service = row.service;
            state.weight = row.weight.into();
            state.transport = row.transport;
            state.place = Location::from_degrees(row.latitude.into(), row.longitude.into())
                .filter(|_| row.located == 1);
            let mode = snapshot.services().get(row.service).map_or(0, |row| row.breaker_mode);
            // nobody is told: the document says it already
            let _moved = state.breaker.set_mode(BreakerMode::from_u8(mode));
        }
        let endpoints = snapshot.endpoints().len();
        let mut old = core::mem::take(&mut self.services);
        cursor = 0;
        for row in snapshot.services().iter() {
            let key = xxh64(snapshot.text(row.name), 0);
            let known = find(&old, &mut cursor, |state| state.key == key);
            let old = known.and_then(|at| old.get_mut(at));
            let Some(state) = carry(&mut self.services, old) else { continue };
            if known.is_none() {
                state.start_sequence(&mut self.dice);
            }
            state.key = key;
            state.row = row;
            // a run that leaves its table is not walked to its end
            state.row.endpoints.len = row.endpoints.len.min(endpoints);
        }
        self.policies = snapshot.policies().iter().collect();
        for policy in &mut self.policies {
            policy.retry.retries = policy.retry.retries.min(ATTEMPTS_MAX - 1);
        }
        let old = core::mem::replace(&mut self.snapshot, snapshot);
        self.renumber(&old);
    }

    /// Points requests in flight at the new rows. One whose service is gone is not retried.
    fn renumber(&mut self, old: &Snapshot) {
        let new = &self.snapshot;
        for live in self.slots.iter_mut() {
            live.service = old
                .services()
                .get(live.service)
                .and_then(|service| new.service_number(old.text(service.name)))
                .unwrap_or(NONE);
            live.endpoint = old
                .endpoints()
                .get(live.endpoint)
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
}

/// Appends a row with what `old` has learned, or a fresh one.
fn carry<'v, T: Default>(rows: &'v mut Vec<T>, old: Option<&mut T>) -> Option<&'v mut T> {
    rows.push(old.map(core::mem::take).unwrap_or_default());
    rows.last_mut()
}

/// The row that `fits`, looked for from `cursor` on and then from the front. Two Snapshots mostly
/// hold the same keys in the same order, so the search mostly ends at once; that needs no map,
/// whose code would be larger than all of this file.
fn find<T>(rows: &[T], cursor: &mut usize, fits: impl Fn(&T) -> bool) -> Option<usize> {
    let (front, back) = rows.split_at_checked(*cursor).unwrap_or((rows, &[]));
    let ahead = back.iter().position(&fits).and_then(|at| at.checked_add(front.len()));
    let at = ahead.or_else(|| front.iter().position(&fits))?;
    *cursor = at.saturating_add(1);
    Some(at)
}

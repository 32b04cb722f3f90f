//! Load-aware locality: shares of load per locality from the utilisation its endpoints report.
//!
//! The own locality keeps everything while it is about as loaded as the rest; the rest still gets
//! a trickle, so that its figures stay fresh. Figures older than [`EXPIRATION`] count as unknown.

use alloc::vec::Vec;

use crate::{
    balance::float,
    time::{Micros, Timestamp},
};

/// How fast a new figure replaces the old one: 5 s to 63 %.
pub const TAU: Micros = Micros::from_secs(5);

/// How much more loaded than the rest the own locality may be and still keep everything.
pub const VARIANCE: f64 = 0.1;

/// The share that goes abroad even then.
pub const REMOTE_PROBE: f64 = 0.03;

/// How long a figure counts.
pub const EXPIRATION: Micros = Micros::from_secs(180);

/// One locality: its endpoints and its smoothed utilisation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Locality {
    endpoints: u32,
    utilization: f64,
    updated: Option<Timestamp>,
}

impl Locality {
    /// A locality of so many endpoints, utilisation unknown.
    #[must_use]
    pub const fn new(endpoints: u32) -> Self {
        Self { endpoints, utilization: 0.0, updated: None }
    }

    /// Smooths in the mean `utilization` of its endpoints (1.0 is full); NaN and negative figures
    /// are ignored.
    ///
    /// The first figure is taken whole. At the moment of the last one, nothing changes.
    pub fn record(&mut self, utilization: f64, now: Timestamp) {
        if utilization.is_nan() || utilization < 0.0 {
            return;
        }
        let share = match self.updated {
            Some(updated) if !self.is_stale(now) => {
                1.0 - float::exp_neg(
                    now.saturating_since(updated).as_secs_f64() / TAU.as_secs_f64(),
                )
            }
            _ => 1.0,
        };
        self.utilization += share * (utilization.min(1e6) - self.utilization);
        self.updated = Some(self.updated.map_or(now, |updated| updated.max(now)));
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        self.updated.is_none_or(|updated| now.saturating_since(updated) >= EXPIRATION)
    }

    /// Room in endpoints; all of them where the figure is stale.
    fn room(&self, now: Timestamp) -> f64 {
        let free = if self.is_stale(now) { 1.0 } else { (1.0 - self.utilization).max(0.0) };
        f64::from(self.endpoints) * free
    }
}

/// The share of load of each locality at `now`, own one first; they sum to 1, or are all 0 where
/// there is no endpoint.
#[must_use]
pub fn shares(localities: &[Locality], now: Timestamp) -> Vec<f64> {
    let Some((own, others)) = localities.split_first() else {
        return Vec::new();
    };
    let abroad: f64 = others.iter().map(|at| f64::from(at.endpoints)).sum();
    let load_abroad: f64 =
        others.iter().map(|at| f64::from(at.endpoints) - at.room(now)).sum::<f64>();
    let known = !own.is_stale(now) && own.endpoints > 0;
    if known && abroad > 0.0 && own.utilization <= load_abroad / abroad + VARIANCE {
        let probe = |at: &Locality| REMOTE_PROBE * f64::from(at.endpoints) / abroad;
        return core::iter::once(1.0 - REMOTE_PROBE).chain(others.iter().map(probe)).collect();
    }
    let room: f64 = localities.iter().map(|at| at.room(now)).sum();
    let endpoints = f64::from(own.endpoints) + abroad;
    let share = |at: &Locality| {
        if room > 0.0 {
            at.room(now) / room
        } else if endpoints > 0.0 {
            f64::from(at.endpoints) / endpoints
        } else {
            0.0
        }
    };
    localities.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: Timestamp = Timestamp::from_millis(1_000);

    fn loaded(endpoints: u32, utilization: f64) -> Locality {
        let mut locality = Locality::new(endpoints);
        locality.record(utilization, T0);
        locality
    }

    fn assert_shares(localities: &[Locality], want: &[f64]) {
        let ours = shares(localities, T0);
        let close = ours.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(close && ours.len() == want.len(), "{ours:?} {want:?}");
    }

    #[test]
    fn vector_7_3_4_tenths_is_1875_4375_375() {
        let localities = [loaded(10, 0.7), loaded(10, 0.3), loaded(10, 0.4)];
        assert_shares(&localities, &[0.1875, 0.4375, 0.375]);
    }

    #[test]
    fn about_as_loaded_keeps_all_but_a_probe() {
        assert_shares(&[loaded(10, 0.44), loaded(10, 0.3), loaded(20, 0.4)], &[0.97, 0.01, 0.02]);
    }

    #[test]
    fn full_everywhere_goes_by_endpoints() {
        assert_shares(&[loaded(1, 2.0), loaded(3, 1.0)], &[0.25, 0.75]);
    }

    #[test]
    fn unknown_goes_by_endpoints() {
        assert_shares(&[Locality::new(1), Locality::new(3)], &[0.25, 0.75]);
        assert_shares(&[Locality::new(0), Locality::new(0)], &[0.0, 0.0]);
        assert_shares(&[loaded(4, 0.9)], &[1.0]);
        assert_shares(&[], &[]);
    }

    #[test]
    fn figures_expire() {
        let localities = [loaded(10, 0.9), loaded(10, 0.1)];
        let later = T0.saturating_add(EXPIRATION);
        assert_eq!(shares(&localities, later), [0.5, 0.5]);
    }

    #[test]
    fn smooths_by_elapsed_time_and_not_by_count() {
        let mut locality = loaded(1, 1.0);
        locality.record(0.0, T0.saturating_add(TAU));
        assert!((locality.utilization - (-1.0f64).exp()).abs() < 1e-6);
    }

    #[test]
    fn a_frozen_clock_keeps_the_first_figure() {
        let mut locality = loaded(1, 0.5);
        for _ in 0..100 {
            locality.record(0.9, T0);
            locality.record(f64::NAN, T0.saturating_add(TAU));
        }
        assert_eq!(locality, loaded(1, 0.5));
    }

    proptest! {
        #[test]
        fn shares_sum_to_one(
            localities in proptest::collection::vec((1u32..100, 0.0f64..2.0), 1..6),
        ) {
            let localities: Vec<_> = localities.into_iter().map(|(n, u)| loaded(n, u)).collect();
            let shares = shares(&localities, T0);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
        }
    }
}

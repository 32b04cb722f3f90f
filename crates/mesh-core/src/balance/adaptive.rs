//! Adaptive weights: each endpoint's share follows the load it reports (gRPC A58 over ORCA).
//!
//! A weight counts only after a blackout, so that the first jumpy reports of a fresh endpoint do
//! not swing traffic, and expires when reports stop. With fewer than two usable weights it is
//! plain round robin; an endpoint without one gets the mean of the others. Expiry is computed on
//! read: under a clock that stands still a weight neither starts to count nor ends.

use crate::{
    balance::{load_report::LoadReport, round_robin, stride},
    time::{Micros, Timestamp},
};

/// How long reports must have come before they count: 10 s, gRPC's default.
pub const BLACKOUT: Micros = Micros::from_secs(10);

/// How long the last report counts: 3 min, gRPC's default.
pub const EXPIRATION: Micros = Micros::from_secs(180);

/// How much the share of errors adds to the utilisation: 1.0, gRPC's default.
pub const ERROR_PENALTY: f64 = 1.0;

/// The load an endpoint reported, as a weight; 24 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReportedWeight {
    /// Requests per second at full utilisation; 0 until the first usable report.
    weight: f32,
    non_empty_since: Timestamp,
    last_update: Timestamp,
}

impl ReportedWeight {
    /// No report yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { weight: 0.0, non_empty_since: Timestamp::ZERO, last_update: Timestamp::ZERO }
    }

    /// Learns from `report`; one without requests or utilisation says nothing and is ignored.
    #[expect(clippy::cast_possible_truncation, reason = "a weight needs no f64")]
    pub fn record(&mut self, report: &LoadReport, now: Timestamp) {
        let weight = weight_of(report) as f32;
        // NaN and infinity as well: a report may have been built by hand.
        if !weight.is_finite() || weight <= 0.0 {
            return;
        }
        if self.weight <= 0.0 || self.is_expired(now) {
            self.non_empty_since = now;
        }
        self.weight = weight;
        self.last_update = self.last_update.max(now);
    }

    /// The weight at `now`; 0 in the blackout, after expiry and before any report.
    #[must_use]
    pub fn weight(&self, now: Timestamp) -> f32 {
        let counts = now.saturating_since(self.non_empty_since) >= BLACKOUT;
        if counts && !self.is_expired(now) { self.weight } else { 0.0 }
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        now.saturating_since(self.last_update) >= EXPIRATION
    }
}

/// `rps / (utilization + eps / rps * penalty)`; 0 where rps or utilisation is 0.
#[must_use]
pub fn weight_of(report: &LoadReport) -> f64 {
    let utilization = report.utilization();
    if report.rps > 0.0 && utilization > 0.0 {
        report.rps / (utilization + report.eps / report.rps * ERROR_PENALTY)
    } else {
        0.0
    }
}

/// Picks an index below `n` by static stride over `weight`; moves `sequence` on. `None` where `n`
/// is 0.
///
/// Fewer than two weights above 0: round robin. Looks at every weight once, then at one row.
#[inline]
pub fn pick(n: u32, sequence: &mut u32, weight: impl Fn(u32) -> f32) -> Option<u32> {
    let (mut sum, mut heaviest, mut known) = (0.0_f32, 0.0_f32, 0_u16);
    for weight in (0..n).map(&weight).filter(|weight| *weight > 0.0) {
        sum += weight;
        heaviest = heaviest.max(weight);
        known = known.saturating_add(1);
    }
    if known < 2 || !sum.is_finite() {
        return round_robin::pick(n, sequence);
    }
    let mean = sum / f32::from(known);
    stride::pick(n, sequence, stride::SCALE, |i| {
        let weight = weight(i);
        scaled(if weight > 0.0 { weight } else { mean }, heaviest)
    })
}

/// `weight` in parts of [`stride::SCALE`] of the `heaviest`, which is above 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 65535.5, and the cast saturates"
)]
fn scaled(weight: f32, heaviest: f32) -> u32 {
    ((f64::from(weight) / f64::from(heaviest) * f64::from(stride::SCALE) + 0.5) as u32)
        .clamp(1, stride::SCALE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: Timestamp = Timestamp::from_millis(50_000);

    fn at(seconds: u64) -> Timestamp {
        T0.saturating_add(Micros::from_secs(seconds))
    }

    fn report(utilization: f64, rps: f64, eps: f64) -> LoadReport {
        LoadReport { cpu_utilization: utilization, rps, eps, ..LoadReport::default() }
    }

    #[test]
    fn the_formula_with_and_without_errors() {
        assert!((weight_of(&report(0.5, 100.0, 0.0)) - 200.0).abs() < 1e-9);
        assert!((weight_of(&report(0.5, 100.0, 50.0)) - 100.0).abs() < 1e-9);
        assert!(weight_of(&report(0.5, 0.0, 50.0)) <= 0.0);
        assert!(weight_of(&report(0.0, 10.0, 0.0)) <= 0.0);
    }

    #[test]
    fn counts_after_the_blackout_until_expiry() {
        let mut reported = ReportedWeight::new();
        assert!(reported.weight(T0) <= 0.0);
        reported.record(&report(0.5, 100.0, 0.0), T0);
        assert!(reported.weight(at(9)) <= 0.0);
        assert!((reported.weight(at(10)) - 200.0).abs() < 1e-3);
        assert!((reported.weight(at(179)) - 200.0).abs() < 1e-3);
        assert!(reported.weight(at(180)) <= 0.0);
    }

    #[test]
    fn a_report_after_expiry_waits_out_a_blackout_again() {
        let mut reported = ReportedWeight::new();
        reported.record(&report(0.5, 100.0, 0.0), T0);
        reported.record(&report(0.5, 50.0, 0.0), at(200));
        assert!(reported.weight(at(205)) <= 0.0);
        assert!((reported.weight(at(210)) - 100.0).abs() < 1e-3);
    }

    #[test]
    fn an_empty_report_changes_nothing() {
        let mut reported = ReportedWeight::new();
        reported.record(&report(0.5, 100.0, 0.0), T0);
        let before = reported;
        reported.record(&LoadReport::default(), at(100));
        reported.record(&report(f64::NAN, 1.0, 0.0), at(100));
        reported.record(&report(0.1, f64::INFINITY, 0.0), at(100));
        assert_eq!(reported, before);
    }

    #[test]
    fn a_frozen_clock_neither_starts_nor_ends_a_weight() {
        let mut reported = ReportedWeight::new();
        for _ in 0..100 {
            reported.record(&report(0.5, 100.0, 0.0), T0);
            assert!(reported.weight(T0) <= 0.0);
        }
        for _ in 0..100 {
            reported.record(&report(0.5, 100.0, 0.0), at(20));
            assert!((reported.weight(at(20)) - 200.0).abs() < 1e-3);
        }
    }

    fn shares<const N: usize>(weights: [f32; N], picks: u32) -> [u32; N] {
        let mut counts = [0; N];
        let n = u32::try_from(N).unwrap();
        let mut sequence = 12_345;
        for _ in 0..picks {
            let at = pick(n, &mut sequence, |i| weights[i as usize]).unwrap();
            counts[at as usize] += 1;
        }
        counts
    }

    #[test]
    fn fewer_than_two_weights_are_round_robin() {
        assert_eq!(shares([0.0, 0.0, 0.0], 300), [100, 100, 100]);
        assert_eq!(shares([0.0, 9.0, 0.0], 300), [100, 100, 100]);
        assert_eq!(pick(0, &mut 0, |_| 1.0), None);
    }

    #[test]
    fn weights_hold_and_an_unknown_one_is_the_mean() {
        let counts = shares([100.0, 300.0, 0.0], 60_000);
        for (count, want) in counts.iter().zip([10_000.0, 30_000.0, 20_000.0]) {
            assert!((f64::from(*count) - want).abs() < want * 0.05, "{counts:?}");
        }
    }

    proptest! {
        #[test]
        fn every_pick_is_below_n(
            weights in proptest::collection::vec(any::<f32>(), 1..12),
            sequence in any::<u32>(),
        ) {
            let n = u32::try_from(weights.len()).unwrap();
            let at = pick(n, &mut sequence.clone(), |i| weights[i as usize]);
            prop_assert!(at.is_some_and(|at| at < n));
        }
    }
}

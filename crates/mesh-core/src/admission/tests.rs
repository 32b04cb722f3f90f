use proptest::prelude::*;

use super::*;
use crate::dice::SeededDice;

fn counts(requests: u32, accepts: u32) -> Counts {
    Counts { requests, accepts }
}

#[test]
fn envoy_vectors() {
    for (accepts, aggression, expected) in
        [(95, 1.0, 0.0), (90, 1.0, 0.0521), (50, 1.0, 0.469), (0, 1.0, 0.8), (50, 2.0, 0.6848)]
    {
        let config = AdmissionConfig { aggression, ..AdmissionConfig::DEFAULT };
        let probability = config.reject_probability(counts(100, accepts));
        assert!((probability - expected).abs() < 5e-5, "{accepts}: {probability}");
    }
}

#[test]
fn sre_throttle_vectors() {
    for (accepts, k, expected) in [
        (100, 2.0, 0.0),
        (50, 2.0, 0.0),
        (25, 2.0, 0.495_049_504_950_495_05),
        (0, 2.0, 0.990_099_009_900_990_1),
        (50, 1.1, 0.445_544_554_455_445_55),
        (40, 2.0, 0.198_019_801_980_198_02),
        (10, 2.0, 0.792_079_207_920_792_1),
    ] {
        let probability = throttle_probability(counts(100, accepts), k);
        assert!((probability - expected).abs() < 1e-12, "{accepts}: {probability}");
    }
    assert!(throttle_probability(counts(0, 0), 2.0) <= 0.0);
}

#[test]
fn sre_throttle_settles_at_k_times_the_capacity() {
    // 100 wanted per second, the callee takes 20: about 40 are sent, about 20 of them refused
    let (mut tally, mut dice) = (Tally::new(Micros::from_secs(120)), SeededDice::new(12));
    let (mut sent_in_all, mut refused_in_all) = (0u32, 0u32);
    for second in 0..1_200u64 {
        let (now, mut sent) = (Timestamp::from_millis(second * 1_000), 0);
        for _ in 0..100 {
            let throttled = dice.unit() < throttle_probability(tally.counts(now), 2.0);
            sent += u32::from(!throttled);
            if !throttled && sent <= 20 { tally.on_accept(now) } else { tally.on_reject(now) }
        }
        if second >= 600 {
            sent_in_all += sent;
            refused_in_all += sent.saturating_sub(20);
        }
    }
    assert!((22_800..25_200).contains(&sent_in_all), "{sent_in_all}");
    assert!((10_800..13_200).contains(&refused_in_all), "{refused_in_all}");
}

#[test]
fn a_tally_forgets_after_its_window() {
    let mut tally = Tally::new(Micros::from_secs(30));
    tally.on_accept(Timestamp::from_millis(1_000));
    tally.on_reject(Timestamp::from_millis(29_999));
    assert_eq!(tally.counts(Timestamp::from_millis(29_999)), counts(2, 1));
    assert_eq!(tally.counts(Timestamp::from_millis(30_000)), counts(1, 0));
    assert_eq!(tally.counts(Timestamp::from_millis(57_000)), counts(0, 0));
}

#[test]
fn a_failing_callee_is_spared_and_a_quiet_caller_is_not_slowed() {
    let (mut control, mut dice) =
        (AdmissionControl::new(AdmissionConfig::DEFAULT), SeededDice::new(2));
    let now = Timestamp::from_millis(5_000);
    assert!(control.admits(now, &mut dice));
    for _ in 0..1_000 {
        control.tally().on_reject(now);
    }
    let admitted = (0..10_000).filter(|_| control.admits(now, &mut dice)).count();
    assert!((1_850..2_150).contains(&admitted), "{admitted}");

    let config = AdmissionConfig { rps_min: 50, ..AdmissionConfig::DEFAULT };
    let mut quiet = AdmissionControl::new(config);
    for _ in 0..1_000 {
        quiet.tally().on_reject(now);
    }
    assert!((0..1_000).all(|_| quiet.admits(now, &mut dice)));
}

proptest! {
    #[test]
    fn probabilities_stay_probabilities(
        requests: u32, accepts: u32, threshold in -1.0..2.0f64, aggression in -1.0..10.0f64,
    ) {
        let config = AdmissionConfig {
            success_threshold: threshold,
            aggression,
            ..AdmissionConfig::DEFAULT
        };
        let probability = config.reject_probability(counts(requests, accepts));
        prop_assert!((0.0..=0.8).contains(&probability));
        prop_assert!((0.0..1.0).contains(&throttle_probability(counts(requests, accepts), 2.0)));
    }
}

use alloc::{vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::dice::SeededDice;

const INTERVAL: Micros = Micros::from_secs(10);

/// A detector with its surroundings.
struct Bench {
    detector: OutlierDetector,
    dice: SeededDice,
    now: Timestamp,
    events: Vec<OutlierEvent>,
}

impl Bench {
    fn new(config: OutlierConfig, hosts: usize) -> Self {
        let now = Timestamp::from_millis(500_000);
        let detector = OutlierDetector::new(config, hosts, now);
        Self { detector, dice: SeededDice::new(9), now, events: vec![] }
    }

    fn tell(&mut self, host: usize, observed: Observed, times: usize) {
        for _ in 0..times {
            let sink = &mut |event| self.events.push(event);
            self.detector.on_result(host, observed, self.now, &mut self.dice, sink).unwrap();
        }
    }

    fn wait(&mut self, span: Micros) {
        self.now = self.now.saturating_add(span);
        let sink = &mut |event| self.events.push(event);
        self.detector.sweep(self.now, &mut self.dice, sink);
    }

    /// Host `i` answers `rates[i]` of a hundred requests, then an interval passes.
    fn interval(&mut self, rates: &[usize]) {
        for (host, rate) in rates.iter().enumerate() {
            // failures first and successes last: no consecutive counter stays up
            for i in 0..100 {
                let observed =
                    if i < 100 - rate { Observed::ServerError } else { Observed::Success };
                self.tell(host, observed, 1);
            }
        }
        self.wait(INTERVAL);
    }
}

fn rates_only() -> OutlierConfig {
    OutlierConfig { consecutive_5xx: 0, max_ejection_percent: 50, ..OutlierConfig::DEFAULT }
}

fn eager() -> OutlierConfig {
    OutlierConfig { max_ejection_percent: 100, ..OutlierConfig::DEFAULT }
}

#[test]
fn five_server_errors_in_a_row_eject_and_a_success_starts_over() {
    let mut bench = Bench::new(eager(), 3);
    bench.tell(0, Observed::ServerError, 4);
    bench.tell(0, Observed::Success, 1);
    bench.tell(0, Observed::ServerError, 4);
    assert!(!bench.detector.is_ejected(0));
    bench.tell(0, Observed::GatewayError, 1);
    let reason = EjectionReason::Consecutive5xx;
    assert_eq!(bench.events, [OutlierEvent::Ejected { host: 0, reason }]);
}

#[test]
fn gateway_failures_have_their_own_counter_when_enforced() {
    let config = OutlierConfig {
        enforcing_consecutive_gateway_failure: 100,
        consecutive_gateway_failure: 3,
        ..eager()
    };
    let mut bench = Bench::new(config, 3);
    bench.tell(1, Observed::GatewayError, 2);
    bench.tell(1, Observed::ServerError, 1);
    bench.tell(1, Observed::LocalOriginFailure, 1);
    assert!(bench.events.is_empty());
    bench.tell(2, Observed::GatewayError, 3);
    let reason = EjectionReason::ConsecutiveGatewayFailure;
    assert_eq!(bench.events, [OutlierEvent::Ejected { host: 2, reason }]);
}

#[test]
fn local_origin_failures_are_apart_only_when_split() {
    let config = OutlierConfig { split_local_origin: true, ..eager() };
    let mut bench = Bench::new(config, 3);
    bench.tell(0, Observed::ServerError, 4);
    bench.tell(0, Observed::LocalOriginFailure, 4);
    assert!(bench.events.is_empty());
    bench.tell(0, Observed::LocalOriginFailure, 1);
    let reason = EjectionReason::ConsecutiveLocalOriginFailure;
    assert_eq!(bench.events, [OutlierEvent::Ejected { host: 0, reason }]);

    let mut bench = Bench::new(eager(), 3);
    bench.tell(0, Observed::LocalOriginFailure, 5);
    assert!(bench.detector.is_ejected(0));
}

#[test]
fn the_success_rate_vector_ejects_the_fifty() {
    let mut bench = Bench::new(rates_only(), 5);
    bench.interval(&[50, 100, 100, 100, 100]);
    let reason = EjectionReason::SuccessRate;
    assert_eq!(bench.events, [OutlierEvent::Ejected { host: 0, reason }]);
}

#[test]
fn one_dead_host_is_ejected_among_five_but_not_among_four() {
    for (hosts, ejected) in [(4, false), (5, true), (6, true)] {
        let config = OutlierConfig { success_rate_hosts_min: 2, ..rates_only() };
        let mut bench = Bench::new(config, hosts);
        let mut rates = vec![100; hosts];
        rates[0] = 0;
        bench.interval(&rates);
        assert_eq!(bench.detector.is_ejected(0), ejected, "{hosts}");
    }
}

#[test]
fn three_dead_hosts_of_five_hide_each_other() {
    let mut bench = Bench::new(rates_only(), 5);
    bench.interval(&[0, 0, 0, 100, 100]);
    assert!(bench.events.is_empty());
    // the failure percentage sees them, up to the share that may be ejected
    let config = OutlierConfig { enforcing_failure_percentage: 100, ..rates_only() };
    let mut bench = Bench::new(config, 5);
    bench.interval(&[0, 0, 0, 100, 100]);
    assert_eq!(bench.detector.ejected(), 2);
}

#[test]
fn the_failure_percentage_counts_its_threshold_in() {
    let config = OutlierConfig {
        enforcing_failure_percentage: 100,
        enforcing_success_rate: 0,
        ..rates_only()
    };
    let mut bench = Bench::new(config, 6);
    bench.interval(&[15, 16, 100, 100, 100, 100]);
    let reason = EjectionReason::FailurePercentage;
    assert_eq!(bench.events, [OutlierEvent::Ejected { host: 0, reason }]);
}

#[test]
fn too_little_traffic_judges_nobody() {
    let mut bench = Bench::new(rates_only(), 5);
    for host in 0..5 {
        let observed = if host == 0 { Observed::ServerError } else { Observed::Success };
        bench.tell(host, observed, 99);
    }
    bench.wait(INTERVAL);
    assert!(bench.events.is_empty());
}

#[test]
fn the_gate_holds_the_share_and_may_let_the_first_through() {
    for (hosts, percent, always_one, ejected) in [
        (9, 10, false, 0),
        (10, 10, false, 1),
        (9, 10, true, 1),
        (10, 50, false, 5),
        (2, 0, true, 1),
    ] {
        let config = OutlierConfig {
            max_ejection_percent: percent,
            always_eject_one: always_one,
            ..OutlierConfig::DEFAULT
        };
        let mut bench = Bench::new(config, hosts);
        for host in 0..hosts {
            bench.tell(host, Observed::ServerError, 20);
        }
        assert_eq!(bench.detector.ejected(), ejected, "{hosts} hosts, {percent} %");
    }
}

#[test]
fn nothing_is_ejected_where_it_is_not_enforced() {
    let config = OutlierConfig { enforcing_consecutive_5xx: 0, ..eager() };
    let mut bench = Bench::new(config, 1);
    bench.tell(0, Observed::ServerError, 500);
    assert!(bench.events.is_empty());
    let half = OutlierConfig { enforcing_consecutive_5xx: 50, ..eager() };
    let ejected: usize = (0..1_000)
        .map(|seed| {
            let mut bench = Bench::new(half, 1);
            bench.dice = SeededDice::new(seed);
            bench.tell(0, Observed::ServerError, 5);
            bench.detector.ejected()
        })
        .sum();
    assert!((450..550).contains(&ejected), "{ejected}");
}

/// How many intervals of 10 s host 0 stays away after it is ejected now.
fn intervals_away(bench: &mut Bench) -> u64 {
    bench.tell(0, Observed::ServerError, 5);
    assert!(bench.detector.is_ejected(0));
    (1..)
        .find(|_| {
            bench.wait(INTERVAL);
            !bench.detector.is_ejected(0)
        })
        .unwrap()
}

#[test]
fn each_ejection_lasts_longer_up_to_the_maximum() {
    let mut bench = Bench::new(eager(), 1);
    for times_base in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10] {
        assert_eq!(intervals_away(&mut bench), times_base * 3);
    }
}

#[test]
fn good_intervals_take_the_backoff_down_one_by_one() {
    let mut bench = Bench::new(eager(), 1);
    for _ in 0..4 {
        intervals_away(&mut bench);
    }
    // multiplier 4; two quiet intervals leave 2, the next ejection lasts three base times
    bench.wait(INTERVAL);
    bench.wait(INTERVAL);
    assert_eq!(intervals_away(&mut bench), 9);
    for _ in 0..50 {
        bench.wait(INTERVAL);
    }
    assert_eq!(intervals_away(&mut bench), 3);
}

#[test]
fn jitter_lengthens_an_ejection_by_at_most_its_maximum() {
    let config = OutlierConfig { max_ejection_jitter: Micros::from_secs(20), ..eager() };
    let mut seen = [0; 3];
    for seed in 0..300 {
        let mut bench = Bench::new(config, 1);
        bench.dice = SeededDice::new(seed);
        let away = intervals_away(&mut bench);
        assert!((3..=5).contains(&away), "{away}");
        seen[away as usize - 3] += 1;
    }
    assert!(seen[1] > 100 && seen[2] > 100, "{seen:?}");
}

#[test]
fn a_passed_health_check_brings_a_host_back() {
    for (unejects, ejected) in [(true, 0), (false, 1)] {
        let config = OutlierConfig { health_check_unejects: unejects, ..eager() };
        let mut bench = Bench::new(config, 1);
        bench.tell(0, Observed::ServerError, 5);
        let sink = &mut |event| bench.events.push(event);
        bench.detector.on_health_check_passed(0, bench.now, sink);
        assert_eq!(bench.detector.ejected(), ejected);
        // the counters start over
        bench.tell(0, Observed::ServerError, 4);
        assert_eq!(bench.detector.ejected(), ejected);
    }
}

#[test]
fn an_unknown_host_is_an_error_and_the_hosts_are_bounded() {
    let mut bench = Bench::new(eager(), usize::MAX);
    let sink = &mut |_| {};
    let told =
        bench.detector.on_result(HOSTS_MAX, Observed::Success, bench.now, &mut bench.dice, sink);
    assert_eq!(told, Err(UnknownHost));
    assert!(!bench.detector.is_ejected(HOSTS_MAX));
}

#[test]
fn many_results_at_once_are_judged_like_one_by_one() {
    let reason = EjectionReason::SuccessRate;
    for rates in [[50u32, 100, 100, 100, 100], [0, 100, 100, 100, 100], [0, 0, 0, 100, 100]] {
        let mut single = Bench::new(rates_only(), 5);
        single.interval(&rates.map(|rate| rate as usize));
        let mut bulk = Bench::new(rates_only(), 5);
        for (host, rate) in rates.into_iter().enumerate() {
            // in several parts
            bulk.detector.tally(host, rate / 2, 100 - rate).unwrap();
            bulk.detector.tally(host, rate - rate / 2, 0).unwrap();
        }
        bulk.wait(INTERVAL);
        assert_eq!(bulk.events, single.events);
        if rates[1] == 100 {
            assert_eq!(bulk.events, [OutlierEvent::Ejected { host: 0, reason }]);
        }
    }
    let mut bulk = Bench::new(rates_only(), 5);
    for host in 0..5 {
        bulk.detector.tally(host, u32::MAX, u32::MAX).unwrap();
        bulk.detector.tally(host, u32::MAX, 1).unwrap();
    }
    bulk.wait(INTERVAL);
    assert!(bulk.events.is_empty());
    assert_eq!(bulk.detector.tally(5, 1, 1), Err(UnknownHost));
}

#[test]
fn what_is_known_of_a_host_goes_with_it_when_hosts_change() {
    let mut bench = Bench::new(rates_only(), 5);
    bench.interval(&[50, 100, 100, 100, 100]);
    let ejection = bench.detector.ejection(0);
    assert!(ejection.is_some());
    bench.detector.tally(4, 9, 91).unwrap();
    // the ejected one is the third now, the last one the first, the second is gone
    let moves = [Some(4), Some(3), Some(0), None, Some(2), Some(0)];
    bench.detector.renumber(moves.into_iter());
    assert_eq!((bench.detector.ejection(2), bench.detector.ejected()), (ejection, 1));
    for host in [1, 3, 4, 5] {
        bench.detector.tally(host, 100, 0).unwrap();
    }
    bench.wait(INTERVAL);
    let reason = EjectionReason::SuccessRate;
    assert_eq!(bench.events.last(), Some(&OutlierEvent::Ejected { host: 0, reason }));
    bench.detector.renumber((0..usize::MAX).map(|_| None));
    assert_eq!(bench.detector.tally(HOSTS_MAX, 1, 0), Err(UnknownHost));
    assert_eq!(bench.detector.ejected(), 0);
}

#[test]
fn the_last_host_is_spared_where_that_is_wanted() {
    let all = OutlierConfig { spare_last: true, always_eject_one: true, ..eager() };
    let mut bench = Bench::new(all, 3);
    bench.detector.set_down(2, true);
    for host in 0..3 {
        bench.tell(host, Observed::ServerError, 5);
    }
    let ejected = [0, 1, 2].map(|host| bench.detector.is_ejected(host));
    assert_eq!(ejected, [true, false, true], "the one that is down takes nothing anyway");
    let mut alone = Bench::new(all, 1);
    alone.tell(0, Observed::ServerError, 50);
    assert!(alone.events.is_empty());
}

#[test]
fn a_host_that_is_known_to_be_bad_is_ejected_and_an_ejection_goes_on_after_a_restart() {
    let mut bench = Bench::new(eager(), 3);
    for _ in 0..2 {
        let sink = &mut |event| bench.events.push(event);
        bench.detector.eject_known(1, bench.now, &mut bench.dice, sink);
    }
    let reason = EjectionReason::Known;
    assert_eq!(bench.events, [OutlierEvent::Ejected { host: 1, reason }]);
    let until = bench.detector.until(1).unwrap();
    assert_eq!(until.saturating_since(bench.now), Micros::from_secs(30));

    let mut again = Bench::new(eager(), 3);
    again.now = bench.now;
    again.detector.restore(1, bench.detector.ejection(1).unwrap());
    again.detector.restore(9, bench.detector.ejection(1).unwrap());
    assert_eq!(again.detector.until(1), Some(until));
    again.now = again.now.saturating_add(Micros(29_999_999));
    let sink = &mut |event| again.events.push(event);
    again.detector.release(again.now, sink);
    again.detector.release(until, sink);
    again.detector.release(until, sink);
    assert_eq!(again.events, [OutlierEvent::Unejected { host: 1 }]);
    // the next one lasts twice as long
    let sink = &mut |_| {};
    again.detector.eject_known(1, until, &mut again.dice, sink);
    let next = again.detector.until(1).unwrap();
    assert_eq!(next.saturating_since(until), Micros::from_secs(60));
    again.detector.reconfigure(OutlierConfig { base_ejection: Micros::from_secs(1), ..eager() });
    let next = again.detector.until(1).unwrap();
    assert_eq!(next.saturating_since(until), Micros::from_secs(2));
}

#[test]
fn what_came_while_it_was_ejected_is_not_held_against_it() {
    let mut bench = Bench::new(rates_only(), 5);
    bench.interval(&[50, 100, 100, 100, 100]);
    bench.now = bench.now.saturating_add(Micros::from_secs(25));
    for (host, failures) in [(0, 500), (1, 0), (2, 0), (3, 0), (4, 0)] {
        bench.detector.tally(host, 500, failures).unwrap();
    }
    bench.wait(Micros::from_secs(5));
    assert_eq!(bench.events.len(), 2, "{:?}", bench.events);
    assert_eq!(bench.events.last(), Some(&OutlierEvent::Unejected { host: 0 }));
}

#[test]
fn intervals_in_which_nobody_looked_take_the_backoff_down_too() {
    let mut bench = Bench::new(eager(), 1);
    for _ in 0..4 {
        intervals_away(&mut bench);
    }
    bench.wait(Micros::from_secs(20));
    assert_eq!(intervals_away(&mut bench), 9);
}

proptest! {
    #[test]
    fn never_ejects_more_than_the_share(
        steps in prop::collection::vec((0..12usize, 0..4u8, 0..4_000u64), 1..600),
        percent in 0..101u8,
    ) {
        let config = OutlierConfig {
            max_ejection_percent: percent,
            consecutive_5xx: 2,
            enforcing_failure_percentage: 100,
            failure_percentage_volume: 3,
            success_rate_volume: 3,
            ..OutlierConfig::DEFAULT
        };
        let mut bench = Bench::new(config, 12);
        for (host, observed, wait_ms) in steps {
            let observed = match observed {
                0 => Observed::Success,
                1 => Observed::ServerError,
                2 => Observed::GatewayError,
                _ => Observed::LocalOriginFailure,
            };
            bench.tell(host, observed, 1);
            prop_assert!(bench.detector.ejected() * 100 <= usize::from(percent) * 12);
            bench.wait(Micros::from_millis(wait_ms));
        }
        let (mut out, mut events) = ([false; 12], bench.events.into_iter());
        let consistent = events.all(|event| match event {
            OutlierEvent::Ejected { host, .. } => !core::mem::replace(&mut out[host], true),
            OutlierEvent::Unejected { host } => core::mem::replace(&mut out[host], false),
        });
        prop_assert!(consistent);
    }
}

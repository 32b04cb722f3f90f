//! What isolates know together: whom they leave out, for how long, and what each may do.

use alloc::{format, vec, vec::Vec};

use mesh_core::{dice::SeededDice, snapshot::tables::Health};
use proptest::prelude::*;

use super::*;
use crate::{
    record::{Record, tests::record},
    registry::Registry,
};

const EVERY: Micros = Micros::from_secs(30);

fn outliers() -> OutlierConfig {
    OutlierConfig {
        consecutive_5xx: 0,
        consecutive_gateway_failure: 0,
        always_eject_one: true,
        spare_last: true,
        ..OutlierConfig::DEFAULT
    }
}

const OFF: SharedConfig = SharedConfig { outliers: None, open_isolates_percent: 0, hints: false };

fn config() -> SharedConfig {
    SharedConfig { outliers: Some(outliers()), open_isolates_percent: 50, hints: true }
}

/// A registry of one service with so many endpoints.
struct Bench {
    registry: Registry,
    dice: SeededDice,
    now: Timestamp,
    config: SharedConfig,
    changes: Vec<Change>,
}

fn endpoint(number: usize) -> Record {
    record("users", &format!("https://{number}.example"))
}

impl Bench {
    fn new(config: SharedConfig, endpoints: usize) -> Self {
        let mut registry = Registry::new();
        registry.configure((0..endpoints).map(endpoint).collect());
        let now = Timestamp::from_millis(1_000_000_000);
        let mut bench = Self { registry, dice: SeededDice::new(3), now, config, changes: vec![] };
        bench.share();
        bench
    }

    fn share(&mut self) {
        let config = self.config;
        self.registry.share(["users"].into_iter(), |_| config);
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Micros::from_secs(seconds));
    }

    fn tell(&mut self, isolate: u64, report: &ServiceReport) -> Option<Hint> {
        if self.registry.shares_old() {
            self.share();
        }
        let reporter = Reporter { isolate, every: EVERY };
        let changes = &mut self.changes;
        let sink = &mut |change| changes.push(change);
        self.registry.report(reporter, "users", report, self.now, &mut self.dice, sink)
    }

    /// An isolate tells of a hundred attempts at each endpoint, with so many failures.
    fn tell_failures(&mut self, isolate: u64, failures: &[u32]) {
        let endpoints = failures.iter().enumerate().map(|(number, failures)| EndpointReport {
            endpoint: endpoint(number).identity(),
            attempts: 100,
            failures: *failures,
            opened: 0,
            open: false,
        });
        let report = ServiceReport { requests: 100, limit: None, endpoints: endpoints.collect() };
        self.tell(isolate, &report);
    }

    fn tell_breaker(&mut self, isolate: u64, number: usize, opened: u32, open: bool) {
        let endpoint = endpoint(number).identity();
        let one = EndpointReport { endpoint, attempts: 7, failures: 7, opened, open };
        self.tell(isolate, &ServiceReport { requests: 7, limit: None, endpoints: vec![one] });
    }

    fn out(&self) -> Vec<usize> {
        let known = self.registry.endpoints().enumerate();
        known.filter(|(_, one)| one.health != Health::Healthy).map(|(number, _)| number).collect()
    }
}

fn requests(requests: u32, limit: Option<u32>) -> ServiceReport {
    ServiceReport { requests, limit, endpoints: vec![] }
}

#[test]
fn what_a_thousand_isolates_see_a_little_of_is_seen_by_all_together() {
    let mut bench = Bench::new(config(), 10);
    // each sees three attempts at each endpoint in half a minute, and every other one at the fourth
    // endpoint fails
    for isolate in 0..1_000 {
        let endpoints = (0..10).map(|number| EndpointReport {
            endpoint: endpoint(number).identity(),
            attempts: 3,
            failures: if number == 3 { 1 + u32::from(isolate % 2 == 0) } else { 0 },
            opened: 0,
            open: false,
        });
        bench.now = bench.now.saturating_add(Micros::from_millis(30));
        bench.tell(
            isolate,
            &ServiceReport { requests: 30, limit: None, endpoints: endpoints.collect() },
        );
    }
    let bad = endpoint(3).identity();
    assert_eq!(bench.changes, [Change::Ejected(bad, EjectionReason::SuccessRate)]);
    assert_eq!(bench.out(), [3]);
    let ejected = bench.registry.shared().ejection(bad).unwrap();
    assert_eq!(ejected.until.saturating_since(ejected.at), Micros::from_secs(30));
}

#[test]
fn one_isolate_alone_is_judged_by_what_it_tells() {
    let mut bench = Bench::new(config(), 6);
    bench.tell_failures(1, &[0, 0, 50, 0, 0, 0]);
    assert_eq!(bench.out(), [2], "the first report is judged at once");
    let mut bench = Bench::new(config(), 4);
    bench.tell_failures(1, &[0, 0, 50, 0]);
    assert_eq!(bench.out(), [], "too few endpoints to compare");
}

#[test]
fn an_ejected_endpoint_comes_back_and_is_told_once() {
    let mut bench = Bench::new(config(), 6);
    bench.tell_failures(1, &[0, 0, 50, 0, 0, 0]);
    let bad = endpoint(2);
    let (version, until) = (bench.registry.version(), bench.registry.shared().next_return());
    assert_eq!(until, Some(bench.now.saturating_add(Micros::from_secs(30))));
    bench.registry.published(version, bench.now);
    assert_eq!(bench.registry.next_wake(), until);
    bench.wait(29);
    assert_eq!(bench.registry.wake(bench.now, &mut bench.dice), crate::registry::Work::default());
    bench.wait(1);
    let work = bench.registry.wake(bench.now, &mut bench.dice);
    assert_eq!((work.returned, work.publish.is_some()), (vec![bad], true));
    assert_ne!(bench.registry.version(), version);
    assert_eq!(bench.out(), []);
    assert_eq!(bench.registry.wake(bench.now, &mut bench.dice).returned, []);
    // by a report as well as by an alarm
    bench.wait(10);
    bench.tell_failures(1, &[0, 0, 50, 0, 0, 0]);
    assert_eq!(bench.out(), [2]);
    bench.wait(60);
    bench.tell_failures(1, &[0, 0, 0, 0, 0, 0]);
    assert_eq!(bench.out(), []);
    assert_eq!(bench.changes.last(), Some(&Change::Returned(endpoint(2).identity())));
    assert_eq!(bench.registry.shared().next_return(), None);
}

#[test]
fn what_is_left_of_an_ejected_endpoints_traffic_does_not_eject_it_again() {
    let mut bench = Bench::new(config(), 6);
    bench.tell_failures(1, &[0, 0, 50, 0, 0, 0]);
    for isolate in 2..20 {
        bench.wait(1);
        bench.tell_failures(isolate, &[0, 0, 50, 0, 0, 0]);
        bench.tell_breaker(isolate, 2, 1, true);
    }
    bench.wait(12);
    bench.registry.wake(bench.now, &mut bench.dice);
    bench.tell_failures(1, &[0, 0, 0, 0, 0, 0]);
    for isolate in 2..20 {
        bench.wait(1);
        // nobody has closed those breakers
        bench.tell_breaker(isolate, 2, 0, true);
    }
    assert_eq!(bench.out(), []);
    assert_eq!(bench.changes.len(), 1, "{:?}", bench.changes);
}

#[test]
fn breakers_that_open_in_enough_isolates_eject() {
    // isolates, of which so many see it open, at a percentage
    for (isolates, open, percent, ejected) in [
        (1, 1, 50, false),
        (2, 2, 50, true),
        (2, 1, 50, false),
        (10, 4, 50, false),
        (10, 5, 50, true),
        (10, 2, 1, true),
        (10, 1, 1, false),
        (10, 10, 100, true),
        (10, 9, 100, false),
        (10, 10, 0, false),
    ] {
        let mut bench = Bench::new(SharedConfig { open_isolates_percent: percent, ..config() }, 3);
        for isolate in 0..isolates {
            bench.tell(isolate, &requests(1, None));
        }
        for isolate in 0..open {
            bench.tell_breaker(isolate, 1, 1, true);
        }
        let expected: &[usize] = if ejected { &[1] } else { &[] };
        assert_eq!(bench.out(), expected, "{open} of {isolates} at {percent} %");
        if ejected {
            let change = Change::Ejected(endpoint(1).identity(), EjectionReason::Known);
            assert_eq!(bench.changes, [change]);
        }
    }
}

#[test]
fn a_breaker_that_closed_or_an_isolate_that_is_gone_counts_no_more() {
    let mut bench = Bench::new(config(), 3);
    bench.tell_breaker(1, 0, 1, true);
    bench.tell_breaker(1, 0, 1, false);
    bench.tell_breaker(2, 0, 1, true);
    assert_eq!(bench.out(), []);
    bench.wait(91);
    bench.tell_breaker(3, 0, 1, true);
    assert_eq!(bench.out(), [], "the others are forgotten");
    bench.wait(80);
    bench.tell_breaker(4, 0, 2, true);
    assert_eq!(bench.out(), [0]);
}

#[test]
fn never_the_last_ones() {
    for (endpoints, percent, most) in [(1, 100, 0), (2, 100, 1), (4, 10, 1), (10, 50, 5), (4, 0, 0)]
    {
        let outliers = OutlierConfig {
            max_ejection_percent: percent,
            always_eject_one: percent > 0,
            enforcing_failure_percentage: 100,
            failure_percentage_hosts_min: 1,
            ..outliers()
        };
        let mut bench =
            Bench::new(SharedConfig { outliers: Some(outliers), ..config() }, endpoints);
        for _ in 0..3 {
            for isolate in 0..5 {
                bench.tell_failures(isolate, &vec![100; endpoints]);
                for number in 0..endpoints {
                    bench.tell_breaker(isolate, number, 1, true);
                }
            }
            bench.wait(10);
        }
        assert_eq!(bench.out().len(), most, "{endpoints} at {percent} %");
    }
    // those that something else keeps out are not what is left
    let mut bench = Bench::new(config(), 3);
    for number in 1..3 {
        let one = endpoint(number).identity();
        bench.registry.check(one, crate::checks::CheckConfig::DEFAULT, bench.now);
        bench.registry.probed(one, false);
    }
    bench.tell_breaker(1, 0, 1, true);
    bench.tell_breaker(2, 0, 1, true);
    assert_eq!(bench.out(), [1, 2]);
}

#[test]
fn an_ejection_stays_with_its_endpoint_as_others_come_and_go_and_ends_with_the_setting() {
    let mut bench = Bench::new(config(), 6);
    bench.tell_failures(1, &[0, 0, 50, 0, 0, 0]);
    bench.registry.configure([5, 2, 7, 3].map(endpoint).into());
    bench.share();
    assert_eq!(bench.out(), [1]);
    bench.registry.configure([5, 7].map(endpoint).into());
    bench.share();
    assert_eq!((bench.out(), bench.registry.shared().next_return()), (vec![], None));
    bench.registry.configure([5, 2].map(endpoint).into());
    bench.share();
    assert_eq!(bench.out(), [], "an endpoint that comes anew begins anew");

    let mut bench = Bench::new(config(), 6);
    bench.tell_failures(1, &[0, 0, 50, 0, 0, 0]);
    bench.config = OFF;
    bench.share();
    assert_eq!((bench.out(), bench.registry.shared().next_return()), (vec![], None));
}

#[test]
fn an_ejection_goes_on_after_a_restart() {
    let mut bench = Bench::new(config(), 6);
    bench.tell_failures(1, &[0, 0, 50, 0, 0, 0]);
    let stored: Vec<_> = bench.registry.shared().ejections().collect();
    let mut again = Bench::new(config(), 6);
    again.now = bench.now;
    for (endpoint, ejected) in &stored {
        again.registry.restore_ejection(*endpoint, *ejected);
    }
    again.registry.restore_ejection(endpoint(99).identity(), stored[0].1);
    assert_eq!(again.out(), [2]);
    assert_eq!(again.registry.shared().ejections().collect::<Vec<_>>(), stored);
    again.wait(30);
    assert_eq!(again.registry.wake(again.now, &mut again.dice).returned, [endpoint(2)]);
}

#[test]
fn limits_of_others_are_told_to_those_that_have_none() {
    let mut bench = Bench::new(config(), 1);
    let told = |bench: &mut Bench, isolate, limit| {
        bench.tell(isolate, &requests(1, limit)).and_then(|hint| hint.concurrency)
    };
    assert_eq!(told(&mut bench, 1, None), None);
    assert_eq!(told(&mut bench, 2, Some(80)), None);
    assert_eq!(told(&mut bench, 1, None), Some(80));
    for (isolate, limit) in [(3, 20), (4, 30), (5, 40), (6, 200)] {
        told(&mut bench, isolate, Some(limit));
    }
    assert_eq!(told(&mut bench, 1, None), Some(40));
    bench.wait(91);
    assert_eq!(told(&mut bench, 1, None), None, "all are forgotten");
}

#[test]
fn who_shares_nothing_hears_nothing_and_is_not_remembered() {
    let mut bench = Bench::new(SharedConfig { hints: false, ..config() }, 2);
    assert_eq!(bench.tell(1, &requests(5, None)), None);
    let mut bench = Bench::new(OFF, 2);
    assert_eq!(bench.tell(1, &requests(5, None)), None);
    let (sink, reporter) = (&mut |_| {}, Reporter { isolate: 1, every: EVERY });
    let mut shared = Shared::new();
    let report = requests(5, None);
    let hint = shared.report(reporter, "users", &report, bench.now, &mut bench.dice, sink);
    assert_eq!(hint, None);
}

#[test]
fn no_more_isolates_are_remembered_than_there_is_room_for() {
    let (mut shared, mut dice) = (Shared::new(), SeededDice::new(1));
    let now = Timestamp::from_millis(1_000_000);
    let names: Vec<String> = (0..60).map(|number| format!("s{number}")).collect();
    shared.sync(names.iter().map(|name| (name.as_str(), config(), vec![])));
    let mut hints = 0;
    for (service, name) in (0u64..).zip(&names) {
        for isolate in 0..1_000 {
            let reporter = Reporter { isolate: service * 1_000 + isolate, every: EVERY };
            let report = requests(1, None);
            hints += shared
                .report(reporter, name, &report, now, &mut dice, &mut |_| {})
                .map_or(0, |hint| u32::from(hint.retry_share > 0.0));
        }
    }
    let known: usize = shared.services.values().map(SharedService::reporters).sum();
    assert_eq!((known, hints), (REPORTERS_MAX, 60_000));
}

fn reports() -> impl Strategy<Value = Vec<(u64, u64, ServiceReport)>> {
    let number = prop_oneof![0..200u32, Just(u32::MAX)];
    let one = (0..14usize, number.clone(), number.clone(), 0..3u32, any::<bool>());
    let one = one.prop_map(|(at, attempts, failures, opened, open)| EndpointReport {
        endpoint: endpoint(at).identity(),
        attempts,
        failures,
        opened,
        open,
    });
    let report = (number.clone(), prop::option::of(number), prop::collection::vec(one, 0..20))
        .prop_map(|(requests, limit, endpoints)| ServiceReport { requests, limit, endpoints });
    prop::collection::vec((0..6u64, 0..40u64, report), 1..80)
}

proptest! {
    /// Whatever isolates tell: an endpoint goes and comes back in turn, no more go than may, one is
    /// always left, and what is published is what was told.
    #[test]
    fn whatever_is_told_no_more_are_left_out_than_may(
        reports in reports(), endpoints in 1..12usize, percent in 0..101u8,
    ) {
        let outliers = OutlierConfig {
            max_ejection_percent: percent,
            always_eject_one: percent > 0,
            enforcing_failure_percentage: 100,
            failure_percentage_hosts_min: 1,
            failure_percentage_volume: 5,
            success_rate_hosts_min: 2,
            success_rate_volume: 5,
            ..outliers()
        };
        let mut bench = Bench::new(SharedConfig { outliers: Some(outliers), ..config() }, endpoints);
        let mut out = BTreeMap::new();
        for (isolate, seconds, report) in reports {
            bench.wait(seconds);
            let work = bench.registry.wake(bench.now, &mut bench.dice);
            for record in work.returned {
                prop_assert_eq!(out.remove(&record.identity()), Some(()));
            }
            let version = bench.registry.version();
            let hint = bench.tell(isolate, &report).unwrap();
            prop_assert!((0.0..=1.0).contains(&hint.retry_share));
            prop_assert_eq!(version != bench.registry.version(), !bench.changes.is_empty());
            for change in bench.changes.drain(..) {
                let known = match change {
                    Change::Ejected(one, _) => out.insert(one, ()).is_none(),
                    Change::Returned(one) => out.remove(&one).is_some(),
                };
                prop_assert!(known);
            }
            let count = bench.out().len();
            prop_assert_eq!(count, out.len());
            prop_assert!(count < endpoints);
            prop_assert!(count * 100 <= (usize::from(percent) * endpoints).max(100 * usize::from(percent > 0)));
            let next = bench.registry.shared().next_return();
            prop_assert!(next.is_none_or(|next| next > bench.now));
            prop_assert_eq!(next.is_none(), out.is_empty());
        }
    }

    /// The shares of all that tell are one floor together.
    #[test]
    fn shares_are_one_together(requested in prop::collection::vec(0..10_000u32, 1..60)) {
        let mut bench = Bench::new(config(), 1);
        let mut sum = 0.0;
        for _ in 0..2 {
            sum = 0.0;
            for (isolate, requested) in (0u64..).zip(&requested) {
                let share = bench.tell(isolate, &requests(*requested, None)).unwrap().retry_share;
                prop_assert!(share > 0.0 && share <= 1.0, "{}", share);
                sum += share;
            }
        }
        prop_assert!((sum - 1.0f64).abs() < 1e-9, "{}", sum);
    }
}

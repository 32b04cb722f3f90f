use alloc::{vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::dice::SeededDice;

const S: Outcome = Outcome::Success;
const F: Outcome = Outcome::Failure;
const R: Outcome = Outcome::RateLimited;
const LEASE: Micros = Micros::from_secs(5);

fn report(outcome: Outcome) -> Report {
    Report { outcome, latency: Micros::from_millis(20), retry_after: None, may_open: true }
}

/// One breaker with its surroundings, so that a test reads as a sequence of events.
struct Bench {
    breaker: Breaker,
    config: BreakerConfig,
    now: Timestamp,
    dice: SeededDice,
}

impl Bench {
    fn new(config: BreakerConfig) -> Self {
        let now = Timestamp::from_millis(1_000_000);
        Self { breaker: Breaker::new(), config, now, dice: SeededDice::new(42) }
    }

    fn wait(&mut self, span: Micros) {
        self.now = self.now.saturating_add(span);
    }

    fn start(&mut self) -> BreakerTicket {
        let admission = self.breaker.admits(&self.config, self.now);
        self.breaker.on_start(admission, LEASE, &self.config, self.now).0
    }

    fn finish(&mut self, ticket: BreakerTicket, report: &Report) -> Option<Transition> {
        self.breaker.on_result(ticket, report, &self.config, self.now, &mut self.dice)
    }

    fn run(&mut self, outcome: Outcome) -> Option<TransitionReason> {
        let ticket = self.start();
        self.finish(ticket, &report(outcome)).map(|t| t.reason)
    }

    fn sequence(&mut self, outcomes: &[Outcome]) -> Vec<Option<TransitionReason>> {
        outcomes.iter().map(|o| self.run(*o)).collect()
    }

    fn until(&self) -> Timestamp {
        let BreakerState::Open { until } = self.breaker.state() else {
            panic!("not open: {:?}", self.breaker.state());
        };
        until
    }

    fn opened(config: BreakerConfig) -> Self {
        let mut bench = Self::new(config);
        while bench.breaker.is_ready() {
            bench.run(F);
        }
        bench
    }

    /// Opened, waited out, and the first probe has started.
    fn half_open(config: BreakerConfig) -> (Self, BreakerTicket) {
        let mut bench = Self::opened(config);
        bench.now = bench.until();
        let probe = bench.start();
        assert!(probe.is_probe());
        (bench, probe)
    }
}

fn ratio_off() -> BreakerConfig {
    BreakerConfig { success_ratio_permille: 0, ..BreakerConfig::DEFAULT }
}

#[test]
fn five_failures_trip_the_ratio_before_the_consecutive_limit() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    let moves = bench.sequence(&[F; 5]);
    assert_eq!(moves, [None, None, None, None, Some(TransitionReason::LowSuccessRate)]);
}

#[test]
fn with_the_ratio_off_the_seventh_failure_trips() {
    let mut bench = Bench::new(ratio_off());
    let moves = bench.sequence(&[F; 7]);
    assert_eq!(moves[..6], [None; 6]);
    assert_eq!(moves[6], Some(TransitionReason::ConsecutiveFailures));
}

#[test]
fn failures_eleven_seconds_apart_trip_the_consecutive_limit() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    for i in 1..=7 {
        let reason = bench.run(F);
        assert_eq!(reason, (i == 7).then_some(TransitionReason::ConsecutiveFailures));
        bench.wait(Micros::from_secs(11));
    }
}

#[test]
fn a_ratio_at_the_threshold_does_not_trip_and_below_it_does() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    assert_eq!(bench.sequence(&[S, S, S, S, F]), [None; 5]);
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    assert_eq!(bench.sequence(&[S, S, S, F, F])[4], Some(TransitionReason::LowSuccessRate));
}

#[test]
fn a_success_that_completes_the_minimum_can_trip_the_ratio() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    assert_eq!(bench.sequence(&[F, F, S, S, S])[4], Some(TransitionReason::LowSuccessRate));
}

#[test]
fn a_success_resets_the_consecutive_counter_and_429_leaves_it() {
    let mut bench = Bench::new(ratio_off());
    assert_eq!(bench.sequence(&[F, F, F, F, F, F, S, F, F, F, F, F, F]), [None; 13]);
    assert_eq!(bench.sequence(&[R, R, R]), [None; 3]);
    assert_eq!(bench.run(F), Some(TransitionReason::ConsecutiveFailures));
}

#[test]
fn rate_limited_answers_count_against_the_ratio_only() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    assert_eq!(bench.sequence(&[R; 5])[4], Some(TransitionReason::LowSuccessRate));
    let mut bench = Bench::new(ratio_off());
    assert_eq!(bench.sequence(&[R; 50]), [None; 50]);
}

#[test]
fn everything_off_never_opens() {
    let config = BreakerConfig { consecutive_failures: 0, ..ratio_off() };
    let mut bench = Bench::new(config);
    assert!(bench.sequence(&[F; 500]).iter().all(Option::is_none));
}

#[test]
fn slow_calls_trip_at_their_share() {
    let config = BreakerConfig {
        slow_call_after: Micros::from_millis(100),
        slow_call_ratio_permille: 600,
        ..BreakerConfig::DEFAULT
    };
    let mut bench = Bench::new(config);
    let slow = Report { latency: Micros::from_millis(100), ..report(S) };
    for (fast, expected) in [
        (true, None),
        (false, None),
        (true, None),
        (false, None),
        (false, Some(TransitionReason::SlowCalls)),
    ] {
        let ticket = bench.start();
        let result = if fast { report(S) } else { slow };
        assert_eq!(bench.finish(ticket, &result).map(|t| t.reason), expected);
    }
}

#[test]
fn a_latency_of_zero_is_unknown_and_never_slow() {
    let config = BreakerConfig { slow_call_after: Micros(1), ..BreakerConfig::DEFAULT };
    let mut bench = Bench::new(config);
    for _ in 0..50 {
        let ticket = bench.start();
        let unknown = Report { latency: Micros::ZERO, ..report(S) };
        assert_eq!(bench.finish(ticket, &unknown), None);
    }
}

#[test]
fn refuses_while_open_and_admits_one_probe_when_the_time_is_up() {
    let mut bench = Bench::opened(BreakerConfig::DEFAULT);
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    let until = bench.until();
    bench.now = Timestamp::from_micros(until.as_micros() - 1);
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    bench.now = until;
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Probe);

    let (probe, moved) = bench.breaker.on_start(Admission::Probe, LEASE, &bench.config, bench.now);
    assert_eq!(moved.map(|t| t.reason), Some(TransitionReason::OpenTimeOver));
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    let closed = bench.finish(probe, &report(S)).unwrap();
    assert_eq!(
        (closed.to, closed.reason),
        (BreakerState::Closed, TransitionReason::ProbeSucceeded)
    );
    // window and counters start over
    assert_eq!(bench.sequence(&[F, F, F, F]), [None; 4]);
}

#[test]
fn each_failed_probe_doubles_the_open_time() {
    let mut bench = Bench::opened(BreakerConfig::DEFAULT);
    for (low_s, high_s) in [(1, 2), (2, 3), (4, 6), (8, 12), (16, 24), (32, 48), (60, 60), (60, 60)]
    {
        let wait = bench.until().saturating_since(bench.now);
        assert!(wait >= Micros::from_secs(low_s) && wait <= Micros::from_secs(high_s), "{wait}");
        bench.now = bench.until();
        assert_eq!(bench.run(F), Some(TransitionReason::ProbeFailed));
    }
    bench.now = bench.until();
    assert_eq!(bench.run(S), Some(TransitionReason::ProbeSucceeded));
    // a success forgets the level
    while bench.breaker.is_ready() {
        bench.run(F);
    }
    assert!(bench.until().saturating_since(bench.now) <= Micros::from_millis(1_500));
}

#[test]
fn rate_limits_and_slow_successes_fail_a_probe() {
    let config = BreakerConfig { slow_call_after: Micros::from_secs(1), ..BreakerConfig::DEFAULT };
    let slow = Report { latency: Micros::from_secs(1), ..report(S) };
    for result in [report(R), slow] {
        let (mut bench, probe) = Bench::half_open(config);
        let moved = bench.finish(probe, &result).unwrap();
        assert_eq!(moved.reason, TransitionReason::ProbeFailed);
    }
}

#[test]
fn the_open_time_is_at_least_the_hint_and_the_hint_is_capped() {
    for (hint_s, least_s, most_s) in [(20, 20, 20), (0, 1, 2), (86_400, 300, 300)] {
        let mut bench = Bench::new(BreakerConfig::DEFAULT);
        let hinted = Report { retry_after: Some(Micros::from_secs(hint_s)), ..report(R) };
        while bench.breaker.is_ready() {
            let ticket = bench.start();
            bench.finish(ticket, &hinted);
        }
        let wait = bench.until().saturating_since(bench.now);
        assert!(wait >= Micros::from_secs(least_s) && wait <= Micros::from_secs(most_s), "{wait}");
    }
}

#[test]
fn the_floor_of_the_pool_keeps_it_closed_and_its_counters() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    for _ in 0..20 {
        let ticket = bench.start();
        let held = Report { may_open: false, ..report(F) };
        assert_eq!(bench.finish(ticket, &held), None);
    }
    assert!(bench.breaker.is_ready());
    assert_eq!(bench.run(F), Some(TransitionReason::ConsecutiveFailures));
}

#[test]
fn a_late_result_from_before_the_opening_changes_nothing() {
    for late in [S, F, R] {
        let mut bench = Bench::new(BreakerConfig::DEFAULT);
        let early = bench.start();
        while bench.breaker.is_ready() {
            bench.run(F);
        }
        let open = bench.breaker.state();
        assert_eq!(bench.finish(early, &report(late)), None);
        assert_eq!(bench.breaker.state(), open);

        bench.now = bench.until();
        let probe = bench.start();
        let half_open = bench.breaker.state();
        assert_eq!(bench.finish(early, &report(late)), None);
        assert_eq!(bench.breaker.state(), half_open);

        assert!(bench.finish(probe, &report(S)).is_some());
        for _ in 0..20 {
            assert_eq!(bench.finish(early, &report(late)), None);
        }
        assert!(bench.breaker.is_ready());
    }
}

#[test]
fn a_probe_that_never_reports_gives_its_slot_back_when_its_lease_ends() {
    let (mut bench, lost) = Bench::half_open(BreakerConfig::DEFAULT);
    bench.wait(LEASE.saturating_sub(Micros(1)));
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    bench.wait(Micros(1));
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Probe);
    let second = bench.start();
    assert!(second.is_probe());
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    // the lost one comes back after all: it is stale
    assert_eq!(bench.finish(lost, &report(F)), None);
    assert!(bench.finish(second, &report(S)).is_some());
    assert!(bench.breaker.is_ready());
}

#[test]
fn a_probe_without_a_timeout_has_the_default_lease() {
    let mut bench = Bench::opened(BreakerConfig::DEFAULT);
    bench.now = bench.until();
    let (_probe, _) =
        bench.breaker.on_start(Admission::Probe, Micros::ZERO, &bench.config, bench.now);
    bench.wait(PROBE_LEASE_DEFAULT.saturating_sub(Micros(1)));
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    bench.wait(Micros(1));
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Probe);
}

#[test]
fn a_probe_with_a_short_lease_does_not_end_the_lease_of_a_long_one() {
    let config = BreakerConfig { probes: 3, ..BreakerConfig::DEFAULT };
    let (mut bench, _long) = Bench::half_open(config);
    let short = Micros::from_millis(10);
    let (second, _) = bench.breaker.on_start(Admission::Probe, short, &config, bench.now);
    let (third, _) = bench.breaker.on_start(Admission::Probe, short, &config, bench.now);
    assert!(second.is_probe() && third.is_probe());
    bench.wait(short);
    assert_eq!(bench.breaker.admits(&config, bench.now), Admission::Refused);
    bench.wait(LEASE);
    assert_eq!(bench.breaker.admits(&config, bench.now), Admission::Probe);
}

#[test]
fn a_failure_counts_in_the_ratio_until_its_bucket_leaves_the_window() {
    for (wait_s, expected) in [(9, Some(TransitionReason::LowSuccessRate)), (10, None)] {
        let mut bench = Bench::new(BreakerConfig::DEFAULT);
        bench.sequence(&[F; 4]);
        bench.wait(Micros::from_secs(wait_s));
        assert_eq!(bench.run(S), expected, "{wait_s} s");
    }
}

#[test]
fn an_abandoned_probe_gives_its_slot_back_at_once() {
    let (mut bench, probe) = Bench::half_open(BreakerConfig::DEFAULT);
    bench.breaker.on_abandon(probe);
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Probe);
    let normal = BreakerTicket { probe: false, ..probe };
    let again = bench.start();
    bench.breaker.on_abandon(normal);
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    assert!(bench.finish(again, &report(S)).is_some());
}

#[test]
fn several_probes_must_all_succeed() {
    let config = BreakerConfig { probes: 3, ..BreakerConfig::DEFAULT };
    let (mut bench, first) = Bench::half_open(config);
    let (second, third) = (bench.start(), bench.start());
    assert!(second.is_probe() && third.is_probe());
    assert!(!bench.start().is_probe());
    assert_eq!(bench.finish(first, &report(S)), None);
    // one has succeeded and two are in flight: a fourth is not needed
    assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    assert_eq!(bench.finish(second, &report(S)), None);
    assert!(bench.finish(third, &report(S)).is_some());
    assert!(bench.breaker.is_ready());

    let (mut bench, first) = Bench::half_open(config);
    let second = bench.start();
    assert!(bench.finish(second, &report(F)).is_some());
    assert_eq!(bench.finish(first, &report(S)), None);
    assert!(matches!(bench.breaker.state(), BreakerState::Open { .. }));
}

#[test]
fn forced_open_refuses_for_ever_and_disabled_never_opens() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    let moved = bench.breaker.set_mode(BreakerMode::ForceOpen).unwrap();
    assert_eq!((moved.from, moved.reason), (BreakerState::Closed, TransitionReason::Forced));
    let end = Timestamp::from_micros(u64::MAX);
    assert_eq!(bench.breaker.admits(&bench.config, end), Admission::Refused);
    assert_eq!(bench.breaker.set_mode(BreakerMode::ForceOpen), None);

    assert!(bench.breaker.set_mode(BreakerMode::Disabled).is_some());
    assert!(bench.sequence(&[F; 100]).iter().all(Option::is_none));
    assert_eq!(bench.breaker.mode(), BreakerMode::Disabled);
    assert_eq!(bench.breaker.set_mode(BreakerMode::Automatic), None);
    assert_eq!(bench.sequence(&[F; 5])[4], Some(TransitionReason::LowSuccessRate));
}

#[test]
fn a_clock_that_stands_still_trips_and_never_divides() {
    let mut bench = Bench::new(BreakerConfig::DEFAULT);
    bench.now = Timestamp::ZERO;
    assert_eq!(bench.sequence(&[F; 5])[4], Some(TransitionReason::LowSuccessRate));
    for _ in 0..1_000 {
        assert_eq!(bench.breaker.admits(&bench.config, bench.now), Admission::Refused);
    }
    let instant = BreakerConfig { open_min: Micros::ZERO, open_max: Micros::ZERO, ..bench.config };
    let mut bench = Bench::opened(instant);
    let probe = bench.start();
    assert!(probe.is_probe());
    assert!(bench.finish(probe, &report(S)).is_some());
}

/// The slow and obvious breaker: remembers every result and adds up by hand.
struct Naive {
    results: Vec<(u64, Outcome, bool)>,
    consecutive: u32,
    state: u8,
    until: u64,
    level: u32,
    probes: Vec<usize>,
    lease_end: u64,
    succeeded: usize,
    round: Vec<usize>,
}

impl Naive {
    fn admits(&self, config: &BreakerConfig, now: u64) -> Admission {
        match self.state {
            0 => Admission::Normal,
            1 if now >= self.until => Admission::Probe,
            2 if self.live(now) + self.succeeded < usize::from(config.probes) => Admission::Probe,
            _ => Admission::Refused,
        }
    }

    /// Leases of one round end together, with the last one to end.
    fn live(&self, now: u64) -> usize {
        if now >= self.lease_end { 0 } else { self.probes.len() }
    }

    fn start(&mut self, id: usize, config: &BreakerConfig, now: u64) {
        match self.admits(config, now) {
            Admission::Normal => self.round.push(id),
            Admission::Probe => {
                if self.state == 1 {
                    (self.state, self.succeeded, self.lease_end) = (2, 0, 0);
                    self.probes.clear();
                } else if self.live(now) == 0 {
                    self.probes.clear();
                }
                self.probes.push(id);
                self.lease_end = self.lease_end.max(now + LEASE.0);
            }
            Admission::Refused => {}
        }
    }

    fn finish(&mut self, id: usize, result: &Report, config: &BreakerConfig, now: u64, draw: u64) {
        let slow = result.latency >= config.slow_call_after;
        if self.state == 0 && self.round.contains(&id) {
            self.results.push((now / 1_000_000, result.outcome, slow));
            match result.outcome {
                Outcome::Success => self.consecutive = 0,
                Outcome::Failure => self.consecutive += 1,
                Outcome::RateLimited => {}
            }
            let seen: Vec<_> = self.results.iter().filter(|r| now / 1_000_000 - r.0 < 10).collect();
            let good = seen.iter().filter(|r| r.1 == S).count();
            let slows = seen.iter().filter(|r| r.2).count();
            let enough = seen.len() >= config.min_requests as usize;
            let low = good * 1_000 < seen.len() * usize::from(config.success_ratio_permille);
            let lame = slows * 1_000 >= seen.len() * usize::from(config.slow_call_ratio_permille);
            let trip = self.consecutive >= config.consecutive_failures || enough && (low || lame);
            if trip && result.may_open {
                self.open(config, now, draw);
            }
        } else if let Some(at) = self.probes.iter().position(|p| *p == id)
            && self.state == 2
        {
            self.probes.remove(at);
            if result.outcome != S || slow {
                self.level += 1;
                self.open(config, now, draw);
                return;
            }
            self.succeeded += 1;
            if self.succeeded >= usize::from(config.probes) {
                *self = naive();
            }
        }
    }

    fn open(&mut self, config: &BreakerConfig, now: u64, draw: u64) {
        let (min, max) = (u128::from(config.open_min.0), u128::from(config.open_max.0));
        let base = (min << self.level.min(40)).min(max);
        let jitter = (base * u128::from(config.jitter_permille) / 1_000).min(max - base);
        let wait = base + ((jitter * u128::from(draw)) >> 64);
        self.until = now + u64::try_from(wait).unwrap();
        self.state = 1;
        self.round.clear();
        self.probes.clear();
    }
}

fn naive() -> Naive {
    Naive {
        results: vec![],
        consecutive: 0,
        state: 0,
        until: 0,
        level: 0,
        probes: vec![],
        lease_end: 0,
        succeeded: 0,
        round: vec![],
    }
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Start,
    Finish { which: usize, outcome: Outcome, latency_ms: u64, may_open: bool },
    Abandon { which: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![5 => Just(S), 3 => Just(F), 1 => Just(R)];
    let finish = (any::<usize>(), outcome, 0..200u64, prop::bool::weighted(0.9)).prop_map(
        |(which, outcome, latency_ms, may_open)| Step::Finish {
            which,
            outcome,
            latency_ms,
            may_open,
        },
    );
    let step = prop_oneof![
        2 => (0..3_000_000u64).prop_map(Step::Wait),
        6 => Just(Step::Start),
        5 => finish,
        1 => any::<usize>().prop_map(|which| Step::Abandon { which }),
    ];
    prop::collection::vec(step, 1..300)
}

proptest! {
    #[test]
    fn agrees_with_the_naive_breaker_and_never_exceeds_its_probes(
        steps in steps(),
        probes in 1..4u8,
        consecutive_failures in 2..8u32,
        seed: u64,
    ) {
        let config = BreakerConfig {
            probes,
            consecutive_failures,
            slow_call_after: Micros::from_millis(150),
            slow_call_ratio_permille: 700,
            ..BreakerConfig::DEFAULT
        };
        let (mut breaker, mut model) = (Breaker::new(), naive());
        let (mut dice, mut now) = (SeededDice::new(seed), Timestamp::from_millis(77_777));
        // (id, ticket, start) of what has started and not reported; lost ones stay for ever
        let mut flying: Vec<(usize, BreakerTicket, Timestamp)> = vec![];
        for (id, step) in steps.into_iter().enumerate() {
            match step {
                Step::Wait(us) => now = now.saturating_add(Micros(us)),
                Step::Start => {
                    let admission = breaker.admits(&config, now);
                    prop_assert_eq!(admission, model.admits(&config, now.as_micros()));
                    if admission == Admission::Refused {
                        continue;
                    }
                    let (ticket, _) = breaker.on_start(admission, LEASE, &config, now);
                    prop_assert_eq!(ticket.is_probe(), admission == Admission::Probe);
                    model.start(id, &config, now.as_micros());
                    flying.push((id, ticket, now));
                }
                Step::Finish { which, outcome, latency_ms, may_open } if !flying.is_empty() => {
                    let (id, ticket, _) = flying.remove(which % flying.len());
                    let latency = Micros::from_millis(latency_ms);
                    let result = Report { outcome, latency, retry_after: None, may_open };
                    let draw = dice.clone().roll();
                    let was_open = matches!(breaker.state(), BreakerState::Open { .. });
                    breaker.on_result(ticket, &result, &config, now, &mut dice);
                    let open = matches!(breaker.state(), BreakerState::Open { .. });
                    prop_assert!(open || !was_open);
                    model.finish(id, &result, &config, now.as_micros(), draw);
                }
                Step::Abandon { which } if !flying.is_empty() => {
                    let (id, ticket, _) = flying.remove(which % flying.len());
                    breaker.on_abandon(ticket);
                    model.probes.retain(|p| *p != id);
                }
                Step::Finish { .. } | Step::Abandon { .. } => {}
            }
            let state = match breaker.state() {
                BreakerState::Closed => 0,
                BreakerState::Open { until } => {
                    prop_assert_eq!(until.as_micros(), model.until);
                    1
                }
                BreakerState::HalfOpen { in_flight, succeeded, .. } => {
                    prop_assert!(in_flight.saturating_add(succeeded) <= probes);
                    2
                }
            };
            prop_assert_eq!(state, model.state);
            // counted from outside: probes of this round whose lease still runs
            let live = flying.iter().filter(|(_, ticket, start)| {
                ticket.is_probe()
                    && ticket.generation == breaker.generation
                    && start.saturating_add(LEASE) > now
            });
            prop_assert!(live.count() <= usize::from(probes));
        }
    }
}

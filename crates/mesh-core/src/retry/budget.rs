//! A retry budget: requests pay in a fraction of a retry, each retry takes out a whole one, and what
//! was paid in is gone after `ttl`.
//!
//! Per service and isolate. Retries of the last `ttl` never exceed the share of the requests that the
//! ring still remembers (at most a tenth of `ttl` longer), or the floor where that is more. Finagle,
//! whose budget this is otherwise, adds the floor to the share; a budget of 20 % then lets through
//! more than 20 % whatever the traffic.

use crate::{
    ring,
    time::{Micros, Timestamp},
};

/// All of a share in millionths.
#[cfg(feature = "traffic")]
const WHOLE: u32 = 1_000_000;
#[cfg(feature = "traffic")]
const WHOLE_WIDE: u64 = WHOLE as u64;

/// One more bucket than tenths of the ttl, so that a withdrawal is remembered a full ttl.
const BUCKETS: u8 = 11;
/// A retry costs a thousand; a request pays in its permille.
const RETRY_COST: u64 = 1_000;
/// Shortest ttl; below a second the floor would be a burst per clock tick.
const TTL_MIN: Micros = Micros::from_secs(1);
/// Longest ttl; a longer memory would let a quiet hour pay for a storm.
const TTL_MAX: Micros = Micros::from_secs(60);

/// How many retries a service's requests pay for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryBudgetConfig {
    /// How long a request's payment and a retry's cost are remembered; default 10 s, 1 s to 60 s.
    pub ttl: Micros,
    /// Retries per thousand requests; default 200. 1000 and more count as 1000: one each.
    pub permille: u16,
    /// Retries per second that are allowed where the share is less, for services with few requests;
    /// default 1.
    ///
    /// Per isolate: a thousand isolates have a thousand times this, unless each is told its
    /// [share](RetryBudget::share).
    pub floor_per_second: u16,
}

impl RetryBudgetConfig {
    /// 20 % of the requests of the last 10 s, or one retry per second.
    pub const DEFAULT: Self =
        Self { ttl: Micros::from_secs(10), permille: 200, floor_per_second: 1 };

    fn ttl_clamped(&self) -> Micros {
        self.ttl.clamp(TTL_MIN, TTL_MAX)
    }

    /// What the floor allows in a ttl, in thousandths of a retry.
    fn floor(&self) -> u64 {
        self.ttl_clamped().saturating_mul(u64::from(self.floor_per_second)).0 / 1_000
    }
}

impl Default for RetryBudgetConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The budget of one service; 104 bytes.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    anchor: Timestamp,
    buckets: [Bucket; BUCKETS as usize],
    head: u8,
    /// Part of a retry that it holds beforehand, in thousandths of one.
    #[cfg(feature = "traffic")]
    credit: u16,
    /// Millionths of the floor that it lacks.
    #[cfg(feature = "traffic")]
    withheld: u32,
}

/// A part of the ttl.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// What requests paid in, in thousandths of a retry.
    paid: u32,
    /// Retries that were taken out.
    taken: u32,
}

impl Bucket {
    const EMPTY: Self = Self { paid: 0, taken: 0 };
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryBudget {
    /// A budget that holds its floor only.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            anchor: Timestamp::ZERO,
            buckets: [Bucket::EMPTY; BUCKETS as usize],
            head: 0,
            #[cfg(feature = "traffic")]
            credit: 0,
            #[cfg(feature = "traffic")]
            withheld: 0,
        }
    }

    /// Takes its share of a floor that many isolates hold together, in millionths; all of it and more
    /// is as if nothing had been said.
    ///
    /// A share mostly is less than one retry, so each isolate begins with a part of one, `drawn` anew
    /// from 0 to 999 with each share: of a thousand that hold a hundredth of a retry about ten have
    /// one, and of a thousand with one request each a fifth may try it again where the budget is 20 %.
    #[cfg(feature = "traffic")]
    pub const fn share(&mut self, millionths: u32, drawn: u16) {
        self.withheld = WHOLE.saturating_sub(millionths);
        self.credit = if self.withheld > 0 { drawn } else { 0 };
    }

    /// A first attempt pays in. Retries do not: they would pay for themselves.
    #[inline(always)]
    pub fn deposit(&mut self, config: &RetryBudgetConfig, now: Timestamp) {
        self.rotate(config, now);
        if let Some(bucket) = self.bucket() {
            bucket.paid = bucket.paid.saturating_add(config.permille.min(1_000).into());
        }
    }

    /// Takes out one retry; false where the budget does not hold one.
    #[must_use = "without a withdrawal there is no retry"]
    pub fn withdraw(&mut self, config: &RetryBudgetConfig, now: Timestamp) -> bool {
        self.rotate(config, now);
        let held = self.balance(config) >= RETRY_COST;
        if let Some(bucket) = self.bucket().filter(|_| held) {
            bucket.taken = bucket.taken.saturating_add(1);
        }
        held
    }

    /// Whole retries that could be withdrawn, as of the last deposit or withdrawal.
    #[must_use]
    pub fn retries_left(&self, config: &RetryBudgetConfig) -> u32 {
        u32::try_from(self.balance(config) / RETRY_COST).unwrap_or(u32::MAX)
    }

    /// In thousandths of a retry; nothing where more was taken than is remembered as paid.
    fn balance(&self, config: &RetryBudgetConfig) -> u64 {
        let (mut paid, mut taken) = (0u64, 0u64);
        for bucket in &self.buckets {
            paid = paid.saturating_add(bucket.paid.into());
            taken = taken.saturating_add(bucket.taken.into());
        }
        let floor = config.floor();
        #[cfg(feature = "traffic")]
        // neither can overflow: a floor is below 2^32, and a share below 2^20
        let floor = floor.wrapping_mul(WHOLE.wrapping_sub(self.withheld).into()) / WHOLE_WIDE;
        let held = paid.max(floor);
        #[cfg(feature = "traffic")]
        let held = held.wrapping_add(self.credit.into());
        held.saturating_sub(taken.saturating_mul(RETRY_COST))
    }

    fn bucket(&mut self) -> Option<&mut Bucket> {
        self.buckets.get_mut(usize::from(self.head))
    }

    fn rotate(&mut self, config: &RetryBudgetConfig, now: Timestamp) {
        let ttl = config.ttl_clamped();
        let span = ttl.saturating_add(Micros(ttl.0 / 10));
        for _ in 0..ring::advance(&mut self.anchor, span, BUCKETS, now) {
            self.head = ring::next(self.head, BUCKETS);
            if let Some(bucket) = self.bucket() {
                *bucket = Bucket::EMPTY;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    #[cfg(feature = "traffic")]
    use crate::dice::Dice as _;

    fn drain(budget: &mut RetryBudget, config: &RetryBudgetConfig, now: Timestamp) -> u32 {
        (0..100_000).take_while(|_| budget.withdraw(config, now)).count() as u32
    }

    #[test]
    fn the_defaults_hold_ten_retries_or_a_fifth_of_the_requests() {
        let config = RetryBudgetConfig::DEFAULT;
        let now = Timestamp::from_millis(123_456);
        for (requests, retries) in [(0, 10), (49, 10), (50, 10), (55, 11), (100, 20)] {
            let mut budget = RetryBudget::new();
            (0..requests).for_each(|_| budget.deposit(&config, now));
            assert_eq!(budget.retries_left(&config), retries);
            assert_eq!(drain(&mut budget, &config, now), retries);
        }
    }

    #[test]
    fn no_traffic_gets_more_than_its_share_for_the_floor() {
        // 200 requests per second of which all fail: a fifth more load, and not a retry above it
        let (mut budget, config) = (RetryBudget::new(), RetryBudgetConfig::DEFAULT);
        let mut retries = 0;
        for i in 0..20_000u64 {
            let now = Timestamp::from_millis(1_000 + i * 5);
            budget.deposit(&config, now);
            retries += u32::from(budget.withdraw(&config, now));
        }
        assert_eq!(retries, 4_000);
    }

    #[test]
    fn a_floor_of_ten_holds_a_hundred_retries() {
        let config = RetryBudgetConfig { floor_per_second: 10, ..RetryBudgetConfig::DEFAULT };
        assert_eq!(drain(&mut RetryBudget::new(), &config, Timestamp::ZERO), 100);
    }

    #[test]
    fn thirty_percent_is_thirty_and_not_a_third() {
        let config =
            RetryBudgetConfig { permille: 300, floor_per_second: 0, ..RetryBudgetConfig::DEFAULT };
        let mut budget = RetryBudget::new();
        for _ in 0..1_000 {
            budget.deposit(&config, Timestamp::ZERO);
        }
        assert_eq!(drain(&mut budget, &config, Timestamp::ZERO), 300);
    }

    #[test]
    fn payments_and_costs_are_gone_after_the_ttl() {
        let config = RetryBudgetConfig { floor_per_second: 1, ..RetryBudgetConfig::DEFAULT };
        let (mut budget, start) = (RetryBudget::new(), Timestamp::from_millis(70_000));
        for _ in 0..1_000 {
            budget.deposit(&config, start);
        }
        assert_eq!(drain(&mut budget, &config, start), 200);
        let before = start.saturating_add(Micros::from_millis(9_999));
        assert_eq!(drain(&mut budget, &config, before), 0);
        let after = start.saturating_add(Micros::from_secs(11));
        assert_eq!(drain(&mut budget, &config, after), 10);
    }

    #[test]
    fn amplification_is_bounded_by_the_budget() {
        // three attempts, everything fails: 3.0 without a budget, 1.1 with one of 10 %
        let config = RetryBudgetConfig { ttl: TTL_MAX, permille: 100, floor_per_second: 0 };
        let (mut budget, mut attempts) = (RetryBudget::new(), 0u32);
        for i in 0..10_000u64 {
            let now = Timestamp::from_millis(i);
            budget.deposit(&config, now);
            attempts += 1;
            for _ in 0..2 {
                attempts += u32::from(budget.withdraw(&config, now));
            }
        }
        assert_eq!(attempts, 11_000);
    }

    #[test]
    fn extremes_neither_overflow_nor_pay_out_too_much() {
        let config =
            RetryBudgetConfig { ttl: Micros::MAX, permille: u16::MAX, floor_per_second: u16::MAX };
        let mut budget = RetryBudget::new();
        budget.deposit(&config, Timestamp::from_micros(u64::MAX));
        assert_eq!(budget.retries_left(&config), 65_535 * 60);
        let none = RetryBudgetConfig { permille: 0, floor_per_second: 0, ..config };
        assert!(!RetryBudget::new().withdraw(&none, Timestamp::ZERO));
    }

    /// Of isolates of which each holds an equal share: the retries that all of them together make of
    /// failures, so many in each, within a ttl.
    #[cfg(feature = "traffic")]
    fn shared(config: &RetryBudgetConfig, isolates: u32, failures: u32) -> u32 {
        let mut dice = crate::dice::SeededDice::new(7);
        let now = Timestamp::from_millis(5_000);
        let retries = (0..isolates).map(|_| {
            let mut budget = RetryBudget::new();
            budget.share(WHOLE / isolates, dice.below(1_000) as u16);
            let retries = (0..failures).map(|_| {
                budget.deposit(config, now);
                u32::from(budget.withdraw(config, now))
            });
            retries.sum::<u32>()
        });
        retries.sum()
    }

    #[cfg(feature = "traffic")]
    #[test]
    fn a_shared_floor_is_one_floor_however_many_isolates_hold_it() {
        // a floor of 100/s for a ttl of 10 s, and nothing for the requests
        let config =
            RetryBudgetConfig { permille: 0, floor_per_second: 100, ..RetryBudgetConfig::DEFAULT };
        for (isolates, failures) in [(1, 5_000), (10, 500), (100, 100), (1_000, 100), (5_000, 100)]
        {
            let retries = shared(&config, isolates, failures);
            assert!((900..=1_100).contains(&retries), "{isolates}: {retries}");
        }
        // with the default, one request in each: a fifth of them
        let retries = shared(&RetryBudgetConfig::DEFAULT, 10_000, 1);
        assert!((1_900..=2_100).contains(&retries), "{retries}");
    }

    #[cfg(feature = "traffic")]
    #[test]
    fn all_of_a_share_is_as_if_nothing_had_been_said() {
        let (config, mut budget) = (RetryBudgetConfig::DEFAULT, RetryBudget::new());
        for (millionths, least, most) in
            [(500_000, 5, 5), (0, 0, 0), (WHOLE, 10, 10), (u32::MAX, 10, 10)]
        {
            budget.share(millionths, 999);
            let left = budget.retries_left(&config);
            assert!((least..=most).contains(&left), "{millionths}: {left}");
        }
    }

    proptest! {
        /// Every withdrawal is checked against a plain list of what happened.
        #[test]
        fn retries_never_exceed_floor_and_share(
            steps in prop::collection::vec((0..1_500u64, any::<bool>()), 1..400),
            permille in 0..1_000u16,
            floor_per_second in 0..4u16,
            ttl_s in 1..12u64,
        ) {
            let ttl = Micros::from_secs(ttl_s);
            let config = RetryBudgetConfig { ttl, permille, floor_per_second };
            let (mut budget, mut now_ms) = (RetryBudget::new(), 0u64);
            let (mut requests, mut retries): (Vec<u64>, Vec<u64>) = (vec![], vec![]);
            for (wait_ms, is_request) in steps {
                // half of the steps happen on a clock that stands still
                now_ms += wait_ms.saturating_sub(750);
                let now = Timestamp::from_millis(now_ms);
                if is_request {
                    budget.deposit(&config, now);
                    requests.push(now_ms);
                } else {
                    let width_ms = ttl_s * 100;
                    let tick = |at: u64| now_ms / width_ms - at / width_ms;
                    let paid = requests.iter().filter(|at| tick(**at) < 11).count() as u64;
                    let taken = retries.iter().filter(|at| tick(**at) < 11).count() as u64;
                    let floor = u64::from(floor_per_second) * ttl_s * 1_000;
                    let held = floor.max(paid * u64::from(permille));
                    let withdrawn = budget.withdraw(&config, now);
                    prop_assert_eq!(withdrawn, held >= (taken + 1) * 1_000);
                    if withdrawn {
                        retries.push(now_ms);
                        let in_ttl = retries.iter().filter(|at| now_ms - **at < ttl_s * 1_000);
                        prop_assert!(in_ttl.count() as u64 * 1_000 <= held);
                    }
                }
            }
        }
    }
}

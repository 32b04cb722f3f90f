use proptest::prelude::*;

use super::{conditions::RetryOn, *};
use crate::dice::SeededDice;

const UNAVAILABLE: Ending = Ending::Answered { status: 503, grpc: None, host: RetryOn::NONE };

fn failed() -> FailedAttempt {
    FailedAttempt {
        ending: UNAVAILABLE,
        retries_done: 0,
        method: Method::Get,
        idempotency_key: false,
        replayable: true,
        retry_after: None,
        remaining: Micros::from_secs(5),
    }
}

fn decide(policy: &RetryPolicy, failed: &FailedAttempt) -> Result<Micros, Denial> {
    let config = RetryBudgetConfig::DEFAULT;
    let mut dice = SeededDice::new(1);
    policy.decide(failed, &mut RetryBudget::new(), &config, Timestamp::ZERO, &mut dice)
}

#[test]
fn each_question_has_its_reason() {
    let policy = RetryPolicy::default();
    let ok = Ending::Answered { status: 200, grpc: None, host: RetryOn::NONE };
    for (attempt, reason) in [
        (FailedAttempt { ending: ok, ..failed() }, Denial::None),
        (FailedAttempt { retries_done: 1, ..failed() }, Denial::Attempts),
        (FailedAttempt { method: Method::Post, ..failed() }, Denial::Method),
        (FailedAttempt { method: Method::Other, ..failed() }, Denial::Method),
        (FailedAttempt { replayable: false, ..failed() }, Denial::Body),
        (FailedAttempt { remaining: Micros::ZERO, ..failed() }, Denial::Deadline),
    ] {
        assert_eq!(decide(&policy, &attempt), Err(reason));
    }
    assert!(decide(&policy, &failed()).is_ok());
}

#[test]
fn a_post_is_repeated_with_a_key_by_name_or_where_it_was_never_sent() {
    let policy = RetryPolicy::default();
    let post = FailedAttempt { method: Method::Post, ..failed() };
    let named = RetryPolicy { methods: MethodSet::ANY, ..policy };
    for (policy, attempt) in [
        (policy, FailedAttempt { idempotency_key: true, ..post }),
        (policy, FailedAttempt { ending: Ending::ConnectFailure, ..post }),
        (named, post),
    ] {
        assert!(decide(&policy, &attempt).is_ok());
    }
}

#[test]
fn a_hint_beyond_the_deadline_stops_and_within_it_is_not_undercut() {
    let policy = RetryPolicy::default();
    let late = FailedAttempt { retry_after: Some(Micros::from_secs(5)), ..failed() };
    assert_eq!(decide(&policy, &late), Err(Denial::RetryAfter));
    let soon = FailedAttempt { retry_after: Some(Micros::from_secs(2)), ..failed() };
    let Ok(after) = decide(&policy, &soon) else { panic!("stopped") };
    assert!(after >= Micros::from_secs(2) && after < Micros::from_secs(3), "{after}");
}

#[test]
fn an_empty_budget_stops_and_a_stop_costs_nothing() {
    let (policy, config) = (RetryPolicy::default(), RetryBudgetConfig::DEFAULT);
    let (mut budget, mut dice) = (RetryBudget::new(), SeededDice::new(1));
    let late = FailedAttempt { remaining: Micros::ZERO, ..failed() };
    for _ in 0..100 {
        assert!(policy.decide(&late, &mut budget, &config, Timestamp::ZERO, &mut dice).is_err());
    }
    assert_eq!(budget.retries_left(&config), 10);
    for _ in 0..10 {
        let again = policy.decide(&failed(), &mut budget, &config, Timestamp::ZERO, &mut dice);
        assert!(again.is_ok());
    }
    let again = policy.decide(&failed(), &mut budget, &config, Timestamp::ZERO, &mut dice);
    assert_eq!(again, Err(Denial::Budget));
}

#[test]
fn layers_multiply_without_a_budget_and_add_with_one() {
    // three layers of four attempts, everything fails: 4^3 attempts at the bottom
    fn call(layer: usize, budgets: &mut Option<[RetryBudget; 3]>, at_the_bottom: &mut u32) {
        let policy = RetryPolicy { retries: 3, ..RetryPolicy::default() };
        let config =
            RetryBudgetConfig { permille: 100, floor_per_second: 0, ..RetryBudgetConfig::DEFAULT };
        let endless = RetryBudgetConfig { floor_per_second: u16::MAX, ..config };
        let mut dice = SeededDice::new(2);
        if let Some(budgets) = budgets {
            budgets[layer].deposit(&config, Timestamp::ZERO);
        }
        for retries_done in 0..4 {
            match layer {
                2 => *at_the_bottom += 1,
                _ => call(layer + 1, budgets, at_the_bottom),
            }
            let attempt = FailedAttempt { retries_done, ..failed() };
            let now = Timestamp::ZERO;
            let decision = match budgets {
                Some(all) => policy.decide(&attempt, &mut all[layer], &config, now, &mut dice),
                None => policy.decide(&attempt, &mut RetryBudget::new(), &endless, now, &mut dice),
            };
            if decision.is_err() {
                return;
            }
        }
    }
    let mut attempts = 0;
    call(0, &mut None, &mut attempts);
    assert_eq!(attempts, 64);

    let (mut attempts, mut budgets) = (0, Some([(); 3].map(|()| RetryBudget::new())));
    for _ in 0..1_000 {
        call(0, &mut budgets, &mut attempts);
    }
    assert_eq!(attempts, 1_331);
}

proptest! {
    #[test]
    fn no_retry_starts_at_or_past_the_deadline(
        remaining in 0..2_000_000u64,
        hint in prop::option::of(0..3_000_000u64),
        base in 0..3_000_000u64,
        retries_done in 0..10u8,
        seed: u64,
    ) {
        let backoff = RetryBackoff { base: Micros(base), max: Micros(base.saturating_mul(4)) };
        let policy = RetryPolicy { retries: 10, backoff, ..RetryPolicy::default() };
        let retry_after = hint.map(Micros);
        let attempt =
            FailedAttempt { remaining: Micros(remaining), retry_after, retries_done, ..failed() };
        let (mut budget, mut dice) = (RetryBudget::new(), SeededDice::new(seed));
        let config = RetryBudgetConfig::DEFAULT;
        let decision = policy.decide(&attempt, &mut budget, &config, Timestamp::ZERO, &mut dice);
        if let Ok(after) = decision {
            prop_assert!(after.0 < remaining);
            prop_assert!(after.0 >= hint.unwrap_or(0));
        }
    }
}

//! Whether a failed attempt is tried again, and when.
//!
//! [`RetryPolicy::decide`] asks the cheap questions first and takes from the budget last, so a
//! retry that is refused costs nothing. It never starts an attempt at or past the deadline.

pub mod backoff;
pub mod budget;
pub mod conditions;
pub mod grpc;
pub mod retry_after;
pub mod throttle;

use backoff::{RetryBackoff, jittered_from};
use budget::{RetryBudget, RetryBudgetConfig};
use conditions::{Ending, RetryConditions};

use crate::{
    dice::Dice,
    method::{Method, MethodSet},
    time::{Micros, Timestamp},
};

/// When the requests of a rule are tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// Retries after the first attempt; default 1, 0 = none.
    pub retries: u8,
    /// Methods that may be repeated without an `Idempotency-Key`; default the idempotent ones.
    pub methods: MethodSet,
    /// Endings that may be repeated.
    pub conditions: RetryConditions,
    /// Time between attempts.
    pub backoff: RetryBackoff,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 1,
            methods: MethodSet::IDEMPOTENT,
            conditions: RetryConditions::default(),
            backoff: RetryBackoff::DEFAULT,
        }
    }
}

/// An attempt that may have to be repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FailedAttempt {
    /// How it ended.
    pub ending: Ending,
    /// Retries of this request before this attempt.
    pub retries_done: u8,
    /// The request's method.
    pub method: Method,
    /// Whether the request carries an `Idempotency-Key`.
    pub idempotency_key: bool,
    /// Whether its body can be sent again: none, or buffered whole.
    pub replayable: bool,
    /// The answer's `Retry-After`, as [`retry_after::RetryAfter`] reads it.
    pub retry_after: Option<Micros>,
    /// Time until the request's deadline; [`Micros::MAX`] where it has none.
    pub remaining: Micros,
}

/// The answer to "again?".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "yes or no")]
pub enum RetryDecision {
    /// Try again after this time. The budget has been charged.
    Retry {
        /// How long to wait; zero = at once.
        after: Micros,
    },
    /// Answer with what there is.
    Stop(StopReason),
}

/// Why there is no further attempt; the order in which they are asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StopReason {
    /// The ending is none that the rule repeats: a success among them.
    NotRetryable,
    /// All retries are used.
    AttemptsUsed,
    /// The method may change something twice.
    MethodNotIdempotent,
    /// The body is a stream that was already read.
    BodyNotReplayable,
    /// The wait would reach the deadline.
    DeadlineTooClose,
    /// The service's retry budget is empty.
    BudgetEmpty,
}

impl RetryPolicy {
    /// Decides whether the request is tried again, and charges the budget if so.
    ///
    /// The wait is the backoff, or the answer's `Retry-After` with up to half of it on top where
    /// that is longer: its clients were all told the same moment.
    pub fn decide(
        &self,
        failed: &FailedAttempt,
        budget: &mut RetryBudget,
        budget_config: &RetryBudgetConfig,
        now: Timestamp,
        dice: &mut impl Dice,
    ) -> RetryDecision {
        if let Some(reason) = self.forbids(failed) {
            return RetryDecision::Stop(reason);
        }
        let backoff = self.backoff.delay(failed.retries_done, dice);
        let after = match failed.retry_after {
            Some(hint) if hint >= failed.remaining => {
                return RetryDecision::Stop(StopReason::DeadlineTooClose);
            }
            Some(hint) => backoff.max(jittered_from(hint, dice.roll())),
            None => backoff,
        };
        if after >= failed.remaining {
            return RetryDecision::Stop(StopReason::DeadlineTooClose);
        }
        if !budget.withdraw(budget_config, now) {
            return RetryDecision::Stop(StopReason::BudgetEmpty);
        }
        RetryDecision::Retry { after }
    }

    /// What forbids a retry whatever the time and the budget.
    #[must_use]
    pub fn forbids(&self, failed: &FailedAttempt) -> Option<StopReason> {
        if !self.conditions.matches(&failed.ending) {
            Some(StopReason::NotRetryable)
        } else if failed.retries_done >= self.retries {
            Some(StopReason::AttemptsUsed)
        } else if !self.methods.contains(failed.method)
            && !failed.idempotency_key
            && failed.ending != Ending::ConnectFailure
        {
            // a request that was never sent has changed nothing
            Some(StopReason::MethodNotIdempotent)
        } else if !failed.replayable {
            Some(StopReason::BodyNotReplayable)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;

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
    reason::Denial,
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

impl RetryPolicy {
    /// Decides whether the request is tried again after the returned time (zero = at once), and
    /// charges the budget if so.
    ///
    /// The wait is the backoff, or the answer's `Retry-After` with up to half of it on top where
    /// that is longer: its clients were all told the same moment.
    ///
    /// # Errors
    /// The [`Denial`] where there is no further attempt; [`Denial::None`] where the ending asked
    /// for none.
    pub fn decide(
        &self,
        failed: &FailedAttempt,
        budget: &mut RetryBudget,
        budget_config: &RetryBudgetConfig,
        now: Timestamp,
        dice: &mut impl Dice,
    ) -> Result<Micros, Denial> {
        match self.forbids(failed) {
            Some(denial) => Err(denial),
            None => self.pay(failed, budget, budget_config, now, dice),
        }
    }

    /// The second half of [`RetryPolicy::decide`]: the wait, and its price.
    ///
    /// # Errors
    /// The [`Denial`] where there is no time or no budget.
    pub fn pay(
        &self,
        failed: &FailedAttempt,
        budget: &mut RetryBudget,
        budget_config: &RetryBudgetConfig,
        now: Timestamp,
        dice: &mut impl Dice,
    ) -> Result<Micros, Denial> {
        let backoff = self.backoff.delay(failed.retries_done, dice);
        let after = match failed.retry_after {
            Some(hint) if hint >= failed.remaining => {
                return Err(Denial::RetryAfter);
            }
            Some(hint) => backoff.max(jittered_from(hint, dice.roll())),
            None => backoff,
        };
        if after >= failed.remaining {
            return Err(Denial::Deadline);
        }
        if !budget.withdraw(budget_config, now) {
            return Err(Denial::Budget);
        }
        Ok(after)
    }

    /// What forbids a retry whatever the time and the budget.
    #[must_use]
    pub fn forbids(&self, failed: &FailedAttempt) -> Option<Denial> {
        if !self.conditions.matches(&failed.ending) {
            Some(Denial::None)
        } else if failed.retries_done >= self.retries {
            Some(Denial::Attempts)
        } else if !self.methods.contains(failed.method)
            && !failed.idempotency_key
            && failed.ending != Ending::ConnectFailure
        {
            // a request that was never sent has changed nothing
            Some(Denial::Method)
        } else if !failed.replayable {
            Some(Denial::Body)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;

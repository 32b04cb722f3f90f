//! A staged rollout: whether a configuration that only some isolates use does worse than the one that
//! the others use.
//!
//! The test is the one of two proportions, one-sided: a rollout stops where its share of failures is
//! so much higher that chance alone would show that once in 30,000 looks (it is looked at with each
//! report), and higher by a percent of all requests at least, which is what somebody would be woken
//! for.

/// Requests of a candidate below which nothing is said of it.
pub const REQUESTS_MIN: u64 = 50;
/// Standard errors between the two shares: chance passes them once in 30,000 times.
const Z_MIN: f64 = 4.0;
/// Difference of the two shares below which it does not matter.
const RISE_MIN: f64 = 0.01;

/// What was reported of a configuration.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "requests, and those of them that failed")]
pub struct Counts {
    /// Requests that ended.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            failures: self.failures.saturating_add(other.failures),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than that")]
    fn share(self) -> f64 {
        self.failures.min(self.requests) as f64 / self.requests.max(1) as f64
    }
}

/// True where the candidate does worse.
///
/// ```
/// use mesh_registry::rollout::{Counts, does_worse};
///
/// let stable = Counts { requests: 9_000, failures: 90 };
/// assert!(!does_worse(stable, Counts { requests: 1_000, failures: 15 }));
/// assert!(does_worse(stable, Counts { requests: 1_000, failures: 40 }));
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than that")]
pub fn does_worse(stable: Counts, candidate: Counts) -> bool {
    if candidate.requests < REQUESTS_MIN {
        return false;
    }
    let rise = candidate.share() - stable.share();
    if rise < RISE_MIN {
        return false;
    }
    // nothing is known of the stable one: as if it had served as much and failed never
    let beside = if stable.requests == 0 { candidate.requests } else { stable.requests };
    let pooled = stable.plus(candidate).failures as f64 / (beside + candidate.requests) as f64;
    let spread = 1.0 / beside as f64 + 1.0 / candidate.requests as f64;
    // squares, as the core has no root
    rise * rise > Z_MIN * Z_MIN * pooled * (1.0 - pooled) * spread
}

#[cfg(test)]
mod tests {
    use mesh_core::dice::{Dice as _, SeededDice};

    use super::*;

    #[test]
    fn little_is_no_proof_and_much_is() {
        let stable = Counts { requests: 10_000, failures: 100 };
        for (requests, failures, worse) in [
            (49, 49, false),
            (50, 50, true),
            (100, 2, false),
            (100, 6, true),
            (10_000, 150, false),
            (10_000, 210, true),
            (0, 0, false),
        ] {
            let candidate = Counts { requests, failures };
            assert_eq!(does_worse(stable, candidate), worse, "{requests} {failures}");
        }
        let silent = Counts::default();
        assert!(does_worse(silent, Counts { requests: 100, failures: 20 }));
        assert!(!does_worse(silent, Counts { requests: 100, failures: 1 }));
        let bad = Counts { requests: 1_000, failures: 1_000 };
        assert!(!does_worse(bad, bad));
    }

    /// Of a thousand rollouts of the very same thing hardly any is stopped, and of a thousand that
    /// fail four times as often nearly all are.
    #[test]
    fn chance_stops_few_and_harm_stops_most() {
        let mut dice = SeededDice::new(7);
        let mut draw = |requests: u64, share: f64| {
            let failures = (0..requests).filter(|_| dice.unit() < share).count() as u64;
            Counts { requests, failures }
        };
        let mut stopped = |candidate: f64| {
            (0..1_000).filter(|_| does_worse(draw(2_000, 0.02), draw(500, candidate))).count()
        };
        let (same, worse) = (stopped(0.02), stopped(0.08));
        assert!(same <= 2, "{same}");
        assert!(worse >= 900, "{worse}");
    }
}

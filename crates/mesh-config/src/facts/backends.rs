//! The backends of an explanation that get requests.

use super::Fact;

/// The backends that get requests.
pub(crate) fn live(facts: &Fact) -> impl Iterator<Item = &Fact> {
    let backends = facts.at("backends").items().iter();
    backends.filter(|backend| !matches!(backend.at("weight"), Fact::Number(0.0)))
}

/// Their shares: `users 95 %, canary 5 %`. Empty where nothing gets any.
pub(crate) fn shares(facts: &Fact) -> String {
    let share = |backend: &Fact| {
        format!("{} {} %", backend.key().unwrap_or_default(), backend.at("percent"))
    };
    live(facts).map(share).collect::<Vec<_>>().join(", ")
}

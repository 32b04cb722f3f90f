//! The backends of an explanation that get requests.

use alloc::collections::BTreeMap;

use super::Fact;

/// The backends that get requests, each with a name of its own: the second of one name is `name#2`.
/// Only the one that a key or a condition of the request decides on, where that is so; none where
/// the mesh answers itself.
pub(crate) fn live(facts: &Fact) -> Vec<(String, &Fact)> {
    let answered = *facts.at("answer") != Fact::Absent && *facts.at("refused") == Fact::Absent;
    let gets = |backend: &&Fact| {
        if let Fact::Bool(chosen) = backend.at("chosen") {
            *chosen
        } else {
            *backend.at("weight") != Fact::Number(0.0)
        }
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let backends = facts.at("backends").items().iter().filter(|_| !answered).filter(gets);
    let named = backends.map(|backend| {
        let name = name(backend);
        let times = seen.entry(name.clone()).or_insert(0);
        *times = times.saturating_add(1);
        (if *times > 1 { format!("{name}#{times}") } else { name }, backend)
    });
    named.collect()
}

/// The service of a backend, and its range of versions where it has one: `users ^2`.
pub(crate) fn name(backend: &Fact) -> String {
    let service = backend.key().unwrap_or_default();
    match backend.at("version").text() {
        Some(version) => format!("{service} {version}"),
        None => service.to_owned(),
    }
}

/// True where a backend goes by that name: its service's, or that with its range of versions.
pub(crate) fn goes_by(backend: &Fact, text: &str) -> bool {
    backend.key() == Some(text) || name(backend) == text
}

/// The percentage of such requests that a live backend gets.
pub(crate) fn share(backend: &Fact) -> f64 {
    match (backend.at("chosen"), backend.at("percent")) {
        (Fact::Bool(true), _) => 100.0,
        (_, Fact::Number(percent)) => *percent,
        _ => 0.0,
    }
}

/// Their shares: `users 95 %, canary 5 %`. Empty where nothing gets any.
pub(crate) fn shares(facts: &Fact) -> String {
    let share = |(name, backend): (String, &Fact)| format!("{name} {} %", share(backend));
    live(facts).into_iter().map(share).collect::<Vec<_>>().join(", ")
}

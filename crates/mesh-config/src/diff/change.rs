//! What differs between two trees of facts.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt::Write as _;

use serde::Serialize;

use crate::{facts::Fact, node::excerpt};

/// Longest value in a message, in characters.
const VALUE_CHARS_MAX: usize = 160;

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// What: `policy.requestTimeout`, as an explanation names it.
    pub path: String,
    /// What it was; absent where there was nothing.
    #[cfg_attr(feature = "typescript", tsify(type = "unknown", optional))]
    #[serde(skip_serializing_if = "Value::is_absent")]
    pub old: Value,
    /// What it is; absent where there is nothing.
    #[cfg_attr(feature = "typescript", tsify(type = "unknown", optional))]
    #[serde(skip_serializing_if = "Value::is_absent")]
    pub new: Value,
    /// All of it in one line, for people.
    pub message: String,
}

/// A value of an explanation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Value(Fact);

impl Value {
    fn is_absent(&self) -> bool {
        self.0 == Fact::Absent
    }
}

impl Change {
    /// A change of one value for another.
    pub(super) fn of(path: &str, old: &Fact, new: &Fact) -> Self {
        let message = format!("{}: {} → {}", short(path), value(old), value(new));
        Self::told(path, old, new, message)
    }

    /// A change that is told in other words.
    pub(super) fn told(path: &str, old: &Fact, new: &Fact, message: String) -> Self {
        Self { path: path.to_owned(), old: Value(old.clone()), new: Value(new.clone()), message }
    }

    /// The same change at another place.
    pub(super) fn at(self, path: &str) -> Self {
        Self::of(path, &self.old.0, &self.new.0)
    }
}

/// The path without the parts that only say where explanations keep it.
fn short(path: &str) -> String {
    let parts =
        path.split('.').filter(|part| !matches!(*part, "policy" | "rule" | "sent" | "service"));
    parts.collect::<Vec<_>>().join(".")
}

fn value(fact: &Fact) -> String {
    let text = fact.to_string();
    if text.chars().nth(VALUE_CHARS_MAX).is_none() {
        return text;
    }
    let mut cut: String = text.chars().take(VALUE_CHARS_MAX).collect();
    cut.push('\u{2026}');
    cut
}

/// Notes what differs below `path`. Lists of named items are compared by name.
pub(super) fn compare(old: &Fact, new: &Fact, path: &str, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Fact::Fields(_), Fact::Fields(_)) | (Fact::Map(_), Fact::Map(_)) => {
            for name in union(names(old), names(new)) {
                compare(old.at(&name), new.at(&name), &below(path, &name), changes);
            }
        }
        (Fact::List(old_items), Fact::List(new_items)) => {
            match (keyed(old_items), keyed(new_items)) {
                (Some(old_items), Some(new_items)) => {
                    by_key(path, &old_items, &new_items, changes);
                }
                _ => changes.push(Change::of(path, old, new)),
            }
        }
        _ => changes.push(Change::of(path, old, new)),
    }
}

fn by_key(path: &str, old: &[(String, &Fact)], new: &[(String, &Fact)], changes: &mut Vec<Change>) {
    let before = changes.len();
    let keys = |items: &[(String, &Fact)]| items.iter().map(|(key, _)| key.clone()).collect();
    for key in union(keys(old), keys(new)) {
        let find = |items: &[(String, &Fact)]| {
            items.iter().find(|(known, _)| *known == key).map(|(_, fact)| (*fact).clone())
        };
        let at = below(path, &key);
        match (find(old), find(new)) {
            (Some(old), Some(new)) => compare(&old, &new, &at, changes),
            (Some(old), None) => {
                let message = format!("{}: removed {}", short(path), excerpt(&key));
                changes.push(Change::told(&at, &old, &Fact::Absent, message));
            }
            (None, new) => {
                let message = format!("{}: added {}", short(path), excerpt(&key));
                changes.push(Change::told(
                    &at,
                    &Fact::Absent,
                    &new.unwrap_or(Fact::Absent),
                    message,
                ));
            }
        }
    }
    if changes.len() == before {
        let names = |items: &[(String, &Fact)]| {
            Fact::List(items.iter().map(|(key, _)| Fact::Text(key.clone())).collect())
        };
        let mut order = Change::of(path, &names(old), &names(new));
        order.message = format!("{}: in another order", short(path));
        changes.push(order);
    }
}

/// The items of a list by their keys; the second of one key is `key#2`.
fn keyed(items: &[Fact]) -> Option<Vec<(String, &Fact)>> {
    let mut found: Vec<(String, &Fact)> = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items {
        let key = item.key()?;
        let times = seen.entry(key).or_insert(0);
        *times = times.saturating_add(1);
        let mut unique = key.to_owned();
        if *times > 1 {
            // a String takes all that is written to it
            let _ = write!(unique, "#{times}");
        }
        found.push((unique, item));
    }
    Some(found)
}

fn names(fact: &Fact) -> Vec<String> {
    fact.entries().iter().map(|(name, _)| name.clone()).collect()
}

/// All of both, each once, the first list's order first.
pub(super) fn union(mut one: Vec<String>, other: Vec<String>) -> Vec<String> {
    // filled one by one: collecting would bring a sort of its own into the wasm
    let mut known = BTreeSet::new();
    known.extend(one.iter().cloned());
    one.extend(other.into_iter().filter(|name| !known.contains(name)));
    one
}

/// The path of a part.
pub(super) fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

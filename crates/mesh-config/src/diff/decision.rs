//! What changes for one request.

use alloc::collections::BTreeMap;

use super::change::{Change, compare};
use crate::{
    explain::Explanation,
    facts::{Fact, live, share, shares},
};

/// Parts of an explanation that say what was asked or why, or that another part says too: where the
/// rule stands, what it asks for, its filters before they are applied.
const NOT_COMPARED: [&str; 3] = ["request", "others", "backends"];
const NOT_COMPARED_OF_RULE: [&str; 8] =
    ["name", "path", "why", "edits", "rewrite", "redirect", "directResponse", "split"];
/// What is told of shares, or of services by themselves.
const NOT_COMPARED_OF_BACKEND: [&str; 6] =
    ["weight", "percent", "chosen", "version", "service", "endpoints"];

/// What two documents do with the same request, compared.
pub(super) fn changes(old: Explanation, new: Explanation) -> Vec<Change> {
    let facts = |mut explanation: Explanation| {
        // there may be thousands, and they are not compared here
        explanation.backends.iter_mut().for_each(|backend| backend.endpoints.clear());
        Fact::of(&explanation)
    };
    let (old, new) = (facts(old), facts(new));
    let mut changes = Vec::new();
    match (rule(&old), rule(&new)) {
        (Some(rule), None) => {
            let message = format!("no longer routed: {} → {}", said(rule, &old), refusal(&new));
            changes.push(Change::told("rule", name(&old), name(&new), message));
            return changes;
        }
        (None, Some(rule)) => {
            let message = format!("routed: {} → {}", refusal(&old), said(rule, &new));
            changes.push(Change::told("rule", name(&old), name(&new), message));
            return changes;
        }
        (Some(one), Some(other)) if one != other && !(is_number(one) && is_number(other)) => {
            let message = format!("rule {one} → {other}");
            changes.push(Change::told("rule", name(&old), name(&new), message));
        }
        _ => {}
    }
    rest(&old, &new, &NOT_COMPARED, "", &mut changes);
    if let (Some(old), Some(new)) = (drawn(&old), drawn(&new)) {
        compare(&old, &new, "rule.split", &mut changes);
    }
    let cookie = |facts: &Fact| facts.at_path(&["rule", "split", "cookie"]).clone();
    compare(&cookie(&old), &cookie(&new), "rule.split.cookie", &mut changes);
    backends(&old, &new, &mut changes);
    changes
}

fn name(facts: &Fact) -> &Fact {
    facts.at_path(&["rule", "name"])
}

fn rule(facts: &Fact) -> Option<&str> {
    name(facts).text()
}

/// True for the name of a rule that has none: where it stands.
pub(super) fn is_number(name: &str) -> bool {
    let digits = name.strip_prefix("rules[").and_then(|rest| rest.strip_suffix(']'));
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn said(rule: &str, facts: &Fact) -> String {
    match (shares(facts).as_str(), facts.at_path(&["answer", "status"])) {
        ("", Fact::Absent) => format!("rule {rule}"),
        ("", status) => format!("rule {rule}, which answers {status}"),
        (shares, _) => format!("rule {rule} to {shares}"),
    }
}

/// What is said of a choice by dice beside that it is one: a key that the request lacks. `None`
/// where something decides on the backend, which its share tells.
fn drawn(facts: &Fact) -> Option<Fact> {
    let split = facts.at_path(&["rule", "split"]);
    match (split.at("by").text(), split.at("why").text()) {
        (None, _) | (Some("weights"), Some("drawn by weight")) => Some(Fact::Absent),
        (Some("weights"), Some(why)) => Some(Fact::Text(why.to_owned())),
        _ => None,
    }
}

fn refusal(facts: &Fact) -> String {
    format!("{} {}", facts.at_path(&["answer", "status"]), facts.at("refused"))
}

/// All fields but some; those of the rule as if they stood beside it.
fn rest(old: &Fact, new: &Fact, but: &[&str], path: &str, changes: &mut Vec<Change>) {
    let fields = |facts: &Fact| -> Fact {
        let kept = facts.entries().iter().filter(|(name, _)| !but.contains(&name.as_str()));
        Fact::Fields(
            kept.map(|(name, fact)| {
                let fact = if name == "rule" {
                    without(fact, &NOT_COMPARED_OF_RULE)
                } else {
                    fact.clone()
                };
                (name.clone(), fact)
            })
            .collect(),
        )
    };
    compare(&fields(old), &fields(new), path, changes);
}

fn without(facts: &Fact, but: &[&str]) -> Fact {
    let kept = facts.entries().iter().filter(|(name, _)| !but.contains(&name.as_str()));
    Fact::Fields(kept.cloned().collect())
}

/// Shares, then what changes for each service that both send to; what changes alike for all of
/// them once.
fn backends(old: &Fact, new: &Fact, changes: &mut Vec<Change>) {
    let split = |facts: &Fact| {
        let mut shares = BTreeMap::new();
        let live = live(facts).into_iter();
        shares.extend(live.map(|(name, backend)| (name, Fact::Number(share(backend)))));
        Fact::Map(shares.into_iter().collect())
    };
    let (old_split, new_split) = (split(old), split(new));
    if old_split != new_split {
        let said = |facts: &Fact| match shares(facts) {
            none if none.is_empty() => "none".to_owned(),
            some => some,
        };
        let message = format!("backends: {} → {}", said(old), said(new));
        changes.push(Change::told("backends", &old_split, &new_split, message));
    }
    let mut of_each: Vec<(String, Vec<Change>)> = Vec::new();
    let all_after = live(new);
    for (name, before) in live(old) {
        let Some((_, after)) = all_after.iter().find(|(other, _)| *other == name) else {
            continue;
        };
        let mut found = Vec::new();
        rest(before, after, &NOT_COMPARED_OF_BACKEND, "", &mut found);
        of_each.push((name, found));
    }
    let alike = of_each.windows(2).all(|pair| match pair {
        [one, other] => one.1 == other.1,
        _ => true,
    });
    if alike {
        changes.extend(of_each.into_iter().next().into_iter().flat_map(|(_, found)| found));
        return;
    }
    for (key, found) in of_each {
        changes.extend(found.into_iter().map(|change| {
            let path = format!("backends.{key}.{}", change.path);
            change.at(&path)
        }));
    }
}

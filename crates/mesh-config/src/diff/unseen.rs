//! Rules of only one document that no tried request meets.

use alloc::collections::BTreeSet;

use serde::Serialize;

use super::{decision::is_number, trial::identity};
use crate::plan::{Plan, PlannedRule};

/// A rule of only one document that no tried request meets.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnseenRule {
    /// The document that it is in.
    pub document: Side,
    /// Its name, or `rules[3]`.
    pub name: String,
    /// Where it stands in its document.
    pub path: String,
    /// All of it in one line, for people.
    pub message: String,
}

/// One of two documents.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum Side {
    /// The one before.
    Old,
    /// The one after.
    New,
}

/// Those rules, the old document's first. Beside each plan stand the numbers of the rules that
/// requests met. Two rules of one name that ask for the same are one.
pub(super) fn rules(
    (old, met_old): (&Plan, &BTreeSet<usize>),
    (new, met_new): (&Plan, &BTreeSet<usize>),
) -> Vec<UnseenRule> {
    let mut unseen = of_one(Side::Old, old, met_old, new);
    unseen.extend(of_one(Side::New, new, met_new, old));
    unseen
}

fn of_one(document: Side, plan: &Plan, met: &BTreeSet<usize>, other: &Plan) -> Vec<UnseenRule> {
    let asked = |rule: &PlannedRule| {
        let name = (!is_number(&rule.name)).then(|| rule.name.clone());
        let matches: Vec<String> = rule.matches.iter().map(identity).collect();
        format!("{name:?} {matches:?}")
    };
    let unmet = plan.rules.iter().enumerate().filter(|(number, _)| !met.contains(number));
    let mut unmet = unmet.peekable();
    let mut known = BTreeSet::new();
    if unmet.peek().is_some() {
        known.extend(other.rules.iter().map(asked));
    }
    let side = match document {
        Side::Old => "old",
        Side::New => "new",
    };
    unmet
        .filter(|(_, rule)| !known.contains(&asked(rule)))
        .map(|(_, rule)| UnseenRule {
            document,
            name: rule.name.clone(),
            path: rule.at.clone(),
            message: format!("no request that was tried meets the {side} rule {}", rule.name),
        })
        .collect()
}

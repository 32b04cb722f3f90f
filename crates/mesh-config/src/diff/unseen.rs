//! Rules of only one document that no tried request meets.

use alloc::collections::BTreeSet;

use serde::Serialize;

use crate::{document::Document, facts::Fact};

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

/// Those rules, the old document's first. Beside each document stand the numbers of the rules that
/// requests met.
pub(super) fn rules(
    (old, met_old): (&Document, &BTreeSet<usize>),
    (new, met_new): (&Document, &BTreeSet<usize>),
) -> Vec<UnseenRule> {
    let facts = |document: &Document| -> Vec<Fact> {
        let rules = document.routing.iter().flat_map(|routing| routing.rules.iter().flatten());
        rules.map(|rule| Fact::of(rule)).collect()
    };
    let (old, new) = (facts(old), facts(new));
    let mut unseen = of_one(&old, met_old, &new, Side::Old);
    unseen.extend(of_one(&new, met_new, &old, Side::New));
    unseen
}

fn of_one(
    rules: &[Fact],
    met: &BTreeSet<usize>,
    others: &[Fact],
    document: Side,
) -> Vec<UnseenRule> {
    let unmet = rules.iter().enumerate().filter(|(number, _)| !met.contains(number));
    unmet
        .filter(|(_, rule)| !others.contains(rule))
        .map(|(number, rule)| {
            let place = format!("rules[{number}]");
            let name = rule.at("name").text().map_or_else(|| place.clone(), str::to_owned);
            let side = match document {
                Side::Old => "old",
                Side::New => "new",
            };
            let message = format!("no request that was tried meets the {side} rule {name}");
            UnseenRule { document, name, path: format!("routing.{place}"), message }
        })
        .collect()
}

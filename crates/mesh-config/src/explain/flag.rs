//! A feature flag in words.

use alloc::collections::BTreeMap;

use serde::Serialize;

use super::{key, reason};
use crate::{
    document::FlagValue,
    facts::Fact,
    plan::{PlannedFlag, PlannedFlagRule},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplainedFlag<'p> {
    enabled: bool,
    variants: BTreeMap<&'p str, &'p FlagValue>,
    default_variant: &'p str,
    rules: Vec<ExplainedFlagRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplainedFlagRule {
    /// As written, or its place.
    name: String,
    /// Whom it is for.
    when: Vec<String>,
    /// What tells callers apart, where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// `on 10 %`; `next rule 90 %`.
    shares: Vec<String>,
}

/// What a flag is, to be compared with what it was.
pub(crate) fn facts(flag: &PlannedFlag) -> Fact {
    let name = |variant: usize| flag.variants.get(variant).map_or("", |(name, _)| name.as_str());
    let rules = flag.rules.iter().enumerate();
    Fact::of(&ExplainedFlag {
        enabled: flag.enabled,
        variants: flag.variants.iter().map(|(name, value)| (name.as_str(), value)).collect(),
        default_variant: name(flag.variant),
        rules: rules.map(|(place, one)| rule(place, one, &name)).collect(),
    })
}

fn rule<'p>(
    place: usize,
    rule: &PlannedFlagRule,
    variant: &impl Fn(usize) -> &'p str,
) -> ExplainedFlagRule {
    let whole: f64 = rule.shares.iter().map(|share| f64::from(share.weight)).sum();
    let share = |weight: u32| if whole > 0.0 { 100.0 * f64::from(weight) / whole } else { 0.0 };
    let shares = rule.shares.iter().map(|one| {
        let name = one.variant.map_or("next rule", variant);
        format!("{name} {} %", share(one.weight))
    });
    ExplainedFlagRule {
        name: rule.name.clone().unwrap_or_else(|| format!("rules[{place}]")),
        when: reason::wanted_all(&rule.conditions),
        by: (rule.shares.len() > 1).then(|| key::name(&rule.by)),
        shares: shares.collect(),
    }
}

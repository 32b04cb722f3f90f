//! Rows of feature flags.

use mesh_core::{
    hash::xxh64,
    route::BuildError,
    snapshot::{
        draft::FlagTexts,
        tables::{Flag, FlagRule, FlagShare, Key, NONE},
    },
};

use super::{Emitter, count, since};
use crate::plan::{PlannedFlag, PlannedFlagRule};

impl Emitter {
    pub(super) fn flag(&mut self, flag: &PlannedFlag) -> Result<(), BuildError> {
        let start = count(&self.draft.flag_rules);
        for rule in &flag.rules {
            self.flag_rule(rule)?;
        }
        let row = Flag {
            enabled: flag.enabled.into(),
            variant: number(Some(flag.variant)),
            rules: since(start, &self.draft.flag_rules),
            seed: xxh64(flag.name.as_bytes(), 0),
        };
        self.draft.flags.push(row);
        let name = self.draft.text(&flag.name);
        let mut variants = Vec::with_capacity(flag.variants.len());
        for (name, value) in &flag.variants {
            variants.push((self.draft.text(name), self.draft.text(&value.to_json())));
        }
        self.draft.flag_texts.push(FlagTexts { name, variants });
        Ok(())
    }

    fn flag_rule(&mut self, rule: &PlannedFlagRule) -> Result<(), BuildError> {
        let start = count(&self.draft.flag_shares);
        for share in &rule.shares {
            let variant = number(share.variant);
            self.draft.flag_shares.push(FlagShare {
                variant,
                weight: share.weight,
                key: share.key,
            });
        }
        let split = rule.shares.len() > 1;
        let row = FlagRule {
            conditions: self.conditions(&rule.conditions)?,
            key: if split { self.key(Some(&rule.by))? } else { Key::default() },
            shares: since(start, &self.draft.flag_shares),
        };
        self.draft.flag_rules.push(row);
        Ok(())
    }
}

fn number(place: Option<usize>) -> u32 {
    place.and_then(|place| u32::try_from(place).ok()).unwrap_or(NONE)
}

//! Feature flags: which variant a request gets.

use super::{
    RequestHead,
    key::key_value,
    table::{Condition, RouteTable},
};
use crate::{
    balance::rendezvous,
    hash::xxh64,
    snapshot::{
        row::Table,
        sections::Section,
        tables::{Flag, FlagRule, FlagShare, NONE, Rows},
    },
};

/// What a flag comes to for a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what, by which rule, and why")]
pub struct FlagDecision {
    /// The number of its variant, or [`NONE`].
    pub variant: u32,
    /// The place of the rule that decided, or [`NONE`].
    pub rule: u32,
    /// Why.
    pub reason: FlagReason,
}

/// Why a flag has its variant, in the words of OpenFeature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "a host must know every reason")]
pub enum FlagReason {
    /// It has no rules.
    Static,
    /// None of its rules applies.
    Default,
    /// A rule applies.
    TargetingMatch,
    /// A rule applies, and the key of the request fell to a share of it.
    Split,
    /// It is switched off, or there is none of that number: what callers have holds.
    Disabled,
}

impl FlagReason {
    /// OpenFeature's names, in the order of their numbers.
    pub const NAMES: [&'static str; 5] =
        ["STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED"];
}

impl RouteTable {
    /// What flag `number` comes to. The same for the same request, whoever asks.
    #[must_use]
    pub fn flag(&self, number: u32, head: &RequestHead<'_>) -> FlagDecision {
        let flags: Table<'_, Flag> = self.table(Section::Flags);
        let Some(flag) = flags.view(number).filter(|flag| flag.enabled() != 0) else {
            return FlagDecision { variant: NONE, rule: NONE, reason: FlagReason::Disabled };
        };
        let rules: Table<'_, FlagRule> = self.table(Section::FlagRules);
        let shares: Table<'_, FlagShare> = self.table(Section::FlagShares);
        for (place, rule) in (0u32..).zip(rules.views(flag.rules())) {
            if !self.all_met(rule.conditions(), head) {
                continue;
            }
            let run = rule.shares();
            let split = run.len > 1;
            let mut chosen = Some(0);
            if split {
                // one without the key is no part of any share
                let Some(value) = key_value(&rule.key(), head, self) else { continue };
                let weights = shares.views(run).map(|share| (share.key(), share.weight()));
                chosen = rendezvous::pick(xxh64(value, flag.seed()), weights);
            }
            let number = chosen.and_then(|chosen| run.start.checked_add(chosen));
            let variant = number.and_then(|number| shares.view(number)).map(|row| row.variant());
            if let Some(variant) = variant.filter(|variant| *variant != NONE) {
                let reason = if split { FlagReason::Split } else { FlagReason::TargetingMatch };
                return FlagDecision { variant, rule: place, reason };
            }
        }
        let reason = if flag.rules().len == 0 { FlagReason::Static } else { FlagReason::Default };
        FlagDecision { variant: flag.variant(), rule: NONE, reason }
    }

    /// True where every condition of a rule holds. One on a flag is none here: flags do not ask each
    /// other, so that no bytes can make them ask forever.
    fn all_met(&self, rows: Rows, head: &RequestHead<'_>) -> bool {
        let conditions: Table<'_, Condition> = self.table(Section::Conditions);
        conditions.run(rows).all(|condition| self.meets(&condition, head))
    }
}

#[cfg(test)]
#[cfg(feature = "traffic")]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{
        method::Method,
        route::{
            RouteTableBuilder,
            builder::{ConditionSpec, ValueSpec},
        },
        snapshot::{Snapshot, draft::SnapshotDraft, tables::Key},
    };

    const HEAD: RequestHead<'_> =
        RequestHead { host: b"", path: b"/", query: b"", method: Method::Get, headers: &[] };

    /// A flag whose only rule asks for `asked`, with that row as its shares.
    fn flag(asked: &[ConditionSpec<'_>], shares: &[FlagShare]) -> SnapshotDraft {
        let mut draft = SnapshotDraft::default();
        let mut builder = RouteTableBuilder::new();
        let conditions = builder.conditions(asked, &[]).unwrap();
        draft.routes = builder.finish();
        let one = Rows { start: 0, len: 1 };
        let shares_run = Rows { start: 0, len: u32::try_from(shares.len()).unwrap() };
        draft.flags = vec![Flag { enabled: 1, variant: 7, rules: one, seed: 1 }];
        draft.flag_rules = vec![FlagRule { conditions, key: Key::default(), shares: shares_run }];
        draft.flag_shares = shares.to_vec();
        draft
    }

    fn decide(draft: &SnapshotDraft) -> FlagDecision {
        Snapshot::decode(&draft.encode()).unwrap().routes().flag(0, &HEAD)
    }

    #[test]
    fn a_rule_that_asks_for_its_own_flag_ends() {
        let asked = [ConditionSpec { name: "", value: ValueSpec::Flag(0, 3) }];
        let shares = [FlagShare { variant: 3, weight: 1, key: 0 }];
        // no such header was handed in, so the rule does not apply
        assert_eq!(decide(&flag(&asked, &shares)).variant, 7);
    }

    #[test]
    fn shares_that_are_not_there_leave_the_default() {
        let mut draft = flag(&[], &[]);
        assert_eq!(
            decide(&draft),
            FlagDecision { variant: 7, rule: NONE, reason: FlagReason::Default }
        );
        draft.flag_rules[0].shares = Rows { start: 9, len: 1 };
        assert_eq!(decide(&draft).variant, 7);
        draft.flags[0].rules = Rows { start: 5, len: u32::MAX };
        assert_eq!(decide(&draft).variant, 7);
        draft.flags.clear();
        assert_eq!(decide(&draft).reason, FlagReason::Disabled);
    }
}

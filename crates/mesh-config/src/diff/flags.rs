//! Requests for which a flag has a variant.

use mesh_core::{balance::rendezvous, hash::xxh64};

use super::witness::Witnesses;
use crate::{
    compile::host_header,
    document::{HashKey, HashOn, HashSource},
    expression::Steps,
    plan::{FLAG_PREFIX, PlannedFlag, PlannedFlagRule},
};

/// Keys that are tried for one that falls to a share.
const KEYS_MAX: u32 = 200;

impl Witnesses<'_> {
    /// Headers of a request for which the flag of a condition has a variant; `None` where none are found. What the
    /// flag's other rules say is not looked at.
    pub(super) fn of_flag(
        &self,
        flag: &str,
        variant: &str,
        steps: &mut Steps,
    ) -> Option<Vec<(String, String)>> {
        let name = flag.strip_prefix(FLAG_PREFIX)?;
        let flags = self.flags().find(|known| known.name == name)?;
        let number = flags.variants.iter().position(|(name, _)| name == variant)?;
        if flags.variant == number {
            return Some(Vec::new());
        }
        flags.rules.iter().find_map(|rule| self.of_rule(flags, rule, number, steps))
    }

    fn of_rule(
        &self,
        flag: &PlannedFlag,
        rule: &PlannedFlagRule,
        variant: usize,
        steps: &mut Steps,
    ) -> Option<Vec<(String, String)>> {
        if !rule.shares.iter().any(|share| share.variant == Some(variant) && share.weight > 0)
            || !rule.conditions.query.is_empty()
        {
            return None;
        }
        let mut pairs = self.values(&rule.conditions.headers, steps)?;
        if rule.shares.len() > 1 {
            let (header, name) = match &rule.by {
                HashOn::Source(HashSource::Path) | HashOn::Key(HashKey::Query(_)) => return None,
                HashOn::Source(source) => (host_header(*source), None),
                HashOn::Key(HashKey::Header(name)) => (name.as_str(), None),
                HashOn::Key(HashKey::Cookie(name)) => ("cookie", Some(name.as_str())),
            };
            let seed = xxh64(flag.name.as_bytes(), 0);
            let falls = |key: &String| {
                let weights = rule.shares.iter().map(|share| (share.key, share.weight));
                let chosen = rendezvous::pick(xxh64(key.as_bytes(), seed), weights);
                let chosen = chosen.and_then(|place| usize::try_from(place).ok());
                chosen.and_then(|place| rule.shares.get(place))?.variant
            };
            let mut keys = (0..KEYS_MAX).map(|number| format!("{}-{number}", self.word()));
            let key = match pairs.iter().find(|(known, _)| known == header && name.is_none()) {
                Some((_, value)) => (falls(value) == Some(variant)).then(|| value.clone()),
                None => keys.find(|key| falls(key) == Some(variant)),
            }?;
            pairs.retain(|(known, _)| known != header);
            let value = name.map_or_else(|| key.clone(), |name| format!("{name}={key}"));
            pairs.push((header.to_owned(), value));
        }
        Some(pairs)
    }
}

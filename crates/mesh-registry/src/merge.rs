//! Several sources as one.

use alloc::collections::BTreeSet;

use crate::record::Record;

/// The endpoints of several sources, the most trusted source first. Where two know the same endpoint
/// the record of the first stands, all of it: half of each would be what nobody said.
///
/// In the order of the sources, and within each in its own.
pub fn merge<'r, S>(sources: S) -> impl Iterator<Item = &'r Record>
where
    S: IntoIterator<Item: IntoIterator<Item = &'r Record>>,
{
    let mut known = BTreeSet::new();
    sources.into_iter().flatten().filter(move |record| known.insert(record.place()))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::record::tests::record;

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let one = ("[a-c]", "[A-C]", "[12]?", any::<u16>()).prop_map(
            |(service, name, version, weight)| {
                let address = alloc::format!("binding:{name}");
                Record { version, weight, ..record(&service, &address) }
            },
        );
        prop::collection::vec(one, 0..12)
    }

    proptest! {
        /// Against a search through the sources.
        #[test]
        fn each_endpoint_is_there_once_as_its_first_source_has_it(sources in prop::collection::vec(records(), 0..4)) {
            let merged: Vec<&Record> = merge(&sources).collect();
            let all = || sources.iter().flatten();
            for record in all() {
                let same = |other: &&Record| other.identity() == record.identity();
                let found: Vec<&Record> = merged.iter().copied().filter(same).collect();
                prop_assert_eq!(found.len(), 1);
                prop_assert_eq!(found.first().copied(), all().find(same));
            }
            let mut places: Vec<_> = merged.iter().map(|one| one.place()).collect();
            let count = places.len();
            let first = |one: &Record| all().position(|other| other.place() == one.place());
            prop_assert!(merged.iter().is_sorted_by_key(|one| first(one)));
            places.sort_unstable();
            places.dedup();
            prop_assert_eq!(places.len(), count);
        }
    }
}

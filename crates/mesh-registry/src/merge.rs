//! Several sources as one.

use alloc::{collections::BTreeMap, string::String};

use crate::record::Record;

/// The endpoints of several sources, the most trusted source first. Where two know the same endpoint
/// the record of the first stands, all of it: half of each would be what nobody said.
///
/// Sorted by service, address and version, so that the same endpoints always come out alike.
pub fn merge<'r, S>(sources: S) -> impl Iterator<Item = &'r Record>
where
    S: IntoIterator<Item: IntoIterator<Item = &'r Record>>,
{
    type Place<'r> = (&'r String, &'r String, &'r String);
    let mut merged: BTreeMap<Place<'r>, &'r Record> = BTreeMap::new();
    for record in sources.into_iter().flatten() {
        let place = (&record.service, &record.address, &record.version);
        merged.entry(place).or_insert(record);
    }
    merged.into_values()
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
            prop_assert!(merged.len() <= all().count());
            prop_assert!(merged.is_sorted_by_key(|one| (&one.service, &one.address, &one.version)));
        }
    }
}

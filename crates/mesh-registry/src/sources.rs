//! Where records come from besides registrations, several sources as one.
//!
//! A [`Source`] is a place that is read as a whole: a list in a file, a KV namespace, a registry of
//! another kind (DNS, Consul, Kubernetes). The host brings one for each and does the reading; [`Sources`]
//! says which is due, keeps what each said last behind a breaker of its own, and answers with all of
//! them together, the most trusted first. A source that fails changes nothing, and a record that is
//! wrong is left out alone.
//!
//! ```
//! use core::convert::Infallible;
//!
//! use mesh_core::{dice::SeededDice, time::Timestamp};
//! use mesh_registry::{kept::KeptConfig, record::Record, sources::{Fixed, Source, Sources}};
//!
//! let record = |address: &str| Record {
//!     service: "user-service".into(),
//!     address: address.into(),
//!     ..Record::default()
//! };
//! let written = Fixed(vec![record("binding:USERS"), record("")]);
//!
//! let (mut sources, mut dice) = (Sources::new(), SeededDice::new(1));
//! sources.add("kubernetes", KeptConfig::DEFAULT);
//! sources.add("file", KeptConfig::DEFAULT);
//! let now = Timestamp::from_millis(1_000);
//! for due in sources.due(now) {
//!     // a host awaits what its sources say; that of Kubernetes is down
//!     let said = if due.source() == 1 { Ok(written.0.clone()) } else { Err("no route to host") };
//!     let refused = sources.settle(due, said.map_err(|_| None), now, &mut dice);
//!     assert!(refused.iter().all(|(place, _)| *place == 1), "the one without an address");
//! }
//! let known: Vec<&str> = sources.records().map(|record| record.address.as_str()).collect();
//! assert_eq!(known, ["binding:USERS"]);
//! # fn is_a_source(_: impl Source<Error = Infallible>) {}
//! # is_a_source(written);
//! ```

use alloc::{string::String, vec::Vec};
use core::{
    convert::Infallible,
    future::{Future, ready},
};

use mesh_core::{
    dice::Dice,
    time::{Micros, Timestamp},
};

use crate::{
    kept::{Asking, Freshness, Kept, KeptConfig},
    limits::SOURCES_MAX,
    merge::merge,
    record::{Record, RecordError},
};

/// A place that records are read from, all of them at once.
pub trait Source {
    /// Why it could not be read.
    type Error;

    /// Reads all records that it has now. No answer within [`KeptConfig::patience`] is as good as none.
    fn read(&self) -> impl Future<Output = Result<Vec<Record>, Self::Error>>;
}

/// Records that never change: those of a document, or of a program.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a list of records")]
pub struct Fixed(pub Vec<Record>);

impl Source for Fixed {
    type Error = Infallible;

    fn read(&self) -> impl Future<Output = Result<Vec<Record>, Infallible>> {
        ready(Ok(self.0.clone()))
    }
}

/// What each of several sources said last.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    sources: Vec<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    name: String,
    kept: Kept<Vec<Record>>,
}

/// A source that is to be read now.
#[derive(Debug)]
#[must_use = "whoever reads a source tells what came of it"]
pub struct Due {
    source: usize,
    asking: Asking,
}

impl Due {
    /// The place of the source, in the order in which they were added.
    #[must_use]
    pub const fn source(&self) -> usize {
        self.source
    }
}

impl Sources {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { sources: Vec::new() }
    }

    /// Adds a source behind those that are there: where two know the same endpoint, the record of the
    /// one that was added first stands. Its place, or `None` where there are [`SOURCES_MAX`] already.
    pub fn add(&mut self, name: &str, config: KeptConfig) -> Option<usize> {
        let place = self.sources.len();
        if place >= SOURCES_MAX {
            return None;
        }
        self.sources.push(Known { name: name.into(), kept: Kept::new(config) });
        Some(place)
    }

    /// The sources to read now: those that are not fresh, that nobody reads already, and that did not
    /// fail just now.
    pub fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let due = |(source, known): (usize, &mut Known)| {
            known.kept.ask(now).map(|asking| Due { source, asking })
        };
        self.sources.iter_mut().enumerate().filter_map(due).collect()
    }

    /// Takes what came of reading a source: its records, or that there was no answer, and when it asked
    /// to be left alone until. Answers with the records that are wrong, by their places.
    pub fn settle(
        &mut self,
        due: Due,
        said: Result<Vec<Record>, Option<Micros>>,
        now: Timestamp,
        dice: &mut impl Dice,
    ) -> Vec<(usize, RecordError)> {
        let mut refused = Vec::new();
        let Some(known) = self.sources.get_mut(due.source) else { return refused };
        match said {
            Ok(records) => {
                let mut good = Vec::with_capacity(records.len());
                for (place, record) in records.into_iter().enumerate() {
                    match record.check() {
                        Ok(()) => good.push(record),
                        Err(error) => refused.push((place, error)),
                    }
                }
                known.kept.answered(due.asking, good, now);
            }
            Err(retry_after) => known.kept.failed(due.asking, retry_after, now, dice),
        }
        refused
    }

    /// All endpoints that are known, each once, as the first source that knows it has it.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        merge(self.sources.iter().map(|known| known.kept.value().into_iter().flatten()))
    }

    /// Name and freshness of each source, in order.
    pub fn freshness(&self, now: Timestamp) -> impl Iterator<Item = (&str, Freshness)> {
        self.sources.iter().map(move |known| (known.name.as_str(), known.kept.freshness(now)))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use mesh_core::dice::SeededDice;

    use super::*;
    use crate::record::tests::record;

    const SECOND: Micros = Micros::from_secs(1);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::ZERO.saturating_add(Micros::from_secs(1_000 + seconds))
    }

    /// Reads all that is due, as `say` says.
    fn read(
        sources: &mut Sources,
        now: Timestamp,
        dice: &mut SeededDice,
        say: impl Fn(usize) -> Result<Vec<Record>, Option<Micros>>,
    ) -> Vec<usize> {
        let due = sources.due(now);
        let asked = due.iter().map(Due::source).collect();
        for one in due {
            let said = say(one.source());
            assert!(sources.settle(one, said, now, dice).is_empty());
        }
        asked
    }

    fn addresses(sources: &Sources) -> Vec<&str> {
        sources.records().map(|record| record.address.as_str()).collect()
    }

    #[test]
    fn the_first_source_goes_before_and_each_is_kept_for_itself() {
        let (mut sources, mut dice) = (Sources::new(), SeededDice::new(1));
        assert_eq!(sources.add("first", KeptConfig::DEFAULT), Some(0));
        assert_eq!(sources.add("second", KeptConfig::DEFAULT), Some(1));
        let same = |weight| Record { weight, ..record("a", "binding:A") };
        let asked = read(&mut sources, at(0), &mut dice, |source| match source {
            0 => Ok(vec![same(7)]),
            _ => Ok(vec![same(1), record("b", "binding:B")]),
        });
        assert_eq!(asked, [0, 1]);
        assert_eq!(addresses(&sources), ["binding:A", "binding:B"]);
        assert_eq!(sources.records().next().map(|record| record.weight), Some(7));
        assert!(sources.due(at(1)).is_empty(), "both are fresh");
        // the first is down: what it said stands, and it is left alone for longer and longer
        let mut asked = 0;
        for second in 31..331 {
            let due = read(&mut sources, at(second), &mut dice, |source| match source {
                0 => Err(None),
                _ => Ok(vec![]),
            });
            asked += due.iter().filter(|source| **source == 0).count();
        }
        assert!((5..=15).contains(&asked), "{asked}");
        assert_eq!(addresses(&sources), ["binding:A"]);
        let states: Vec<_> = sources.freshness(at(330)).collect();
        assert_eq!(states, [("first", Freshness::Stale), ("second", Freshness::Fresh)]);
    }

    #[test]
    fn a_bad_record_spoils_nothing_and_is_named() {
        let (mut sources, mut dice) = (Sources::new(), SeededDice::new(1));
        sources.add("file", KeptConfig::DEFAULT);
        let due = sources.due(at(0)).pop().unwrap();
        let said =
            vec![record("a", "binding:A"), record("No Label", "x"), record("b", "binding:B")];
        let refused = sources.settle(due, Ok(said), at(0), &mut dice);
        assert_eq!(refused.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1]);
        assert_eq!(addresses(&sources), ["binding:A", "binding:B"]);
    }

    #[test]
    fn a_source_that_asks_to_be_left_alone_is() {
        let (mut sources, mut dice) = (Sources::new(), SeededDice::new(1));
        sources.add("slow", KeptConfig::DEFAULT);
        let wait = Micros::from_secs(45);
        read(&mut sources, at(0), &mut dice, |_| Err(Some(wait)));
        assert!(sources.due(at(44)).is_empty());
        let later = at(45).saturating_add(wait).saturating_add(SECOND);
        assert_eq!(sources.due(later).len(), 1);
    }

    #[test]
    fn there_is_an_end_of_sources() {
        let mut sources = Sources::new();
        for place in 0..SOURCES_MAX {
            assert_eq!(sources.add("one", KeptConfig::DEFAULT), Some(place));
        }
        assert_eq!(sources.add("more", KeptConfig::DEFAULT), None);
        assert_eq!(sources.due(at(0)).len(), SOURCES_MAX);
    }
}

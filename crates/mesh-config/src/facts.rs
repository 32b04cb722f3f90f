//! What an explanation says, as a tree of plain values that can be compared whatever its fields are.
//!
//! Tests and diffs compare such trees, so a field that an explanation gains is compared without a
//! line of theirs. Unlike JSON the tree knows which fields a value may have and has not, which names
//! are of a map and not of a type, and which numbers are spans of time.

mod backends;
mod serializer;

use core::fmt;

use mesh_core::time::Micros;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

pub(crate) use self::backends::{goes_by, live, share, shares};
use self::serializer::FactSerializer;
use crate::{document::TimeSpan, node::excerpt};

/// One value of an explanation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// A field that is known and has no value.
    Absent,
    Bool(bool),
    Number(f64),
    Span(Micros),
    Text(String),
    List(Vec<Self>),
    /// The fields of a type, with those that have no value.
    Fields(Vec<(String, Self)>),
    /// What a map holds: names that are no fields.
    Map(Vec<(String, Self)>),
}

impl Fact {
    /// The facts of a value; absent where it is none that JSON could hold.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        value.serialize(FactSerializer).unwrap_or(Self::Absent)
    }

    /// The value of a field or a name; absent where there is none.
    pub(crate) fn at(&self, name: &str) -> &Self {
        self.entry(name).unwrap_or(&Self::Absent)
    }

    /// The value at a path of fields.
    pub(crate) fn at_path(&self, path: &[&str]) -> &Self {
        path.iter().fold(self, |fact, name| fact.at(name))
    }

    /// The value of a field or a name; `None` where it is not even known.
    pub(crate) fn entry(&self, name: &str) -> Option<&Self> {
        self.entries().iter().find(|(known, _)| known == name).map(|(_, fact)| fact)
    }

    /// The fields or names, in order.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Fields(entries) | Self::Map(entries) => entries,
            Self::Absent
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Span(_)
            | Self::Text(_)
            | Self::List(_) => &[],
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// The text, where it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// What names an item of a list: its `name`, its service or the name of that, or its address.
    pub(crate) fn key(&self) -> Option<&str> {
        let keys: [&[&str]; 4] = [&["name"], &["service", "name"], &["service"], &["address"]];
        keys.iter().find_map(|path| self.at_path(path).text())
    }
}

/// For people, in one line.
impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("none"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Span(span) => f.write_str(&span_text(*span)),
            Self::Text(text) => f.write_str(&shown(text)),
            Self::List(items) if items.is_empty() => f.write_str("none"),
            Self::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    let comma = if number == 0 { "" } else { ", " };
                    match item.key() {
                        Some(key) => write!(f, "{comma}{}", excerpt(key))?,
                        None => write!(f, "{comma}{item}")?,
                    }
                }
                Ok(())
            }
            Self::Fields(entries) | Self::Map(entries) => {
                let there = entries.iter().filter(|(_, fact)| *fact != Self::Absent);
                f.write_str("{")?;
                for (number, (name, fact)) in there.enumerate() {
                    let comma = if number == 0 { " " } else { ", " };
                    write!(f, "{comma}{}: {fact}", excerpt(name))?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// A text without what could disturb a terminal. It stands in no quotes, so those in it are plain.
fn shown(text: &str) -> String {
    excerpt(text).replace("\\\"", "\"").replace("\\'", "'")
}

/// The span in the largest unit that needs no more than one decimal.
fn span_text(span: Micros) -> String {
    let units = [(60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")];
    let fits = |unit: u64| span.0 >= unit && span.0.is_multiple_of(unit / 10);
    match units.into_iter().find(|(unit, _)| fits(*unit)) {
        _ if span.is_zero() => "0".to_owned(),
        Some((unit, name)) => match (span.0 / unit, span.0 % unit / (unit / 10)) {
            (whole, 0) => format!("{whole} {name}"),
            (whole, tenth) => format!("{whole}.{tenth} {name}"),
        },
        None => format!("{} us", span.0),
    }
}

/// As the explanation itself is written.
impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Span(span) => TimeSpan::new(*span).serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Fields(entries) | Self::Map(entries) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, fact) in entries.iter().filter(|(_, fact)| *fact != Self::Absent) {
                    map.serialize_entry(name, fact)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        time_out: TimeSpan,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u8>,
        list: Vec<(u8, bool)>,
        map: alloc::collections::BTreeMap<&'static str, char>,
    }

    fn sample() -> Fact {
        Fact::of(&Sample {
            time_out: TimeSpan::parse("1.5s").unwrap(),
            left_out: None,
            list: vec![(1, true)],
            map: [("a", 'b')].into_iter().collect(),
        })
    }

    #[test]
    fn keeps_what_a_field_is() {
        let facts = sample();
        assert_eq!(facts.at("timeOut"), &Fact::Span(Micros(1_500_000)));
        assert_eq!(facts.entry("leftOut"), Some(&Fact::Absent));
        assert_eq!(facts.entry("leftout"), None);
        assert!(matches!(facts.at("map"), Fact::Map(map) if map.len() == 1));
        assert_eq!(facts.to_string(), "{ timeOut: 1.5 s, list: 1, true, map: { a: b } }");
    }

    #[test]
    fn is_written_as_what_it_was_made_of() {
        let text = serde_json::to_string(&sample()).unwrap();
        assert_eq!(text, r#"{"timeOut":1500,"list":[[1.0,true]],"map":{"a":"b"}}"#);
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (us, text) in [
            (0, "0"),
            (7, "7 us"),
            (1_000, "1 ms"),
            (1_250, "1250 us"),
            (5_000_000, "5 s"),
            (90_000_000, "1.5 min"),
            (61_000_000, "61 s"),
        ] {
            assert_eq!(span_text(Micros(us)), text);
        }
    }
}

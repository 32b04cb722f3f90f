//! A record: one endpoint of a service, as somebody says it is.

use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use mesh_core::{
    hash::xxh64,
    name::{is_label, is_word},
    snapshot::tables::{Endpoint, Health},
};

use crate::limits::{
    ADDRESS_BYTES_MAX, CAPABILITIES_MAX, METADATA_MAX, RECORD_BYTES_MAX, TEXT_BYTES_MAX,
};

/// Characters of what was found that an error repeats.
const FOUND_CHARS_MAX: usize = 80;

/// One endpoint of a service.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "built by those who register")]
pub struct Record {
    /// The service, a lowercase DNS label.
    pub service: String,
    /// Its address in normal form, as `mesh-config` reads it: `binding:NAME`, `https://host/base`, …
    pub address: String,
    /// Its version; empty = none.
    pub version: String,
    /// Its share where weights count; 0 = only where nothing else is left. Default 1.
    pub weight: u16,
    /// Order of failover: those of higher numbers are used as those of lower ones fail. Default 0.
    pub priority: u8,
    /// The region where it stands; empty = not said.
    pub region: String,
    /// The data centre where it stands; empty = not said.
    pub colo: String,
    /// Where it stands on the globe.
    pub location: Option<Location>,
    /// What it can do that others cannot.
    pub capabilities: Vec<String>,
    /// Its health as it says itself; a check may know better.
    pub health: Health,
    /// What else it says. The mesh shows it and goes by none of it.
    pub metadata: BTreeMap<String, String>,
}

/// A place on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a place has two numbers")]
pub struct Location {
    /// North, -90 to 90.
    pub latitude: f32,
    /// East, -180 to 180.
    pub longitude: f32,
}

/// What makes an endpoint the same over time: a hash of its service, address and version. A Snapshot
/// has it as the endpoint's key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Identity(u64);

impl Identity {
    /// That of a service, an address in normal form and a version (empty = none).
    #[must_use]
    pub fn of(service: &str, address: &str, version: &str) -> Self {
        Self(xxh64(Endpoint::identity(service, address, version).as_bytes(), 0))
    }

    /// The hash.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Reads 16 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| digits).map(Self)
    }
}

impl fmt::Display for Identity {
    /// As 16 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Why a record is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RecordError {
    /// The field, by its name in documents.
    pub field: &'static str,
    /// What it holds, shortened.
    pub found: String,
    /// What it should hold.
    pub expected: &'static str,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, found, expected } = self;
        write!(f, "`{field}` is {found:?}, expected {expected}")
    }
}

impl core::error::Error for RecordError {}

impl Default for Record {
    /// Nothing but a weight of 1: no service, so no record that is taken.
    fn default() -> Self {
        Self {
            service: String::new(),
            address: String::new(),
            version: String::new(),
            weight: 1,
            priority: 0,
            region: String::new(),
            colo: String::new(),
            location: None,
            capabilities: Vec::new(),
            health: Health::Healthy,
            metadata: BTreeMap::new(),
        }
    }
}

impl Record {
    /// Service, address and version: which endpoint it is about, and its place among others.
    #[must_use]
    pub fn place(&self) -> (&str, &str, &str) {
        (&self.service, &self.address, &self.version)
    }

    /// Which endpoint it is about, as a number.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity::of(&self.service, &self.address, &self.version)
    }

    /// Bytes of all its texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let own = [&self.service, &self.address, &self.version, &self.region, &self.colo];
        let own: usize = own.iter().map(|text| text.len()).sum();
        let capabilities: usize = self.capabilities.iter().map(String::len).sum();
        let metadata = self.metadata.iter();
        own + capabilities + metadata.map(|(key, value)| key.len() + value.len()).sum::<usize>()
    }

    /// Looks whether it can be taken, up to the first thing that is wrong.
    ///
    /// # Errors
    /// [`RecordError`] names the field, what it holds and what it should.
    pub fn check(&self) -> Result<(), RecordError> {
        if !is_label(&self.service) {
            let expected = "a lowercase DNS label: letters, digits and `-`, not at either end, 1 \
                            to 63 characters";
            return Err(error("service", &self.service, expected));
        }
        let scheme = self.address.split_once(':').is_some_and(|(scheme, rest)| {
            let letters = scheme.bytes().all(|byte| byte.is_ascii_lowercase());
            letters && !scheme.is_empty() && !rest.is_empty()
        });
        if !scheme || !is_word(&self.address, ADDRESS_BYTES_MAX) {
            let expected = "an address like `binding:NAME` or `https://host/base`, up to 512 bytes";
            return Err(error("address", &self.address, expected));
        }
        let words = [("version", &self.version), ("region", &self.region), ("colo", &self.colo)];
        for (field, text) in words {
            if !text.is_empty() && !is_word(text, TEXT_BYTES_MAX) {
                return Err(error(field, text, WORD));
            }
        }
        if let Some(Location { latitude, longitude }) = self.location
            && !((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude))
        {
            let found = alloc::format!("{latitude}, {longitude}");
            let expected = "degrees: latitude from -90 to 90, longitude from -180 to 180";
            return Err(error("location", &found, expected));
        }
        self.check_lists()
    }

    fn check_lists(&self) -> Result<(), RecordError> {
        let number = |count: usize| count.to_string();
        if self.capabilities.len() > CAPABILITIES_MAX {
            let expected = "up to 16 of them";
            return Err(error("capabilities", &number(self.capabilities.len()), expected));
        }
        if let Some(wrong) = self.capabilities.iter().find(|word| !is_word(word, TEXT_BYTES_MAX)) {
            return Err(error("capabilities", wrong, WORD));
        }
        if self.metadata.len() > METADATA_MAX {
            return Err(error("metadata", &number(self.metadata.len()), "up to 16 pairs"));
        }
        for (key, value) in &self.metadata {
            let plain = |c: char| !c.is_control();
            if !is_word(key, TEXT_BYTES_MAX) {
                return Err(error("metadata", key, "keys of 1 to 255 visible ASCII characters"));
            }
            if value.len() > TEXT_BYTES_MAX || !value.chars().all(plain) {
                let expected = "values of up to 255 bytes without control characters";
                return Err(error("metadata", value, expected));
            }
        }
        if self.bytes() > RECORD_BYTES_MAX {
            let expected = "a record whose texts have up to 768 bytes together";
            return Err(error("record", &alloc::format!("{} bytes", self.bytes()), expected));
        }
        Ok(())
    }
}

const WORD: &str = "1 to 255 visible ASCII characters without spaces";

fn error(field: &'static str, found: &str, expected: &'static str) -> RecordError {
    let cut = found.char_indices().nth(FOUND_CHARS_MAX).map_or(found.len(), |(at, _)| at);
    RecordError { field, found: found.get(..cut).unwrap_or("").to_owned(), expected }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn record(service: &str, address: &str) -> Record {
        Record { service: service.into(), address: address.into(), ..Record::default() }
    }

    #[test]
    fn each_wrong_field_is_named_with_what_it_should_hold() {
        let good = record("user-service", "binding:USERS");
        assert_eq!(good.check(), Ok(()));
        let long = "x".repeat(256);
        let pairs = |n: usize| (0..n).map(|i| (i.to_string(), String::new())).collect();
        let cases: [(Record, &str, &str); 14] = [
            (record("", "binding:A"), "service", ""),
            (record("UserService", "binding:A"), "service", "UserService"),
            (record("a.b", "binding:A"), "service", "a.b"),
            (record("a", ""), "address", ""),
            (record("a", "USERS"), "address", "USERS"),
            (record("a", "binding:"), "address", "binding:"),
            (record("a", "https://a b"), "address", "https://a b"),
            (Record { version: long.clone(), ..good.clone() }, "version", &"x".repeat(80)),
            (Record { region: "a b".into(), ..good.clone() }, "region", "a b"),
            (Record { colo: "\n".into(), ..good.clone() }, "colo", "\n"),
            (
                Record { capabilities: alloc::vec!["a".into(); 17], ..good.clone() },
                "capabilities",
                "17",
            ),
            (Record { capabilities: alloc::vec!["".into()], ..good.clone() }, "capabilities", ""),
            (Record { metadata: pairs(17), ..good.clone() }, "metadata", "17"),
            (Record { metadata: [("a".into(), long)].into(), ..good }, "metadata", &"x".repeat(80)),
        ];
        for (record, field, found) in cases {
            let error = record.check().unwrap_err();
            assert_eq!((error.field, error.found.as_str()), (field, found));
            assert!(error.to_string().contains(error.expected));
        }
    }

    #[test]
    fn places_outside_of_the_globe_and_no_numbers_are_refused() {
        for (latitude, longitude, good) in [
            (90.0, -180.0, true),
            (90.1, 0.0, false),
            (0.0, 180.5, false),
            (f32::NAN, 0.0, false),
            (0.0, f32::INFINITY, false),
        ] {
            let location = Some(Location { latitude, longitude });
            let checked = Record { location, ..record("a", "binding:A") }.check();
            assert_eq!(checked.is_ok(), good, "{latitude} {longitude}");
        }
    }

    #[test]
    fn a_record_that_would_not_fit_a_key_is_refused_as_a_whole() {
        let metadata = (0..4).map(|i| (i.to_string(), "x".repeat(190))).collect();
        let error = Record { metadata, ..record("a", "binding:A") }.check().unwrap_err();
        assert_eq!((error.field, error.found.as_str()), ("record", "774 bytes"));
    }

    proptest! {
        #[test]
        fn an_identity_is_of_service_address_and_version_alone(
            weight in any::<u16>(), colo in "[A-Z]{3}", other in "[a-z]{1,8}",
        ) {
            let one = record("a", "binding:A");
            let same = Record { weight, colo, ..one.clone() };
            prop_assert_eq!(one.identity(), same.identity());
            for different in [
                record(&alloc::format!("{other}-b"), "binding:A"),
                record("a", &alloc::format!("binding:{other}")),
                Record { version: other, ..one.clone() },
            ] {
                prop_assert_ne!(one.identity(), different.identity());
            }
        }

        #[test]
        fn whatever_is_taken_is_within_its_bounds(
            service in ".{0,70}", address in ".{0,40}", version in ".{0,40}",
            pairs in prop::collection::btree_map(".{0,9}", ".{0,60}", 0..18),
        ) {
            let record = Record { version, metadata: pairs, ..record(&service, &address) };
            if record.check().is_ok() {
                prop_assert!(record.bytes() <= RECORD_BYTES_MAX);
                prop_assert!(is_label(&record.service) && !record.address.contains(' '));
                prop_assert!(record.metadata.len() <= METADATA_MAX);
            }
        }
    }
}

//! One immutable, hashed, versioned compile of a configuration document and its endpoints.
//!
//! Layout: 4 bytes magic, u16 format, u16 reserved, u64 xxh64 of the body (all little-endian),
//! then the body: a directory and the tables. A Snapshot that is truncated, altered or of a newer
//! format is a typed error; the host keeps the last good one. Rows are read where they stand; a
//! number that leaves its table reads as no row, never as another one.

pub mod draft;
pub mod host_text;
pub mod row;
pub(crate) mod sections;
pub mod tables;

use alloc::vec::Vec;
use core::fmt;

use self::{
    draft::{Mesh, NEEDS_BALANCERS, NEEDS_FLAGS, NEEDS_TRAFFIC},
    row::{Table, Word},
    sections::{Section, Sections},
    tables::{
        Backend, Cors, Edit, Endpoint, Fault, Limit, Mirror, Policy, Predicate, Redirect, Rewrite,
        Rule, Service, Text,
    },
};
use crate::{hash::xxh64, limits::SNAPSHOT_BYTES_MAX, route::RouteTable};

const MAGIC: [u8; 4] = *b"DMSH";
const HEADER_BYTES: usize = 16;

/// Zeros that a Snapshot is kept with behind it. Bytes that come with so much spare capacity are not
/// moved when they are read.
pub const SPARE_BYTES: usize = 256;

/// The byte format that this build reads and writes.
pub const FORMAT: u16 = 1;

/// What this build's engine has, as bits of [`Mesh::needs`].
const LINKED: u32 = (if cfg!(feature = "balancers") { NEEDS_BALANCERS } else { 0 })
    | (if cfg!(feature = "traffic") { NEEDS_TRAFFIC | NEEDS_FLAGS } else { 0 });

/// Why bytes are no Snapshot that this build can serve.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes end too early.
    Truncated,
    /// They do not begin as a Snapshot does.
    NotASnapshot,
    /// They were written by a newer compiler.
    NewerFormat {
        /// The format found.
        found: u16,
    },
    /// The body's hash is not the header's.
    Checksum,
    /// The hash is right but a value or a row number is impossible.
    Malformed,
    /// Larger than `limits::SNAPSHOT_BYTES_MAX`, or a table longer than its bound.
    TooLarge,
    /// It asks for what this build leaves out; see the features `balancers` and `traffic`.
    Unsupported,
}

impl SnapshotError {
    /// Names in the order of [`SnapshotError::number`], for hosts.
    pub const NAMES: [&'static str; 7] = [
        "truncated",
        "not_a_snapshot",
        "newer_format",
        "checksum",
        "malformed",
        "too_large",
        "unsupported",
    ];

    /// A stable number from 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Truncated => 0,
            Self::NotASnapshot => 1,
            Self::NewerFormat { .. } => 2,
            Self::Checksum => 3,
            Self::Malformed => 4,
            Self::TooLarge => 5,
            Self::Unsupported => 6,
        }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the Snapshot ends too early"),
            Self::NotASnapshot => f.write_str("these bytes are no Snapshot"),
            Self::NewerFormat { found } => {
                write!(f, "the Snapshot has format {found}, this build reads up to {FORMAT}")
            }
            Self::Checksum => f.write_str("the Snapshot's checksum does not fit its bytes"),
            Self::Malformed => f.write_str("the Snapshot names a row that it does not hold"),
            Self::TooLarge => f.write_str("the Snapshot is larger than 16 MiB"),
            Self::Unsupported => {
                f.write_str("the Snapshot asks for a feature that this build leaves out")
            }
        }
    }
}

impl core::error::Error for SnapshotError {}

/// A compiled mesh; read-only.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    routes: RouteTable,
    hash: u64,
}

impl Snapshot {
    /// A Snapshot of nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self { routes: RouteTable::new(Sections::empty()), hash: 0 }
    }

    /// Reads a Snapshot, of which it keeps a copy; see [`Snapshot::from_bytes`].
    ///
    /// # Errors
    /// [`SnapshotError`] says what is wrong; nothing is kept of a bad one.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        Self::from_bytes(bytes.to_vec())
    }

    /// Reads a Snapshot: magic, format, checksum, directory. Its rows stay where they are.
    ///
    /// # Errors
    /// [`SnapshotError`] says what is wrong; nothing is kept of a bad one.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SnapshotError> {
        if bytes.len() > SNAPSHOT_BYTES_MAX {
            return Err(SnapshotError::TooLarge);
        }
        let Some((mut header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
            let begins_well = bytes.starts_with(&MAGIC) || MAGIC.starts_with(&bytes);
            return Err(if begins_well {
                SnapshotError::Truncated
            } else {
                SnapshotError::NotASnapshot
            });
        };
        if !header.starts_with(&MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        let (_magic, found, reserved) =
            (u32::take(&mut header), u16::take(&mut header), u16::take(&mut header));
        if found > FORMAT {
            return Err(SnapshotError::NewerFormat { found });
        }
        if found == 0 || reserved != 0 {
            return Err(SnapshotError::Malformed);
        }
        let hash = u64::take(&mut header);
        if xxh64(body, 0) != hash {
            return Err(SnapshotError::Checksum);
        }
        let read = Self { routes: RouteTable::new(Sections::read(bytes, HEADER_BYTES)?), hash };
        if read.mesh().needs & !LINKED == 0 { Ok(read) } else { Err(SnapshotError::Unsupported) }
    }

    /// Hash of the body: equal for equal content.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn size(&self) -> usize {
        self.routes.sections().size()
    }

    /// Version and name.
    #[must_use]
    pub fn mesh(&self) -> Mesh {
        self.table(Section::Mesh).get(0).unwrap_or_default()
    }

    /// The bytes of a text; empty where it leaves the pool.
    #[must_use]
    pub fn text(&self, text: Text) -> &[u8] {
        self.routes.sections().text(Section::Text, text)
    }

    /// Number of the service of that name.
    #[must_use]
    pub fn service_number(&self, name: &[u8]) -> Option<u32> {
        let mut services = (0u32..).zip(self.services().iter());
        services.find(|(_, service)| self.text(service.name) == name).map(|(number, _)| number)
    }

    /// What hosts in other languages keep of it; see [`host_text`].
    #[must_use]
    pub fn host_text(&self) -> &[u8] {
        self.routes.sections().pool(Section::HostText)
    }

    /// The route table; its targets are rules.
    #[must_use]
    pub const fn routes(&self) -> &RouteTable {
        &self.routes
    }

    /// Services.
    #[must_use]
    pub fn services(&self) -> Table<'_, Service> {
        self.table(Section::Services)
    }

    /// Endpoints, grouped by service.
    #[must_use]
    pub fn endpoints(&self) -> Table<'_, Endpoint> {
        self.table(Section::Endpoints)
    }

    /// Policies.
    #[must_use]
    pub fn policies(&self) -> Table<'_, Policy> {
        self.table(Section::Policies)
    }

    /// Rules, as declared.
    #[must_use]
    pub fn rules(&self) -> Table<'_, Rule> {
        self.table(Section::Rules)
    }

    /// Backends, grouped by rule.
    #[must_use]
    pub fn backends(&self) -> Table<'_, Backend> {
        self.table(Section::Backends)
    }

    /// Header edits.
    #[must_use]
    pub fn edits(&self) -> Table<'_, Edit> {
        self.table(Section::Edits)
    }

    /// Rewrites.
    #[must_use]
    pub fn rewrites(&self) -> Table<'_, Rewrite> {
        self.table(Section::Rewrites)
    }

    /// Redirects.
    #[must_use]
    pub fn redirects(&self) -> Table<'_, Redirect> {
        self.table(Section::Redirects)
    }

    /// Cross-origin requests.
    #[must_use]
    pub fn cors(&self) -> Table<'_, Cors> {
        self.table(Section::Cors)
    }

    /// Rate limits.
    #[must_use]
    pub fn limits(&self) -> Table<'_, Limit> {
        self.table(Section::Limits)
    }

    /// Copies of requests.
    #[must_use]
    pub fn mirrors(&self) -> Table<'_, Mirror> {
        self.table(Section::Mirrors)
    }

    /// Faults.
    #[must_use]
    pub fn faults(&self) -> Table<'_, Fault> {
        self.table(Section::Faults)
    }

    /// What hosts look for in a response to tell whether it is worth another attempt.
    #[must_use]
    pub fn predicates(&self) -> Table<'_, Predicate> {
        self.table(Section::Predicates)
    }

    fn table<T: row::Row>(&self, section: Section) -> Table<'_, T> {
        self.routes.sections().table(section)
    }
}

#[cfg(test)]
mod tests;

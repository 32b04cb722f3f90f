//! One immutable, hashed, versioned compile of a configuration document and its endpoints.
//!
//! Layout: 4 bytes magic, u16 format, u16 reserved, u64 xxh64 of the body (all little-endian),
//! then the body: the tables in the order of [`Snapshot`]'s fields. A Snapshot that is truncated,
//! altered or of a newer format is a typed error; the host keeps the last good one.

pub mod codec;
pub mod tables;

use alloc::vec::Vec;
use core::fmt;

use self::{
    codec::{Field, Pool, Reader, record},
    tables::{
        Backend, BreakerRow, Edit, Endpoint, NONE, Policy, Redirect, Rewrite, Rows, Rule, Service,
        Text, row,
    },
};
use crate::{hash::xxh64, limits::SNAPSHOT_BYTES_MAX, route::RouteTable};

const MAGIC: [u8; 4] = *b"DMSH";
const HEADER_BYTES: usize = 16;

/// The byte format that this build reads and writes.
pub const FORMAT: u16 = 1;

record! {
    /// A compiled mesh. Rows are public so that compilers and tools can read them; a Snapshot that
    /// came from [`Snapshot::decode`] is sound: every number in it names a row that exists.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Snapshot {
        /// Counts up with each publication; 0 for one that was compiled by hand.
        pub version: u64,
        /// Name of the mesh.
        pub name: Text,
        /// The byte pool of all [`Text`] outside `routes`.
        pub text: Pool,
        /// Services.
        pub services: Vec<Service>,
        /// Endpoints, grouped by service.
        pub endpoints: Vec<Endpoint>,
        /// Policies, each distinct one once.
        pub policies: Vec<Policy>,
        /// Breaker settings, each distinct one once.
        pub breakers: Vec<BreakerRow>,
        /// Rules, as declared.
        pub rules: Vec<Rule>,
        /// Backends, grouped by rule.
        pub backends: Vec<Backend>,
        /// Header edits.
        pub edits: Vec<Edit>,
        /// Rewrites.
        pub rewrites: Vec<Rewrite>,
        /// Redirects.
        pub redirects: Vec<Redirect>,
        /// The route table; its targets are rules.
        pub routes: RouteTable,
    }
}

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
}

impl SnapshotError {
    /// Names in the order of [`SnapshotError::number`], for hosts.
    pub const NAMES: [&'static str; 6] =
        ["truncated", "not_a_snapshot", "newer_format", "checksum", "malformed", "too_large"];

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
        }
    }
}

impl core::error::Error for SnapshotError {}

impl Snapshot {
    /// Reads a Snapshot and checks it whole: magic, format, checksum, values, row numbers.
    ///
    /// # Errors
    /// [`SnapshotError`] says what is wrong; nothing is kept of a bad one.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        if bytes.len() > SNAPSHOT_BYTES_MAX {
            return Err(SnapshotError::TooLarge);
        }
        let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            let begins_well = bytes.starts_with(&MAGIC) || MAGIC.starts_with(bytes);
            return Err(if begins_well {
                SnapshotError::Truncated
            } else {
                SnapshotError::NotASnapshot
            });
        };
        let [m0, m1, m2, m3, f0, f1, _, _, hash @ ..] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(SnapshotError::NotASnapshot);
        }
        let found = u16::from_le_bytes([f0, f1]);
        if found > FORMAT {
            return Err(SnapshotError::NewerFormat { found });
        }
        if xxh64(body, 0) != u64::from_le_bytes(hash) {
            return Err(SnapshotError::Checksum);
        }
        let mut reader = Reader::new(body);
        let snapshot = Self::read(&mut reader)?;
        if !reader.is_empty() {
            return Err(SnapshotError::Malformed);
        }
        snapshot.check()?;
        Ok(snapshot)
    }

    /// Writes the byte form. Equal Snapshots give equal bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        self.write(&mut body);
        let mut bytes = Vec::with_capacity(body.len().saturating_add(HEADER_BYTES));
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&xxh64(&body, 0).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// The bytes of a text; empty where it leaves the pool.
    #[must_use]
    pub fn text(&self, text: Text) -> &[u8] {
        Rows { start: text.start, len: text.len }.of(&self.text.0)
    }

    /// Number of the service of that name.
    #[must_use]
    pub fn service_number(&self, name: &[u8]) -> Option<u32> {
        let at = self.services.iter().position(|service| self.text(service.name) == name)?;
        u32::try_from(at).ok()
    }

    /// Service `number`.
    #[must_use]
    pub fn service(&self, number: u32) -> Option<&Service> {
        row(&self.services, number)
    }

    /// Endpoint `number`.
    #[must_use]
    pub fn endpoint(&self, number: u32) -> Option<&Endpoint> {
        row(&self.endpoints, number)
    }

    /// Policy `number`.
    #[must_use]
    pub fn policy(&self, number: u32) -> Option<&Policy> {
        row(&self.policies, number)
    }

    /// Rule `number`.
    #[must_use]
    pub fn rule(&self, number: u32) -> Option<&Rule> {
        row(&self.rules, number)
    }

    /// Checks every number against its table.
    ///
    /// # Errors
    /// [`SnapshotError::Malformed`] where a number leaves its table.
    pub fn check(&self) -> Result<(), SnapshotError> {
        let has = |number: u32, len: usize| usize::try_from(number).is_ok_and(|at| at < len);
        let holds = |rows: Rows, len: usize| {
            rows.start.checked_add(rows.len).is_some_and(|end| end as usize <= len)
        };
        let mut sound = self.services.iter().all(|service| {
            holds(service.endpoints, self.endpoints.len())
                && has(service.policy, self.policies.len())
                && has(service.breaker, self.breakers.len())
        });
        sound &= self.endpoints.iter().all(|endpoint| has(endpoint.service, self.services.len()));
        sound &= self.rules.iter().all(|rule| {
            holds(rule.backends, self.backends.len())
                && holds(rule.edits, self.edits.len())
                && (rule.rewrite == NONE || has(rule.rewrite, self.rewrites.len()))
                && (rule.redirect == NONE || has(rule.redirect, self.redirects.len()))
        });
        sound &= self.backends.iter().all(|backend| {
            let served = has(backend.service, self.services.len())
                && has(backend.policy, self.policies.len());
            (backend.service == NONE || served)
                && holds(backend.edits, self.edits.len())
                && (backend.rewrite == NONE || has(backend.rewrite, self.rewrites.len()))
        });
        sound &= self.routes.matches.iter().all(|found| has(found.target, self.rules.len()));
        if sound { self.routes.check() } else { Err(SnapshotError::Malformed) }
    }
}

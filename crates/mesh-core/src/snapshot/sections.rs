//! The sections of a Snapshot's bytes: a directory, then one run of bytes per table.
//!
//! Each directory entry is a byte length and a row width. A reader takes rows by the width that
//! stands there, so that a table whose rows grew still reads; narrower ones are refused. Sections
//! that it does not know are passed over, and ones that are missing are empty.

use alloc::{sync::Arc, vec::Vec};

use super::{
    SPARE_BYTES, SnapshotError,
    draft::Mesh,
    row::{Row, Table, Word},
    tables::{
        Backend, Cors, Edit, Endpoint, Fault, Flag, FlagRule, FlagShare, Limit, Mirror, Policy,
        Predicate, Redirect, Rewrite, Rule, Service, Text,
    },
};
use crate::route::table::{
    AutomatonRow, Condition, Edge, Facts, Host, Match, Name, Node, Param, PathPattern,
};

/// A table's place in the directory; never changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Section {
    RouteText,
    Headers,
    Hosts,
    Nodes,
    Edges,
    Matches,
    Conditions,
    Patterns,
    Automata,
    Params,
    RouteFacts,
    Text,
    Mesh,
    Services,
    Endpoints,
    Policies,
    Rules,
    Backends,
    Edits,
    Rewrites,
    Redirects,
    HostText,
    Cors,
    Limits,
    Mirrors,
    Faults,
    Predicates,
    Flags,
    FlagRules,
    FlagShares,
}

/// Number of sections that this build knows.
const COUNT: usize = Section::FlagShares as usize + 1;

/// Bytes that can be read from the start of any row: more than the widest row has.
pub(crate) const WINDOW: usize = SPARE_BYTES;

/// Width of a row of each section as this build reads it; a pool's is 1.
const WIDTHS: [u8; COUNT] = [
    1,
    width::<Name>(),
    width::<Host>(),
    width::<Node>(),
    width::<Edge>(),
    width::<Match>(),
    width::<Condition>(),
    width::<PathPattern>(),
    width::<AutomatonRow>(),
    width::<Param>(),
    width::<Facts>(),
    1,
    width::<Mesh>(),
    width::<Service>(),
    width::<Endpoint>(),
    width::<Policy>(),
    width::<Rule>(),
    width::<Backend>(),
    width::<Edit>(),
    width::<Rewrite>(),
    width::<Redirect>(),
    1,
    width::<Cors>(),
    width::<Limit>(),
    width::<Mirror>(),
    width::<Fault>(),
    width::<Predicate>(),
    width::<Flag>(),
    width::<FlagRule>(),
    width::<FlagShare>(),
];

#[expect(clippy::cast_possible_truncation, reason = "checked at compile time")]
const fn width<T: Row>() -> u8 {
    assert!(T::SIZE < WINDOW, "a row is wider than what is read at once");
    T::SIZE as u8
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    /// First byte.
    start: usize,
    /// Width of a row.
    stride: usize,
    /// Number of rows.
    rows: u32,
}

/// Bytes with a directory; `None` = nothing. A clone is the same bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sections(Option<Arc<Body>>);

#[derive(Debug)]
struct Body {
    /// All of the Snapshot, and [`WINDOW`] zeros, so that the last row can be read like the others.
    bytes: Vec<u8>,
    spans: [Span; COUNT],
}

impl Sections {
    pub(crate) const fn empty() -> Self {
        Self(None)
    }

    /// Reads the directory that begins at `from`. What stands before it is of no interest.
    pub(crate) fn read(mut bytes: Vec<u8>, from: usize) -> Result<Self, SnapshotError> {
        let size = bytes.len();
        let mut rest = bytes.get(from..).unwrap_or(&[]);
        let count = u32::take(&mut rest) as usize;
        let directory = count.checked_mul(8).and_then(|bytes| bytes.checked_add(4));
        let mut start = directory
            .and_then(|bytes| bytes.checked_add(from))
            .filter(|&end| end <= size)
            .ok_or(SnapshotError::Truncated)?;
        let mut spans = [Span::default(); COUNT];
        for at in 0..count {
            let (len, stride) = (u32::take(&mut rest) as usize, u32::take(&mut rest) as usize);
            let end = start.checked_add(len).ok_or(SnapshotError::Malformed)?;
            if end > size {
                return Err(SnapshotError::Truncated);
            }
            // a narrower row would read on into the next one
            let least = WIDTHS.get(at).copied().unwrap_or(1);
            if stride < least.into() || !len.is_multiple_of(stride) {
                return Err(SnapshotError::Malformed);
            }
            if let Some(span) = spans.get_mut(at) {
                // at most 16 MiB of bytes
                let rows = len.checked_div(stride).and_then(|rows| u32::try_from(rows).ok());
                *span = Span { start, stride, rows: rows.unwrap_or(0) };
            }
            start = end;
        }
        if start != size {
            return Err(SnapshotError::Malformed);
        }
        bytes.resize(size.saturating_add(WINDOW), 0);
        Ok(Self(Some(Arc::new(Body { bytes, spans }))))
    }

    /// The rows of a table.
    pub(crate) const fn table<T: Row>(&self, section: Section) -> Table<'_, T> {
        Table::new(self, section)
    }

    /// What can be read from the start of a row on; never less than the row. Not inlined: rows are
    /// read in many places, and a call costs less than a copy of this in each.
    #[inline(never)]
    pub(crate) fn row(&self, section: Section, number: u32) -> Option<&[u8; WINDOW]> {
        self.row_here(section, number)
    }

    /// [`Sections::row`], inlined.
    #[inline(always)]
    pub(crate) fn row_here(&self, section: Section, number: u32) -> Option<&[u8; WINDOW]> {
        let body = self.0.as_deref()?;
        let span = body.spans.get(section as usize)?;
        if number >= span.rows {
            return None;
        }
        // cannot overflow for a row that is there
        let start = span.stride.wrapping_mul(number as usize).wrapping_add(span.start);
        body.bytes.get(start..)?.first_chunk()
    }

    fn span(&self, section: Section) -> Span {
        let body = self.0.as_deref();
        body.and_then(|body| body.spans.get(section as usize).copied()).unwrap_or_default()
    }

    /// Number of rows of a table.
    pub(crate) fn rows(&self, section: Section) -> u32 {
        self.span(section).rows
    }

    /// The bytes of a pool.
    pub(crate) fn pool(&self, section: Section) -> &[u8] {
        let Some(body) = self.0.as_deref() else { return &[] };
        let span = self.span(section);
        // a pool's rows are its bytes
        let end = span.start.saturating_add(span.rows as usize);
        body.bytes.get(span.start..end).unwrap_or(&[])
    }

    /// The run of a pool that a text names; empty where it leaves the pool.
    #[inline(never)]
    pub(crate) fn text(&self, pool: Section, text: Text) -> &[u8] {
        text_of(self.pool(pool), text)
    }

    /// Bytes of all of it.
    pub(crate) fn size(&self) -> usize {
        self.0.as_ref().map_or(0, |body| body.bytes.len().saturating_sub(WINDOW))
    }
}

/// The run of a pool that a text names; empty where it leaves the pool.
#[inline]
pub(crate) fn text_of(pool: &[u8], text: Text) -> &[u8] {
    let (start, len) = (text.start as usize, text.len as usize);
    start.checked_add(len).and_then(|end| pool.get(start..end)).unwrap_or(&[])
}

/// Collects sections in the order of [`Section`] and writes the body.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    directory: Vec<u8>,
    content: Vec<u8>,
    count: u32,
}

impl Packer {
    /// Adds the next section as a table.
    pub(crate) fn table<T: Row>(&mut self, rows: &[T]) {
        let before = self.content.len();
        for row in rows {
            row.write(&mut self.content);
        }
        self.close(before, T::SIZE);
    }

    /// Adds the next section as raw bytes.
    pub(crate) fn pool(&mut self, bytes: &[u8]) {
        let before = self.content.len();
        self.content.extend_from_slice(bytes);
        self.close(before, 1);
    }

    fn close(&mut self, before: usize, stride: usize) {
        let len = self.content.len().saturating_sub(before);
        u32::try_from(len).unwrap_or(u32::MAX).put(&mut self.directory);
        u32::try_from(stride).unwrap_or(u32::MAX).put(&mut self.directory);
        self.count = self.count.saturating_add(1);
    }

    /// The body: directory and content.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.content.len().saturating_add(256));
        self.count.put(&mut body);
        body.extend_from_slice(&self.directory);
        body.extend_from_slice(&self.content);
        body
    }
}

//! Which rule a request meets.
//!
//! Gateway API precedence: the most specific host, then an exact path, a template
//! (`/users/{id}`), a regular expression, the longest prefix; among those the method, more header
//! conditions, more query conditions, the first declared. A rule whose other conditions fail is
//! passed over and the next best is tried, down to less specific hosts.
//!
//! What this does not do: normalise paths ([`crate::path`]) or decide where a rule sends.

pub mod automaton;
pub mod builder;
pub mod condition;
pub mod flag;
pub mod host;
pub(crate) mod key;
pub mod list;
pub mod pattern;
pub mod table;
mod tree;
pub mod walk;

pub use self::{
    automaton::Automaton,
    builder::{BuildError, MatchSpec, RouteTableBuilder},
    flag::{FlagDecision, FlagReason},
    list::HandlerList,
    pattern::{PathKind, PathTemplate, PatternError},
    table::{RouteRows, RouteTable},
    walk::{Found, prefix_end},
};
use crate::method::Method;

/// What routing looks at. All bytes are as the wire had them, but `path` is in normal form.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// Host with or without port, any case; empty where unknown.
    pub host: &'a [u8],
    /// Normal form, see [`crate::path::normalize`].
    pub path: &'a [u8],
    /// After the `?`, without it.
    pub query: &'a [u8],
    /// The method.
    pub method: Method,
    /// Values of the table's needed headers, in its order; several lines joined by a comma.
    pub headers: &'a [Option<&'a [u8]>],
}

/// A segment of a path.
pub(crate) struct Split<'a> {
    pub(crate) segment: &'a [u8],
    /// What follows its slash, where there is one.
    pub(crate) tail: Option<&'a [u8]>,
    /// Tells a node's literal children apart. Not keyed: the labels are the configuration's own, and
    /// a caller's bytes are compared in full.
    pub(crate) hash: u32,
}

/// Splits off the segment at the front of `rest`.
///
/// Looks at eight bytes at a time: of all that a request costs the engine, reading its path is the
/// only part that grows with it.
#[inline]
pub(crate) fn split_segment(rest: &[u8]) -> Split<'_> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (mut len, mut hash) = (0usize, 0u64);
    let mut ahead = rest;
    let tail = loop {
        let (word, next) = match ahead.split_first_chunk() {
            Some((chunk, next)) => (u64::from_le_bytes(*chunk), Some(next)),
            None => (ahead.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)), None),
        };
        let differs = word ^ (ONES * b'/' as u64);
        // the lowest set bit is that of the first zero byte, which is the first slash
        let zeros = differs.wrapping_sub(ONES) & !differs & (ONES << 7);
        // what stands before it; all of the word where there is none
        let own = word & ((zeros & zeros.wrapping_neg()) >> 7).wrapping_sub(1);
        hash = (hash.rotate_left(29) ^ own).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if zeros != 0 {
            len = len.wrapping_add((zeros.trailing_zeros() >> 3) as usize);
            break rest.get(len.wrapping_add(1)..);
        }
        let Some(next) = next else {
            len = rest.len();
            break None;
        };
        len = len.wrapping_add(8);
        ahead = next;
    };
    let segment = rest.get(..len).unwrap_or(rest);
    Split { segment, tail, hash: (hash >> 32) as u32 }
}

/// Where an edge is looked for first, before it is cut to the table's size.
pub(crate) const fn edge_slot(parent: u32, hash: u32) -> u32 {
    hash ^ parent.wrapping_mul(0x85eb_ca6b)
}

#[cfg(test)]
mod tests;
